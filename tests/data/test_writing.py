"""Pictures under the names of their samples: inside the folder, apart from one another, and as they were."""

from __future__ import annotations

import pytest

from datasets import encoded
from scenetext.data.writing import Row, save, text_file
from scenetext.types import Sample

PNG, JPEG = encoded("PNG"), encoded("JPEG")


def row(name, picture=PNG):
    return Row(Sample(name, picture, ()), picture, False)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b", "a/b.png"),
        ("../up", "up.png"),
        ("/root", "root.png"),
        ("a/../b", "a/b.png"),
        (".hidden", "_.hidden.png"),
        ("tab\there", "tab_here.png"),
        ("x.jpg", "x.png"),  # a picture's suffix is what its bytes are
        ("x.5", "x.5.png"),
        ("", "picture.png"),
        ("y" * 300, "y" * 200 + ".png"),
        ("c:\\d", "c:/d.png"),
        ("é", "é.png"),
    ],
)
def test_a_name_becomes_a_plain_path_inside_the_folder(name, path, tmp_path):
    out = tmp_path / "out"
    assert save(out, row(name)) == path
    assert (out / path).read_bytes() == PNG
    assert [*tmp_path.iterdir()] == [out]


def test_names_that_fall_together_are_numbered_and_nothing_is_written_over(tmp_path):
    names = ["x", "x.png", "x.jpg", "x"]
    pictures = [PNG, PNG + b"2", JPEG, PNG + b"4"]
    paths = [save(tmp_path, row(name, some)) for name, some in zip(names, pictures, strict=True)]
    assert paths == ["x.png", "x-2.png", "x.jpg", "x-3.png"]
    assert [(tmp_path / path).read_bytes() for path in paths] == pictures
    assert save(tmp_path, row("x"), taken=lambda path: path.stem != "x-7") == "x-7.png"


def test_a_file_of_text_has_the_same_bytes_on_every_system(tmp_path):
    with text_file(tmp_path / "a.txt") as file:
        file.write("é\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"
