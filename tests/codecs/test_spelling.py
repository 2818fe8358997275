"""Classes of characters, and sequences up to their end."""

import pytest

from scenetext.codecs.spelling import CLASSES, END, FIRST, read_sequence, text_classes
from sequences import log_probs, paths


def read(text):
    return read_sequence(paths(text)[0], log_probs(text, sure=0.9)[0])


def test_classes_are_those_of_letters_and_digits_whatever_their_case_and_accents():
    assert text_classes("0z\u00c5-") == [FIRST, 36, 11]
    assert (END, CLASSES) == (37, 38)


def test_a_sequence_ends_at_its_end_and_scores_as_a_product():
    text = read("stop")
    assert text.text == "stop"
    assert text.score == pytest.approx(0.9**5, rel=1e-4)
    assert text.mean == pytest.approx(0.9, rel=1e-4)
    assert text.steps.tolist() == [0, 1, 2, 3]
    endless = read("abcdefgh")
    assert (endless.text, endless.score) == ("abcdefgh", pytest.approx(0.9**8, rel=1e-4))
    assert read("").score == read("").mean == 0


def test_a_sequence_is_the_path_that_was_searched_not_the_likeliest_class_of_each_step():
    text = read_sequence(paths("step")[0], log_probs("stop", sure=0.9)[0])
    assert text.text == "step"
    assert text.score == pytest.approx(0.9**4 * 0.1 / (CLASSES - 1), rel=1e-4)
