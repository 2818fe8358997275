from __future__ import annotations

import logging

import numpy as np
import pytest
import scipy.io

from datasets import write_gt_mat, write_pictures, write_synthtext
from scenetext.data.synthtext import synthtext, synthtext_words
from scenetext.errors import DataError, SettingsError

BOX = np.array([[2, 40, 40, 2], [2, 2, 20, 20]], dtype=np.float64)


def test_words_are_parted_at_blanks_and_line_breaks_and_meet_their_boxes(tmp_path):
    first, second = synthtext(tmp_path, write_synthtext(tmp_path))
    assert first.name == "8/ballet_106_0"
    assert [instance.text for instance in first.instances] == ["blue", "sky", "at"]
    assert [instance.polygon[0].tolist() for instance in first.instances] == [[2, 2], [3, 3], [4, 4]]
    assert [instance.text for instance in second.instances] == ["noon"]
    assert second.instances[0].polygon.tolist() == [[2, 2], [40, 2], [40, 20], [2, 20]]
    assert second.image.shape == (24, 60, 3)


def test_the_words_are_cut_out_of_the_scenes(tmp_path):
    words = synthtext_words(tmp_path, write_synthtext(tmp_path))
    assert [(word.name, word.instances[0].text) for word in words] == [
        ("8/ballet_106_0/0", "blue"),
        ("8/ballet_106_0/1", "sky"),
        ("8/ballet_106_0/2", "at"),
        ("12/garden_7_3/0", "noon"),
    ]
    assert words[3].image.shape == (18, 38, 3)


def test_scenes_are_had_by_index_from_both_ends(tmp_path):
    scenes = synthtext(tmp_path, write_synthtext(tmp_path))
    assert [scene.name for scene in scenes[::-1]] == ["12/garden_7_3", "8/ballet_106_0"]
    assert [instance.text for instance in scenes[-1].instances] == ["noon"]
    assert [instance.text for instance in scenes[-2].instances] == ["blue", "sky", "at"]


def test_a_scene_whose_words_and_boxes_differ_is_left_out_aloud(tmp_path, caplog):
    write_pictures(tmp_path, "1/a.jpg", "1/b.jpg")
    write_gt_mat(
        tmp_path / "gt.mat",
        ["1/a.jpg", "1/b.jpg", "1/c.jpg", "1/d.jpg"],
        [BOX, BOX, np.zeros((3, 5)), np.zeros((2, 4, 0))],
        [["two words"], ["one"], ["one"], [" "]],
    )
    with caplog.at_level(logging.WARNING):
        scenes = synthtext(tmp_path, "all")
    assert [(scene.name, len(scene.instances)) for scene in scenes] == [("1/b", 1), ("1/d", 0)]
    assert "2 entries left out, words and boxes differ: 1 (1/a.jpg), 3 (1/c.jpg)" in caplog.text


def test_a_mirrored_word_is_turned_clockwise(tmp_path):
    write_gt_mat(tmp_path / "gt.mat", ["1/a.jpg"], [BOX[:, ::-1]], [["word"]])
    assert synthtext(tmp_path, "all")[0].instances[0].polygon.tolist()[0] == [2, 20]


@pytest.mark.parametrize("corner", [40, np.nan])
def test_a_word_without_area_is_a_dont_care(tmp_path, corner):
    boxes = np.stack([BOX, BOX, BOX], axis=2)
    boxes[0, :, 1] = corner
    write_gt_mat(tmp_path / "gt.mat", ["1/a.jpg"], [boxes], [["a flat word"]])
    (scene,) = synthtext(tmp_path, "all")
    assert [(word.text, word.legible) for word in scene.instances] == [
        ("a", True), (None, False), ("word", True)
    ]  # fmt: skip
    assert np.isfinite(scene.instances[1].polygon).all()


def test_characters_come_with_their_words(tmp_path):
    write_synthtext(tmp_path)
    first, second = synthtext(tmp_path, "characters")
    assert [len(instance.characters) for instance in first.instances] == [4, 3, 2]
    assert [len(instance.characters) for instance in second.instances] == [4]
    assert synthtext(tmp_path, "all")[0].instances[0].characters is None
    # the toy counts through x and y, corners and characters: the tenth of nine letters is the next corner
    corners = np.stack([np.arange(4) * 9, 36 + np.arange(4) * 9], axis=1) + 4
    assert sorted(map(tuple, first.instances[1].characters[0].tolist())) == sorted(
        map(tuple, corners.tolist())
    )


def test_a_scene_of_other_numbers_of_characters_can_be_left_out_and_counted(tmp_path):
    write_gt_mat(
        tmp_path / "gt.mat", ["1/a.jpg", "1/b.jpg", "1/c.jpg"], [BOX] * 3, [["one"], ["two"], ["a b"]]
    )
    mat = scipy.io.loadmat(tmp_path / "gt.mat")
    mat["charBB"][0, 0] = np.zeros((2, 4, 5))
    scipy.io.savemat(tmp_path / "gt.mat", {key: mat[key] for key in ("imnames", "wordBB", "charBB", "txt")})
    wrong = []
    assert [scene.name for scene in synthtext(tmp_path, "characters", wrong.append)] == ["1/b"]
    assert [str(error).partition("gt.mat: ")[2] for error in wrong] == [
        "entry 1 (1/a.jpg): words or characters and boxes differ in number",
        "entry 3 (1/c.jpg): words or characters and boxes differ in number",
    ]
    assert len(synthtext(tmp_path, "all", wrong.append)) == 2


def test_a_missing_file_and_an_unknown_split_are_errors(tmp_path):
    with pytest.raises(DataError, match=r"gt\.mat: missing"):
        synthtext(tmp_path, "all")
    with pytest.raises(SettingsError, match="known: all, characters"):
        synthtext(tmp_path, "train")
