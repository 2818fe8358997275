from __future__ import annotations

import pytest

from datasets import BOX, flat, write_pictures
from scenetext.data.entries import a_box, a_flag, a_path, a_text, an_object, an_outline, find_picture


def test_blanks_around_keys_go():
    assert an_object({" illegibility ": 1}) == {"illegibility": 1}


@pytest.mark.parametrize("points", [flat(BOX), [list(point) for point in BOX]])
def test_points_are_pairs_or_in_a_row(points):
    assert an_outline({"points": points}, "points") == BOX


def test_a_box_is_a_corner_and_a_size():
    assert a_box({"bbox": [2, 2, 38, 18]}, "bbox") == BOX


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (0, False), (1, True), ("True", True), (" false", False), (None, False)]
)
def test_flags_are_spelt_in_many_ways(value, flag):
    assert a_flag({"ignore": value}, "ignore") is flag
    assert a_flag({}, "ignore") is False


@pytest.mark.parametrize("value", [2, "yes", [], {}, 0.5])
def test_what_is_no_flag_is_wrong(value):
    with pytest.raises(ValueError, match="is true or false"):
        a_flag({"ignore": value}, "ignore")


@pytest.mark.parametrize(
    "value", [None, "text", [1, 2, True, 4, 5, 6], [[1, 2], [3, 4], 5], [[1, 2], [3], [5, 6]]]
)
def test_what_is_no_outline_is_wrong(value):
    with pytest.raises(ValueError, match='"points" (is a list|has the coordinates)'):
        an_outline({"points": value}, "points")


def test_a_text_may_be_missing_but_is_nothing_else():
    assert a_text({"text": "a"}, "text") == "a"
    assert a_text({}, "text") is None
    with pytest.raises(ValueError, match='"text" is a string, not 5'):
        a_text({"text": 5}, "text")


def test_long_values_are_shown_in_part():
    with pytest.raises(ValueError) as caught:
        an_object("x" * 1000)
    assert len(str(caught.value)) < 100


def test_a_path_is_found_under_the_first_key_and_in_the_first_place(tmp_path):
    assert a_path({"filename": "a.png"}, "file_name", "filename") == "a.png"
    with pytest.raises(ValueError, match='expected a path "file_name"'):
        a_path({"filename": ""}, "file_name", "filename")
    write_pictures(tmp_path, "one/a.png", "two/deep/a.png")
    places = (tmp_path / "one", tmp_path / "two")
    assert find_picture("deep/a.png", places) == tmp_path / "one/a.png"
    assert find_picture("deep\\a.png", places[::-1]) == tmp_path / "two/deep/a.png"
    with pytest.raises(ValueError, match=r"no such picture: b\.png"):
        find_picture("b.png", places)
