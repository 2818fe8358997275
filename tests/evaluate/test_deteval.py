"""DetEval: whole finds, parts and joins, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scenetext.evaluate.protocols import PROTOCOLS
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance

FORMS = ["icdar2013-deteval", "totaltext-deteval"]


def box(left, top, right, bottom, legible=True):
    """An upright box; of whole pixels with "icdar2013" its last row and column count, so it is given less."""
    return TextInstance(box_polygon(left, top, right, bottom), "x" if legible else None, legible=legible)


def sums(name, truth, predictions):
    """(found, of so many; right, of so many) of one image."""
    score = PROTOCOLS[name]([truth], [predictions])
    found = score.values["recall"] * score.counts["truth"]
    right = score.values["precision"] * score.counts["predictions"]
    return pytest.approx(found), score.counts["truth"], pytest.approx(right), score.counts["predictions"]


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_find_is_one_for_one(name):
    assert sums(name, [box(0, 0, 99, 19)], [box(2, 0, 95, 19)]) == (1, 1, 1, 1)
    assert sums(name, [box(0, 0, 99, 19)], [box(0, 0, 59, 19)]) == (0, 1, 0, 1), "too little is covered"


@pytest.mark.parametrize("name", FORMS)
def test_a_word_in_parts_counts_four_fifths_and_so_does_each_part(name):
    parts = [box(0, 0, 29, 19), box(30, 0, 59, 19), box(60, 0, 99, 19)]
    assert sums(name, [box(0, 0, 99, 19)], parts) == (0.8, 1, 2.4, 3)


@pytest.mark.parametrize(("name", "share"), [("icdar2013-deteval", 1.0), ("totaltext-deteval", 0.8)])
def test_joined_words_count_as_the_form_has_it(name, share):
    words = [box(0, 0, 39, 19), box(42, 0, 79, 19)]
    assert sums(name, words, [box(0, 0, 79, 19)]) == (2 * share, 2, share, 1)


@pytest.mark.parametrize("name", FORMS)
def test_what_lies_in_a_dont_care_does_not_count(name):
    dont_care = box(0, 0, 99, 99, legible=False)
    assert sums(name, [dont_care], [box(10, 10, 49, 29)]) == (0, 0, 0, 0)
    assert sums(name, [dont_care], [box(10, 10, 499, 29)]) == (0, 0, 0, 1)


def test_boxes_of_the_competition_include_their_last_pixels():
    # 10 x 10 and 8 x 10 pixels: 0.8 of the truth is covered, just enough
    assert sums("icdar2013-deteval", [box(0, 0, 9, 9)], [box(0, 0, 7, 9)]) == (1, 1, 1, 1)
    assert sums("icdar2013-deteval", [box(0, 0, 9, 9)], [box(0, 0, 6, 9)]) == (0, 1, 0, 1)


def test_in_the_competition_a_whole_find_touches_nothing_else():
    truth, other = box(0, 0, 99, 19), box(95, 0, 130, 19)
    assert sums("icdar2013-deteval", [truth, other], [box(0, 0, 99, 19)]) == (1, 2, 1, 1), "joins one word"
    assert sums("icdar2013-deteval", [truth], [box(0, 0, 99, 19), box(98, 0, 140, 19)]) == (1, 1, 1, 2)


def test_total_text_does_not_ask_that_both_shares_are_of_one_prediction():
    # the large one covers the word, the small one lies in it: neither would do alone
    predictions = [box(-100, -100, 200, 100), box(10, 5, 30, 15)]
    assert sums("totaltext-deteval", [box(0, 0, 100, 20)], predictions) == (1, 1, 1, 2)


def test_shares_of_total_text_are_rounded_to_two_digits():
    truth = [TextInstance(box_polygon(0, 0, 1000, 20), "x")]
    just = TextInstance(box_polygon(0, 0, 706, 20))  # 0.706 is 0.71, and over 0.7
    below = TextInstance(box_polygon(0, 0, 704, 20))  # 0.704 is 0.70, which is not
    assert sums("totaltext-deteval", truth, [just]) == (1, 1, 1, 1)
    assert sums("totaltext-deteval", truth, [below]) == (0, 1, 0, 1)


@pytest.mark.parametrize(("inside", "counts"), [(500, 1), (502, 0), (506, 0)])
def test_the_share_in_a_dont_care_of_total_text_is_not_rounded(inside, counts):
    dont_care = box(0, 0, inside, 20, legible=False)
    assert sums("totaltext-deteval", [dont_care], [box(0, 0, 1000, 20)]) == (0, 0, 0, counts)


@pytest.mark.parametrize("name", FORMS)
def test_whatever_was_matched_is_out_of_the_game(name):
    rng = np.random.default_rng(0)
    for _ in range(100):
        corners = rng.integers(0, 80, (2, 5, 2))
        sizes = rng.integers(5, 60, (2, 5, 2))
        sets = [
            [box(*corner, *(corner + size)) for corner, size in zip(c, s, strict=True)]
            for c, s in zip(corners, sizes, strict=True)
        ]
        score = PROTOCOLS[name]([sets[0]], [sets[1]])
        assert 0 <= score.values["recall"] <= 1
        assert 0 <= score.values["precision"] <= 1
