from __future__ import annotations

import pytest

from scenetext.evaluate.spotting import Spotting, dictionary_word
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance

END_TO_END = Spotting("e2e", "a test")
WORD_SPOTTING = Spotting("ws", "a test", "word-spotting")


def word(text, row=0, legible=True):
    return TextInstance(box_polygon(0, 20 * row, 100, 20 * row + 10), text, legible=legible)


def correct(protocol, truth, read):
    return protocol([[word(truth)]], [[word(read)]]).counts["correct"]


@pytest.mark.parametrize(
    ("truth", "read", "same"),
    [
        ("Cafe", "CAFE", 1),
        ("Cafe", "Cafes", 0),
        ("(Cafe)", "Cafe", 1),
        ("(Cafe)", "(Cafe", 1),
        ("(Cafe)", "Cafe)", 1),
        ("(Cafe)", "(Cafe)", 1),
        ("((Cafe", "Cafe", 0),  # one at each end, no more
        ("Cafe", "Cafe!", 0),  # only the truth may have more
        ("O'Neil", "ONeil", 0),  # not in the middle
        ("$5", "5", 0),  # not a special character
        ("!", "", 1),
        ("!!", "", 1),
        ("!", "?", 0),
        ('"Cafe"', "Cafe", 1),
        ("Cafe", '"Cafe"', 1),
        ("A-1", "a-1", 1),
        ("ß", "SS", 1),
    ],
)
def test_end_to_end_compares_texts_in_upper_case_but_for_special_characters_at_the_ends(truth, read, same):
    assert correct(END_TO_END, truth, read) == same


def test_a_prediction_without_text_is_wrong():
    assert correct(END_TO_END, "Cafe", None) == 0


def test_a_wrong_text_uses_up_the_truth():
    score = END_TO_END([[word("Cafe")]], [[word("Cate"), word("Cafe")]])
    assert score.counts["located"] == 1
    assert score.counts["correct"] == 0
    assert score.values["precision"] == 0
    assert score.counts["predictions"] == 2


def test_an_illegible_text_is_neither_missed_nor_wrong():
    score = END_TO_END([[word(None, legible=False), word("Cafe", 1)]], [[word("anything"), word("cafe", 1)]])
    assert score.counts["truth"] == score.counts["predictions"] == score.counts["correct"] == 1
    assert score.figure == 1


def test_figures_are_over_all_images_together():
    truth = [[word("one"), word("two", 1)], [word("three")]]
    found = [[word("ONE"), word("too", 1), word("four", 2)], []]
    score = END_TO_END(truth, found)
    assert score.values["recall"] == pytest.approx(1 / 3)
    assert score.values["precision"] == pytest.approx(1 / 3)
    assert dict(score.counts) == {"images": 2, "truth": 3, "predictions": 3, "located": 2, "correct": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe", "Cafe"),
        ("Joe's", "Joe"),
        ("JOES'S", "JOES"),
        ("-based-", "based"),
        ("(open)", "open"),
        ("Zoë", "Zoë"),
        ("Λόγος", "Λόγος"),
        ("well-known", "well-known"),
        ("O'Neil", None),
        ("on", None),
        ("it's", None),
        ("24h", None),
        ("$100", None),
        ("two words", None),
        ("кафе", None),
        ("a×b", None),
        ("", None),
    ],
)
def test_word_spotting_asks_for_words_of_three_letters_or_more(text, expected):
    assert dictionary_word(text) == expected


def test_word_spotting_ignores_what_is_no_word():
    truth = [[word("24h"), word("(Open)", 1)]]
    score = WORD_SPOTTING(truth, [[word("24h"), word("OPEN", 1)]])
    assert score.counts["truth"] == score.counts["predictions"] == score.counts["correct"] == 1


def test_word_spotting_wants_exactly_the_word():
    assert correct(WORD_SPOTTING, "(Open)", "open") == 1
    assert correct(WORD_SPOTTING, "(Open)", "(open)") == 0


def test_the_score_tells_the_mode():
    assert WORD_SPOTTING([], []).parameters["mode"] == "word-spotting"
