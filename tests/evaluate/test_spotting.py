from __future__ import annotations

import pytest

from scenetext.evaluate.protocols import PROTOCOLS
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
        ("rock'n'roll", None),
        ("Việt", None),  # the script's letters end at U+027F
        ("ǀǁǂ", None),
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


SCENE = [word("Joe's"), word("24h", 1), word("(Open)", 2), word(None, 3, legible=False), word("Bar", 4)]
FOUND = [word("JOE"), word("24H", 1), word("open", 2), word("noise", 3), word("zoo", 9)]

# Joe's asks for its 's; 24H and open are right; noise does not count; Bar is missed and zoo is false.
# 1-NED: JOE'S and JOE differ in 2 of 5 characters, (OPEN) and OPEN in 2 of 6; Bar and zoo are alone.
ALL = (4, 4, 3, 2), (3 / 5 + 1 + 4 / 6 + 0 + 0) / 5
# the truth is Joe, Open and Bar; 24H lies in what does not count
WORDS = (3, 3, 2, 2), (1 + 1 + 0 + 0) / 4
# without punctuation: JOES and JOE differ in 1 of 4 characters
LINES = (4, 4, 3, 2), (3 / 4 + 1 + 1 + 0 + 0) / 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("icdar2015-end-to-end", ALL),
        ("icdar2013-end-to-end", ALL),
        ("svt-word-spotting", ALL),
        ("totaltext-end-to-end", ALL),
        ("icdar2015-word-spotting", WORDS),
        ("icdar2013-word-spotting", WORDS),
        ("totaltext-word-spotting", WORDS),
        ("lsvt-end-to-end", LINES),
    ],
)
def test_a_scene_scored_by_hand(name, expected):
    score = PROTOCOLS[name]([SCENE], [FOUND])
    truth, predictions, located, correct = expected[0]
    assert score.counts == {
        "images": 1,
        "truth": truth,
        "predictions": predictions,
        "located": located,
        "correct": correct,
    }
    assert score.values["recall"] == pytest.approx(correct / truth)
    assert score.values["precision"] == pytest.approx(correct / predictions)
    assert score.values["one_minus_ned"] == pytest.approx(expected[1])
    assert score.figure == score.values["one_minus_ned" if name.startswith("lsvt") else "hmean"]


def spotting_protocols(**settings):
    return [
        name
        for name, protocol in PROTOCOLS.items()
        if isinstance(protocol, Spotting)
        and all(getattr(protocol, key) == value for key, value in settings.items())
    ]


@pytest.mark.parametrize("name", spotting_protocols())
def test_upright_boxes_are_compared_where_the_competition_has_boxes(name):
    truth = TextInstance(box_polygon(0, 0, 100, 20), "Cafe")
    slanted = TextInstance([[0, 0], [50, 0], [100, 20], [50, 20]], "Cafe")  # half of that box
    boxes = name in ("icdar2013-end-to-end", "icdar2013-word-spotting", "svt-word-spotting")
    assert PROTOCOLS[name]([[truth]], [[slanted]]).counts["correct"] == boxes


@pytest.mark.parametrize("name", spotting_protocols())
def test_polygons_that_cross_themselves_take_part(name):
    bow_tie = TextInstance([[0, 0], [100, 20], [100, 0], [0, 20]], "bow")
    assert PROTOCOLS[name]([[]], [[bow_tie]]).counts["predictions"] == 1


@pytest.mark.parametrize("name", spotting_protocols())
def test_of_several_finds_the_first_counts_and_with_lsvt_the_best(name):
    truth = [word("Cafe")]
    wrong = TextInstance(box_polygon(0, 0, 60, 10), "Cat")
    score = PROTOCOLS[name]([truth], [[wrong, word("Cafe")]])
    assert score.counts["located"] == 1
    assert score.counts["correct"] == (name == "lsvt-end-to-end")


@pytest.mark.parametrize(
    ("truth", "read", "same"),
    [
        ("ＣＡＦＥ １２号", "cafe12号", 1),  # full-width letters, digits and blank
        ("中国·北京！", "中国北京", 1),
        ("中国北京", "中国 (北京)", 1),
        ("中国北京", "中国东京", 0),
        ("Café", "Cafe", 0),
        ("！", "", 1),
    ],
)
def test_lines_are_compared_without_blanks_punctuation_and_width(truth, read, same):
    assert correct(Spotting("lines", "a test", "lines"), truth, read) == same


def test_the_words_of_made_lexicons_are_those_of_word_spotting_or_all_texts():
    assert END_TO_END.lexicon_word("(Open)") == "Open"
    assert END_TO_END.lexicon_word("24h") is None
    assert PROTOCOLS["totaltext-end-to-end"].lexicon_word("24h") == "24h"
    assert spotting_protocols(vocabulary="texts") == [
        "totaltext-end-to-end",
        "totaltext-word-spotting",
        "lsvt-end-to-end",
    ]


def test_without_pairs_there_is_no_distance():
    assert END_TO_END([[]], [[]]).values["one_minus_ned"] == 0
