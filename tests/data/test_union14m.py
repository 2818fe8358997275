from __future__ import annotations

import json

import pytest

from datasets import write_pictures, write_union14m
from scenetext.data.union14m import LEVELS, union14m
from scenetext.errors import BadImageError, DataError, SettingsError


def texts(words):
    return [(word.name, word.instances[0].text) for word in words]


def write_lines(file, *rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_level_is_read_from_its_lines(tmp_path):
    words = union14m(tmp_path, write_union14m(tmp_path))
    assert texts(words) == [("art_curve/1", "Hübsch!"), ("COCOTextV2/2", "two")]


def test_train_is_all_levels_one_after_the_other(tmp_path):
    for level in LEVELS:
        write_pictures(tmp_path / "full_images", f"{level}/1.jpg")
        file = tmp_path / "train_annos" / "mmocr-0.x" / f"train_{level}.jsonl"
        write_lines(file, {"filename": f"{level}/1.jpg", "text": level})
    assert [text for _, text in texts(union14m(tmp_path, "train"))] == list(LEVELS)


@pytest.mark.parametrize("place", ["Union14M-Benchmarks/curve", "Union14M-Benchmarks"])
@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_a_benchmark_has_its_paths_relative_to_itself_or_to_all(place, kind, tmp_path):
    path = "imgs/1.jpg" if place.endswith("curve") else "curve/imgs/1.jpg"
    write_pictures(tmp_path / place, path)
    folder = tmp_path / "Union14M-Benchmarks" / "curve"
    if kind == "jsonl":
        write_lines(folder / "annotation.jsonl", {"filename": path, "text": "bent"})
    else:
        entry = {"img_path": path, "instances": [{"text": "bent"}]}
        write_lines(folder / "annotation.json", {"metainfo": {}, "data_list": [entry]})
    assert [text for _, text in texts(union14m(tmp_path, "curve"))] == ["bent"]


def test_the_newer_annotations_will_do(tmp_path):
    write_pictures(tmp_path / "full_images", "a/1.jpg")
    entry = {"img_path": "full_images/a/1.jpg", "instances": [{"text": "new"}]}
    write_lines(tmp_path / "train_annos" / "mmocr1.0.x" / "val_annos.json", {"data_list": [entry]})
    assert texts(union14m(tmp_path, "val")) == [("full_images/a/1", "new")]


def test_a_wrong_line_or_a_missing_picture_is_found_when_its_turn_comes(tmp_path):
    write_union14m(tmp_path)
    file = tmp_path / "Union14M-L" / "train_annos" / "mmocr-0.x" / "train_hard.jsonl"
    with file.open("a") as lines:
        lines.write('{"filename": "a.jpg"}\n{"filename": \n{"filename": "gone.jpg", "text": "a"}\n')
    words = union14m(tmp_path, "hard")
    assert len(words) == 5
    for index, reason in ((2, "entry 3: expected an object"), (3, "entry 4: "), (4, "gone: No such file")):
        with pytest.raises(BadImageError, match=reason):
            words[index]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "holds no words"),
        ('{"filename": "a.jpg"}\n', "the first entry: expected an object"),
        ('{"filename": "gone.jpg", "text": "a"}\n', r"no such picture: gone\.jpg"),
    ],
)
def test_a_file_that_begins_wrongly_is_an_error(content, reason, tmp_path):
    file = tmp_path / "train_annos" / "mmocr-0.x" / "train_easy.jsonl"
    write_lines(file)
    file.write_text(content)
    with pytest.raises(DataError, match=rf"train_easy\.jsonl: {reason}"):
        union14m(tmp_path, "easy")


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"data_list": 1}', '{"data_list": [{"img_path": "a", "instances": []}]}']
)
def test_a_json_of_something_else_is_an_error(content, tmp_path):
    file = tmp_path / "Union14M-Benchmarks" / "salient" / "annotation.json"
    write_lines(file)
    file.write_text(content)
    with pytest.raises(DataError, match=r"annotation\.json: (expected|the first entry: expected)"):
        union14m(tmp_path, "salient")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match=r"train_annos/mmocr-0\.x/train_easy\.jsonl or"):
        union14m(tmp_path, "train")
    with pytest.raises(SettingsError, match="did you mean 'hard'"):
        union14m(tmp_path, "hrd")
