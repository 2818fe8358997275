from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenetext.geometry import box_polygon
from scenetext.synth.truth import PlacedWord, change, judge, spread

SCENE = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)


def word(left: float, top: float, width: float = 40, height: float = 20, text: str = "abcd") -> PlacedWord:
    step = width / len(text)
    quads = [box_polygon(left + i * step, top, left + (i + 1) * step, top + height) for i in range(len(text))]
    return PlacedWord(text, box_polygon(left, top, left + width, top + height), np.stack(quads), 0.0, 100.0)


def test_a_clear_word_is_legible_and_unchanged() -> None:
    placed = word(10, 10)
    instance = judge(placed, SCENE, 0.5, None)
    assert instance is not None
    assert instance.legible
    assert instance.text == "abcd"
    assert np.array_equal(instance.polygon, placed.polygon)
    assert np.array_equal(instance.characters, placed.characters)


@pytest.mark.parametrize(
    ("left", "text", "legible"),
    [(64, "abcd", True), (70, "abc", True), (76, "ab", False), (95, "abcd", False)],
)
def test_a_word_cut_by_the_border_keeps_the_characters_that_are_seen(
    left: float, text: str, legible: bool
) -> None:
    instance = judge(word(left, 10), SCENE, 0.0, None)
    assert instance is not None
    assert (instance.text, instance.legible) == (text, legible)
    assert instance.characters is not None
    assert len(instance.characters) == len(text)
    assert instance.polygon.max() <= 100
    assert instance.characters.max() <= 100


def test_a_word_outside_the_picture_is_no_instance() -> None:
    assert judge(word(120, 10), SCENE, 0.0, None) is None


@pytest.mark.parametrize(
    "placed",
    [word(10, 10, height=6), replace(word(10, 10), blur=3.0), replace(word(10, 10), change=5.0)],
    ids=["small", "blurred", "faint"],
)
def test_what_cannot_be_read_is_not_legible(placed: PlacedWord) -> None:
    judged = judge(placed, SCENE, 0.0, None)
    assert judged is not None
    assert not judged.legible


@pytest.mark.parametrize(("part", "legible"), [(0.2, True), (0.6, False)])
def test_a_word_mostly_behind_something_is_not_legible(part: float, legible: bool) -> None:
    hidden = np.zeros((100, 100), bool)
    hidden[:, : 10 + int(40 * part)] = True
    judged = judge(word(10, 10), SCENE, 0.0, hidden)
    assert judged is not None
    assert judged.legible is legible


def test_the_change_is_that_of_the_letters_not_of_the_gaps() -> None:
    before = np.full((40, 80, 3), 100, np.uint8)
    after = before.copy()
    after[10:20, 10:20] = 160  # a quarter of the word's box
    assert change(before, after, box_polygon(10, 10, 50, 20)) == pytest.approx(60)
    assert change(before, before, box_polygon(10, 10, 50, 20)) == 0
    assert change(before, after, box_polygon(200, 200, 250, 220)) == 0


def test_the_spread_is_that_of_the_strongest_channel() -> None:
    scene = np.full((40, 80, 3), 100, np.uint8)
    polygon = box_polygon(10, 10, 50, 20)
    assert spread(scene, polygon) == 0
    scene[10:20, 10:20, 1] = 160
    scene[10:20, 10:20, 2] = 110
    assert spread(scene, polygon) == 60
    assert spread(scene, box_polygon(200, 200, 250, 220)) == 0


def test_a_word_on_a_ground_of_its_own_colour_is_not_legible() -> None:
    judged = judge(word(10, 10), np.full((100, 100, 3), 80, np.uint8), 0.0, None)
    assert judged is not None
    assert not judged.legible
