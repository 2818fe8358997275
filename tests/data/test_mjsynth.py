from __future__ import annotations

import pickle

import pytest

from datasets import write_mjsynth, write_pictures
from scenetext.data.mjsynth import mjsynth
from scenetext.errors import BadImageError, DataError, SettingsError


def test_the_text_is_the_middle_of_the_name(tmp_path):
    words = mjsynth(tmp_path, write_mjsynth(tmp_path))
    assert [(word.name, word.instances[0].text) for word in words] == [
        ("2425/1/115_Lube_45484", "Lube"),
        ("2425/2/7_O_Hara_51", "O_Hara"),
    ]
    assert words[1].image.shape == (24, 60, 3)


@pytest.mark.parametrize("outer", ["", "mjsynth"])
@pytest.mark.parametrize("inner", ["", "90kDICT32px", "mnt/ramdisk/max/90kDICT32px"])
def test_the_archive_may_be_moved(outer, inner, tmp_path):
    folder = tmp_path / outer / inner
    write_pictures(folder, "1/1/1_word_2.jpg")
    (folder / "annotation_test.txt").write_text("./1/1/1_word_2.jpg 2\n")
    assert mjsynth(tmp_path, "test")[0].instances[0].text == "word"


def test_missing_and_broken_pictures_and_odd_names_are_found_when_their_turn_comes(tmp_path):
    write_pictures(tmp_path, "1/1_fine_2.jpg")
    (tmp_path / "1" / "2_broken_2.jpg").write_bytes(b"")
    (tmp_path / "annotation_train.txt").write_text(
        "./1/1_fine_2.jpg 2\n./1/2_broken_2.jpg 2\n./1/3_gone_2.jpg 2\n./1/4.jpg 2\n"
    )
    words = mjsynth(tmp_path, "train")
    assert len(words) == 4
    assert words[0].instances[0].text == "fine"
    for index, reason in (
        (1, "1/2_broken_2: "),
        (2, "1/3_gone_2: No such file"),
        (3, "annotation_train.txt:4"),
    ):
        with pytest.raises(BadImageError, match=reason):
            words[index]


def test_millions_of_lines_travel_as_a_path(tmp_path):
    (tmp_path / "annotation_train.txt").write_text("./1/1_fine_2.jpg 2\n" * 50_000)
    words = mjsynth(tmp_path, "train")
    assert len(words) == 50_000
    assert len(pickle.dumps(words)) < 1000


def test_a_missing_list_and_an_unknown_split_are_errors(tmp_path):
    with pytest.raises(DataError, match=r"annotation_val\.txt: cannot be read"):
        mjsynth(tmp_path, "val")
    with pytest.raises(SettingsError, match="test, train, val"):
        mjsynth(tmp_path, "all")
