from __future__ import annotations

import json

import pytest

from datasets import BOX, CURVE, flat, write_cocotext, write_pictures, write_text, write_textocr
from scenetext.data.cocotext import cocotext, textocr
from scenetext.errors import DataError

POINTS = [list(point) for point in BOX]


def read(root, annotation, **picture):
    """The instances of one picture with one annotation in COCO-Text."""
    write_pictures(root / "train2014", "p.jpg")
    found = {
        "imgs": {"9": {"id": 9, "set": "train", "file_name": "p.jpg"} | picture},
        "anns": {"45": {"id": 45, "image_id": 9} | annotation},
    }
    write_text(root / "COCO_Text.json", json.dumps(found))
    return cocotext(root, "train")[0].instances


def test_a_split_is_what_the_pictures_say(tmp_path):
    first, second = cocotext(tmp_path, write_cocotext(tmp_path))
    assert (first.name, second.name) == ("COCO_1", "COCO_2")
    stop, ignored = first.instances
    assert (stop.text, stop.legible, stop.polygon.tolist()) == ("STOP", True, POINTS)
    assert (ignored.text, ignored.legible) == (None, False)
    assert ignored.polygon.tolist() == [[1, 1], [10.5, 1], [10.5, 6], [1, 6]]


def test_the_first_version_calls_the_mask_a_polygon(tmp_path):
    (instance,) = read(tmp_path, {"polygon": flat(BOX), "legibility": "legible", "utf8_string": "GO"})
    assert (instance.text, instance.polygon.tolist()) == ("GO", POINTS)


@pytest.mark.parametrize(
    ("entry", "text", "legible"),
    [
        ({"legibility": "legible", "language": "english", "utf8_string": "GO"}, "GO", True),
        ({"legibility": "illegible", "utf8_string": "GO"}, None, False),
        ({"legibility": "legible", "language": "na", "utf8_string": "GO"}, None, False),
        ({"legibility": "legible", "utf8_string": ""}, None, True),
        ({"legibility": "legible"}, None, True),
        ({"legibility": "legible", "utf8_string": None}, None, True),
    ],
)
def test_illegible_text_and_text_in_no_language_are_dont_cares(entry, text, legible, tmp_path):
    (instance,) = read(tmp_path, {"bbox": [1, 1, 20, 9]} | entry)
    assert (instance.text, instance.legible) == (text, legible)


def test_ids_count_and_not_the_keys_they_stand_under(tmp_path):
    write_pictures(tmp_path / "train2014", "p.jpg", "q.jpg")
    found = {
        "imgs": {
            "1": {"id": 2, "set": "train", "file_name": "p.jpg"},
            "2": {"id": 1, "set": "train", "file_name": "q.jpg"},
        },
        "anns": {"7": {"id": 8, "image_id": 2, "mask": flat(BOX), "utf8_string": "p"}},
    }
    write_text(tmp_path / "cocotext.v2.json", json.dumps(found), "utf-8-sig")
    assert {scene.name: len(scene.instances) for scene in cocotext(tmp_path, "train")} == {"p": 1, "q": 0}


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (
            {"mask": [1, 2, 3, 4, 5, 6, 7]},
            'annotation 45: "mask" has the coordinates of 3 points or more, not 7',
        ),
        ({"mask": [1, 2, 3, 4, 5, "6"]}, 'annotation 45: "mask" is a list of numbers'),
        ({"mask": [1, 2, 3, 4, 5, 10**400]}, 'annotation 45: a number of "mask" is out of range'),
        ({}, 'annotation 45: "bbox" is a list of numbers, not None'),
        ({"bbox": [1, 2, 3, 4], "utf8_string": 5}, 'annotation 45: "utf8_string" is a string, not 5'),
        ({"image_id": 10}, "annotation 45: no picture has the image_id '10'"),
    ],
)
def test_a_wrong_annotation_is_named(annotation, reason, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, annotation)
    assert reason in str(caught.value)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(DataError, match=r"COCO_Text\.json: picture 9: no such picture: gone\.jpg"):
        read(tmp_path, {"bbox": [1, 2, 30, 4]}, file_name="gone.jpg")


@pytest.mark.parametrize("content", ["{", "[]", '{"imgs": {}}', '{"imgs": [], "anns": {}}', "[" * 100_000])
def test_a_file_of_something_else_is_named(content, tmp_path):
    write_text(tmp_path / "cocotext.v2.json", content)
    with pytest.raises(DataError, match=r"cocotext\.v2\.json: (not JSON|expected an object)"):
        cocotext(tmp_path, "train")


def test_points_of_textocr_are_the_outline_and_a_dot_is_illegible(tmp_path):
    first, second = textocr(tmp_path, write_textocr(tmp_path))
    assert (first.name, second.name) == ("train/a1", "train/b2")
    word, ignored = first.instances
    assert (word.text, word.polygon.tolist()) == ("sale", POINTS)
    assert (ignored.text, ignored.legible, len(ignored.polygon)) == (None, False, len(CURVE))


def test_textocr_may_spell_filename_in_one_word(tmp_path):
    write_textocr(tmp_path)
    file = tmp_path / "textocr" / "TextOCR_0.1_val.json"
    file.write_text(file.read_text().replace("file_name", "filename"))
    assert len(textocr(tmp_path, "val")) == 2
