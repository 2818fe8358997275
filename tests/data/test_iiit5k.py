from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.io
from PIL import Image

from scenetext.data.iiit5k import iiit5k
from scenetext.errors import DataError, MissingExtraError, SettingsError


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
    with pytest.raises(DataError, match=r"traindata\.mat: missing, and so is train\.tags"):
        iiit5k(root, "train")


def test_an_unknown_split_lists_the_known(root):
    with pytest.raises(SettingsError, match="test, test-1k, train, train-1k"):
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


def cells(words):
    found = np.empty((1, len(words)), dtype=object)
    found[0] = words
    return found


@pytest.fixture
def official(root):
    """The official annotations; the tags that lie beside them say something else."""
    kinds = [("ImgName", "O"), ("GroundTruth", "O"), ("smallLexi", "O"), ("mediumLexi", "O")]
    entries = np.empty((1, 2), dtype=kinds)
    for i, text in enumerate(("PRIVATE", "24")):
        entries[0, i] = (
            f"test/1_{i + 1}.png",
            text,
            cells([text, "OTHER"]),
            cells([text, "OTHER", "LONGER WORD"]),
        )
    scipy.io.savemat(root / "testdata.mat", {"testdata": entries})
    boxes = np.empty((1, 1), dtype=[("ImgName", "O"), ("chars", "O"), ("charBB", "O")])
    boxes[0, 0] = ("test/1_2.png", "24", np.array([[1, 1, 30, 20], [31, 2, 29, 18]], dtype=np.float32))
    scipy.io.savemat(root / "testCharBound.mat", {"testCharBound": boxes})
    (root / "test.tags").write_text("test/1_1.png wrong\n")
    return root


def test_the_official_annotations_come_first_and_bring_lexicons(official):
    words = iiit5k(official, "test")
    assert [(word.name, word.instances[0].text) for word in words] == [("1_1", "PRIVATE"), ("1_2", "24")]
    assert [word.lexicon for word in words] == [("PRIVATE", "OTHER"), ("24", "OTHER")]
    assert iiit5k(official, "test-1k")[1].lexicon == ("24", "OTHER", "LONGER WORD")


def test_character_boxes_are_counted_from_zero(official):
    first, second = iiit5k(official, "test")
    assert first.instances[0].characters is None
    assert second.instances[0].characters is not None
    assert second.instances[0].characters.tolist() == [
        [[0, 0], [30, 0], [30, 20], [0, 20]],
        [[30, 1], [59, 1], [59, 19], [30, 19]],
    ]


def test_the_tags_have_no_lexicons(root):
    assert iiit5k(root, "test")[0].lexicon is None
    with pytest.raises(DataError, match=r"testdata\.mat: missing$"):
        iiit5k(root, "test-1k")


def test_the_archive_may_be_unpacked_in_a_folder_of_data_sets(official, tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "IIIT5K").symlink_to(official)
    assert len(iiit5k(data, "test")) == 2


def test_annotations_of_something_else_are_named(official):
    scipy.io.savemat(official / "testdata.mat", {"testdata": np.zeros(3)})
    with pytest.raises(DataError, match="testdata has no field GroundTruth"):
        iiit5k(official, "test")


def test_character_boxes_of_something_else_are_named(official):
    scipy.io.savemat(official / "testCharBound.mat", {"testCharBound": np.zeros(3)})
    with pytest.raises(DataError, match=r"testCharBound\.mat: entry 1: expected an ImgName"):
        iiit5k(official, "test")


def test_a_missing_picture_of_the_annotations_is_named(official):
    (official / "test" / "1_2.png").unlink()
    with pytest.raises(DataError, match=r"testdata\.mat: entry 2: no such picture: test/1_2\.png"):
        iiit5k(official, "test")


def test_without_scipy_the_error_says_what_to_install(official, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(MissingExtraError, match="scipy"):
        iiit5k(official, "test")
