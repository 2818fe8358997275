from __future__ import annotations

import pytest

from scenetext.evaluate.recognition import Recognition

FOLDED = Recognition("folded", "a test")
EXACT = Recognition("exact", "a test", "exact")


def test_case_and_punctuation_do_not_count():
    score = FOLDED(["Café-24!", "Shop", "Bar"], ["caf24", "SHOP", "Bat"])
    assert score.values["accuracy"] == pytest.approx(2 / 3)
    assert dict(score.counts) == {"words": 3, "correct": 2}


def test_they_do_where_the_comparison_is_exact():
    assert EXACT(["Shop", "Bar", "Bar!"], ["SHOP", "Bar", "Bar"]).values["accuracy"] == pytest.approx(1 / 3)


def test_one_minus_ned_divides_each_distance_by_the_longer_text():
    # kitten -> sitting: 3 of 7; "" -> abc: 3 of 3; abcd -> ab: 2 of 4
    score = FOLDED(["kitten", "", "abcd"], ["sitting", "abc", "ab"])
    assert score.values["one_minus_ned"] == pytest.approx(1 - (3 / 7 + 1 + 2 / 4) / 3)


def test_one_minus_ned_is_of_the_compared_texts():
    assert FOLDED(["A-B"], ["ab"]).values["one_minus_ned"] == 1
    assert EXACT(["A-B"], ["ab"]).values["one_minus_ned"] == 0


def test_two_empty_texts_are_equal():
    score = FOLDED(["!!", "..."], ["", "a"])
    assert score.values == {"accuracy": 0.5, "one_minus_ned": 0.5}


def test_no_words_score_nothing():
    assert FOLDED([], []).figure == 0


def test_the_number_of_words_has_to_agree():
    with pytest.raises(ValueError, match="shorter"):
        FOLDED(["a", "b"], ["a"])


def test_the_score_tells_the_comparison():
    assert EXACT([], []).parameters == {"compare": "exact"}
