from __future__ import annotations

import pytest
from PIL import Image

from scenetext.data.iiit5k import iiit5k
from scenetext.errors import DataError, SettingsError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "test").mkdir()
    for name, size in (("1_1.png", (40, 12)), ("1_2.png", (60, 20))):
        Image.new("RGB", size).save(tmp_path / "test" / name)
    (tmp_path / "test.tags").write_text("test/1_1.png PRIVATE\ntest/1_2.png 24\n\n")
    return tmp_path


def test_words_are_read_in_order_with_their_picture(root):
    words = iiit5k(root, "test")
    assert [(word.name, word.instances[0].text) for word in words] == [("1_1", "PRIVATE"), ("1_2", "24")]
    assert words[1].image.shape == (20, 60, 3)


def test_the_picture_is_the_polygon(root):
    assert iiit5k(root, "test")[0].instances[0].polygon.tolist() == [[0, 0], [40, 0], [40, 12], [0, 12]]


def test_a_missing_split_names_the_file(root):
    with pytest.raises(DataError, match=r"train\.tags: missing"):
        iiit5k(root, "train")


def test_an_unknown_split_lists_the_known(root):
    with pytest.raises(SettingsError, match="test, train"):
        iiit5k(root, "val")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("test/1_1.png", "expected 'path text'"),
        ("test/1_1.png two words", "expected 'path text'"),
        ("test/9.png word", "no such picture: test/9.png"),
    ],
)
def test_a_wrong_line_is_named(root, line, reason):
    (root / "test.tags").write_text(f"test/1_1.png PRIVATE\n{line}\n")
    with pytest.raises(DataError, match=rf"test\.tags:2: {reason}"):
        iiit5k(root, "test")
