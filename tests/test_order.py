from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.geometry import box_polygon
from scenetext.order import reading_order


def page(
    lines: list[str], left: float = 0, top: float = 0, size: float = 20
) -> tuple[list[str], list[np.ndarray]]:
    """Words of typed lines as upright boxes; one character is 0.5 sizes wide, a space as well."""
    words, polygons = [], []
    for row, line in enumerate(lines):
        column = 0
        for word in line.split(" "):
            if word:
                x, y = left + column * size / 2, top + row * size * 1.5
                words.append(word)
                polygons.append(box_polygon(x, y, x + len(word) * size / 2, y + size))
            column += len(word) + 1
    return words, polygons


def turned(polygons: list[np.ndarray], degrees: float) -> list[np.ndarray]:
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [polygon @ matrix + 1000 for polygon in polygons]


def read(words: list[str], polygons: list[np.ndarray]) -> list[str]:
    order, lines = reading_order(polygons)
    assert sorted(order) == list(range(len(polygons)))
    text: dict[int, list[str]] = {}
    for word, line in zip(order, lines, strict=True):
        text.setdefault(line, []).append(words[word])
    assert list(text) == list(range(len(text)))
    return [" ".join(line) for line in text.values()]


PARAGRAPH = ["the quick brown fox", "jumps over a lazy", "dog and I rest in", "peace"]


def shuffled(
    words: list[str], polygons: list[np.ndarray], seed: int = 3
) -> tuple[list[str], list[np.ndarray]]:
    order = np.random.default_rng(seed).permutation(len(words))
    return [words[i] for i in order], [polygons[i] for i in order]


def test_no_words_have_no_order() -> None:
    assert reading_order([]) == ([], [])


@pytest.mark.parametrize("degrees", [0, 7, -20, 45, 90, -90, 135, 180, 200])
def test_a_paragraph_is_read_line_by_line_however_the_page_is_turned(degrees: float) -> None:
    words, polygons = shuffled(*page(PARAGRAPH))
    assert read(words, turned(polygons, degrees)) == PARAGRAPH


@pytest.mark.parametrize("degrees", [0, 30, 90, 180])
def test_the_left_column_is_read_before_the_right_one(degrees: float) -> None:
    other = ["second column has", "as many lines as", "the first one has", "though"]
    left, right = page(PARAGRAPH), page(other, left=320, top=6)
    words, polygons = shuffled(left[0] + right[0], left[1] + right[1])
    assert read(words, turned(polygons, degrees)) == PARAGRAPH + other


def test_a_title_comes_before_the_columns_under_it() -> None:
    title = page(["WIDE TITLE OF THIS"], size=60)
    left, right = (
        page(["left column", "goes on"], top=100),
        page(["right column", "goes on too"], left=300, top=100),
    )
    words, polygons = shuffled(title[0] + left[0] + right[0], title[1] + left[1] + right[1])
    assert read(words, polygons) == [
        "WIDE TITLE OF THIS",
        "left column",
        "goes on",
        "right column",
        "goes on too",
    ]


def test_distant_signs_are_read_from_the_top_each_one_whole() -> None:
    low, high = (
        page(["NO", "ENTRY"], left=0, top=500, size=30),
        page(["BUS STOP", "CITY"], left=700, top=20, size=30),
    )
    assert read(low[0] + high[0], low[1] + high[1]) == ["BUS STOP", "CITY", "NO", "ENTRY"]


def test_neighbours_far_apart_on_one_height_are_two_lines() -> None:
    words, polygons = page(["one              two"])
    assert read(words, polygons) == ["one", "two"]


def test_words_of_uneven_height_share_a_line() -> None:
    polygons = [box_polygon(0, 0, 50, 24), box_polygon(58, 8, 90, 20), box_polygon(98, 2, 140, 26)]
    assert read(["The", "own", "Day"], polygons) == ["The own Day"]


def test_words_along_an_arc_are_one_line() -> None:
    polygons = []
    for start in (200, 235, 270, 305):
        a = np.radians(np.linspace(start, start + 28, 5))
        ray = np.stack([np.cos(a), np.sin(a)], axis=1)
        polygons.append(np.concatenate([120 * ray, 90 * ray[::-1]]))
    assert read(["all", "around", "the", "arch"], polygons) == ["all around the arch"]


def test_a_short_word_follows_the_direction_of_its_page() -> None:
    words, polygons = page(["look at a b c dog", "it is I who waits"])
    upright = turned(polygons, 90)
    # a detector orders the corners of a near-square box as if the page were upright
    for i, word in enumerate(words):
        if len(word) < 3:
            start = int(np.argmin(upright[i].sum(axis=1)))
            upright[i] = np.roll(upright[i], -start, axis=0)
    assert read(words, upright) == ["look at a b c dog", "it is I who waits"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(0, 90)] * 2), max_size=30))
def test_every_word_appears_exactly_once_whatever_the_boxes(
    rows: list[tuple[float, float, float, float]],
) -> None:
    polygons = [box_polygon(x, y, x + w, y + h) for x, y, w, h in rows]
    order, lines = reading_order(polygons)
    assert sorted(order) == list(range(len(rows)))
    assert lines == sorted(lines)
    assert set(lines) == set(range(len(set(lines))))


def test_a_thousand_words_are_ordered_in_a_moment() -> None:
    words, polygons = page(["word " * 20] * 50)
    assert len(words) == 1000
    began = time.perf_counter()
    assert len(read(words, polygons)) == 50
    assert time.perf_counter() - began < 3
