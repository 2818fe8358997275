from __future__ import annotations

import json

import pytest

from datasets import BOX, write_pictures, write_ppocrlabel, write_text
from scenetext.data.ppocrlabel import ppocrlabel
from scenetext.errors import DataError


def read(root, *entries, path="mine/a.png"):
    write_pictures(root / "mine", "a.png")
    write_text(root / "mine" / "Label.txt", f"\n{path}\t{json.dumps(entries, ensure_ascii=False)}\r\n")
    return ppocrlabel(root, "mine")[0]


def test_a_folder_of_ppocrlabel_is_read(tmp_path):
    first, second = ppocrlabel(tmp_path, write_ppocrlabel(tmp_path))
    assert (first.name, second.name) == ("a", "b")
    word, ignored = first.instances
    assert (word.text, word.polygon.tolist()) == ("阳光", [list(point) for point in BOX])
    assert (ignored.text, ignored.legible) == (None, False)


@pytest.mark.parametrize("path", ["mine/a.png", "a.png", "elsewhere/a.png", "mine\\a.png"])
def test_paths_begin_with_the_folder_or_in_it(path, tmp_path):
    assert read(tmp_path, path=path).source == tmp_path / "mine" / "a.png"


@pytest.mark.parametrize(
    ("entry", "text", "legible"),
    [
        ({"transcription": "a\tb"}, "a\tb", True),
        ({"transcription": "A", "difficult": True}, None, False),
        ({"transcription": "###"}, None, False),
        ({"transcription": "*"}, None, True),
    ],
)
def test_difficult_and_hashes_are_dont_cares_and_a_star_is_a_text_unknown(entry, text, legible, tmp_path):
    (instance,) = read(tmp_path, {"points": BOX} | entry).instances
    assert (instance.text, instance.legible) == (text, legible)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("mine/a.png", "Expecting value"),
        ("mine/a.png\t{}", "expected a path, a tab and a JSON list"),
        ("mine/gone.png\t[]", "no such picture: mine/gone.png"),
        ("mine/a.png\t[{}]", 'instance 1: "points"'),
        ("mine/a.png\t" + "[" * 100_000, "recursion"),
    ],
)
def test_a_wrong_line_is_named(line, reason, tmp_path):
    read(tmp_path)
    write_text(tmp_path / "mine" / "Label.txt", f"mine/a.png\t[]\n{line}\n")
    with pytest.raises(DataError) as caught:
        ppocrlabel(tmp_path, "mine")
    assert str(caught.value).startswith(f"{tmp_path / 'mine' / 'Label.txt'}:2: ")
    assert reason in str(caught.value)


def test_a_folder_without_labels_is_an_error(tmp_path):
    write_pictures(tmp_path, "a.png")
    with pytest.raises(DataError, match=r"Label\.txt: cannot be read"):
        ppocrlabel(tmp_path, "")
    write_text(tmp_path / "Label.txt", "")
    with pytest.raises(DataError, match=r"Label\.txt: holds no pictures"):
        ppocrlabel(tmp_path, "")
