from __future__ import annotations

import json

import pytest

from datasets import BOX, CURVE, write_art, write_lsvt, write_pictures, write_text
from scenetext.data import open_dataset
from scenetext.data.lsvt import art, lsvt
from scenetext.errors import BadImageError, DataError


def read(root, entry):
    write_pictures(root / "train_images", "gt_0.jpg")
    write_text(root / "train_labels.json", json.dumps({"gt_0": [entry]}))
    return art(root, "train")[0].instances


def write_weak(root, labels, *pictures):
    write_pictures(root / "train_weak_images", *pictures)
    write_text(root / "train_weak_labels.json", json.dumps(labels, ensure_ascii=False))


def test_pictures_are_found_in_any_of_their_folders(tmp_path):
    first, second = lsvt(tmp_path, write_lsvt(tmp_path))
    assert (first.name, first.source.parent.name) == ("gt_0", "train_full_images_0")
    assert (second.name, second.source.parent.name) == ("gt_1", "train_full_images_1")
    line, ignored = first.instances
    assert (line.text, line.polygon.tolist()) == ("阳光书店", [list(point) for point in BOX])
    assert (ignored.text, ignored.legible) == (None, False)


@pytest.mark.parametrize(
    ("entry", "text", "legible"),
    [
        ({"transcription": "A", "illegibility": False}, "A", True),
        ({"transcription": "A", "illegibility": True}, None, False),
        ({"transcription": "###", "illegibility": False}, None, False),
        ({"transcription": "A", " illegibility ": "true"}, None, False),
        ({" transcription": "A"}, "A", True),
        ({"illegibility": None}, None, True),
    ],
)
def test_the_flag_or_the_hashes_make_a_dont_care_and_keys_may_have_blanks(entry, text, legible, tmp_path):
    (instance,) = read(tmp_path, {"points": CURVE} | entry)
    assert (instance.text, instance.legible) == (text, legible)


def test_art_has_outlines_of_many_points(tmp_path):
    first, second = art(tmp_path, write_art(tmp_path))
    assert len(first.instances[0].polygon) == len(CURVE)
    assert len(second.instances) == 2


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"transcription": "A"}, '"points" is a list of numbers, not None'),
        ({"transcription": "A", "points": [[1, 2], [3, 4]]}, "3 points or more, not 4 numbers"),
        ({"transcription": "A", "points": BOX, "illegibility": "perhaps"}, '"illegibility" is true or false'),
        ({"transcription": ["A"], "points": BOX}, '"transcription" is a string'),
        ("A", "expected an object, found 'A'"),
    ],
)
def test_a_wrong_entry_is_named(entry, reason, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, entry)
    assert str(caught.value).startswith(f"{tmp_path / 'train_labels.json'}: gt_0: instance 1: ")
    assert reason in str(caught.value)


def test_a_picture_that_is_missing_is_named(tmp_path):
    write_art(tmp_path)
    (tmp_path / "art/train_images/gt_1.jpg").unlink()
    with pytest.raises(DataError, match="gt_1: no such picture in train_images"):
        art(tmp_path, "train")


def test_a_file_of_something_else_is_named(tmp_path):
    write_pictures(tmp_path / "train_images", "gt_0.jpg")
    write_text(tmp_path / "train_labels.json", '{"gt_0": {}}')
    with pytest.raises(DataError, match=r"train_labels\.json: expected an object of lists"):
        art(tmp_path, "train")


def test_weak_labels_are_texts_of_the_whole_picture_that_no_detector_learns_from(tmp_path):
    labels = {
        "gt_0": [{"transcription": "阳光书店"}, {"transcription": "###"}, {"transcription": "书"}],
        "gt_1": [{"transcription": "店"}],
        "gt_2": [],
    }
    write_weak(tmp_path, labels, "gt_0.jpg", "gt_1.jpg", "gt_2.jpg")
    scenes = open_dataset("lsvt:weak", tmp_path)
    assert [[instance.text for instance in scene.instances] for scene in scenes] == [
        ["阳光书店", "书"],
        ["店"],
        [],
    ]
    for instance in scenes[0].instances:
        assert not instance.legible
        assert instance.polygon.tolist() == [[0, 0], [60, 0], [60, 24], [0, 24]]
    assert [scene.name for scene in scenes[-2:]] == ["gt_1", "gt_2"]
    assert scenes[0].image.shape == (24, 60, 3)


def test_a_weak_picture_is_missed_when_its_turn_comes(tmp_path):
    write_weak(tmp_path, {"gt_0": [{"transcription": "A"}], "gt_1": [{"transcription": "B"}]}, "gt_0.jpg")
    scenes = lsvt(tmp_path, "weak")
    assert scenes[0].instances[0].text == "A"
    with pytest.raises(BadImageError, match="gt_1: No such file"):
        scenes[1]


def test_weak_pictures_may_lie_in_several_folders(tmp_path):
    write_pictures(tmp_path, "train_weak_images_0/gt_0.jpg", "train_weak_images_1/gt_1.jpg")
    labels = {name: [{"transcription": name}] for name in ("gt_0", "gt_1")}
    write_text(tmp_path / "train_weak_labels.json", json.dumps(labels))
    assert [scene.instances[0].text for scene in lsvt(tmp_path, "weak")] == ["gt_0", "gt_1"]


def test_a_wrong_weak_entry_is_named_and_can_be_left_out(tmp_path):
    write_weak(tmp_path, {"gt_0": [{"transcription": 5}, {"transcription": "A"}]}, "gt_0.jpg")
    with pytest.raises(DataError, match=r"train_weak_labels\.json: gt_0: instance 1: "):
        lsvt(tmp_path, "weak")
    wrong = []
    assert [instance.text for instance in lsvt(tmp_path, "weak", wrong.append)[0].instances] == ["A"]
    assert len(wrong) == 1
