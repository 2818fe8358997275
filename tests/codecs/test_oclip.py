"""Bags of words."""

import numpy as np
import pytest

from scenetext.codecs import make_codec
from scenetext.codecs.oclip import OCLIP
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance


def instances(*texts, legible=True):
    return [TextInstance(box_polygon(0, 0, 9, 9), text, legible=legible) for text in texts]


def test_a_word_is_its_characters_and_an_end():
    codec = OCLIP(charset="abc", length=5, words=3)
    assert (codec.mask, codec.end, codec.classes) == (4, 5, 6)
    words = codec.encode(instances("cab", "a"), (8, 8))["words"]
    assert words.dtype == np.int64
    assert words.tolist() == [[3, 1, 2, 5, 0], [1, 5, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_the_papers_vocabulary_has_97_classes_and_words_of_25():
    codec = OCLIP()
    assert (codec.classes, codec.encode([], (8, 8))["words"].shape) == (97, (32, 25))


def test_a_word_that_is_too_long_is_cut_and_ended():
    codec = OCLIP(charset="ab", length=4)
    assert codec.encode_words(["abab", "aba", "ab"]).tolist() == [[1, 2, 1, 4], [1, 2, 1, 4], [1, 2, 4, 0]]


def test_a_bag_has_the_first_words_that_can_be_written_wherever_they_stand():
    codec = OCLIP(words=4, shortest=2)
    found = codec.bag(instances("two  words", None, "", "née", "I") + instances("weak", legible=False))
    assert found == ["two", "words", "weak"]
    assert OCLIP(words=2).bag(instances("a b", "c")) == ["a", "b"]


def test_the_words_of_a_bag_are_those_that_come_back():
    codec = OCLIP(charset="alphanumeric36", length=5)
    bag = codec.bag(instances("EXIT", "Crossroads", "24h"))
    assert bag == ["exit", "cros", "24h"]
    nothing = np.zeros((3, codec.classes))
    found = codec.decode({"words": codec.encode(instances(*bag), (8, 8))["words"][:3], "log_probs": nothing})
    assert found == [(word, 1.0) for word in bag]


def test_decoding_fills_in_what_was_hidden():
    codec = OCLIP()
    words = codec.encode_words(["Exit", "42", "gate"])
    log_probs = np.full((3, codec.classes), -9.0, dtype=np.float32)
    hidden = words.copy()
    for row, place in ((0, 1), (1, 0)):
        log_probs[row, words[row, place]] = np.log(0.75)
        log_probs[row, codec.end] = log_probs[row, 0] = 0.0  # no characters
        hidden[row, place] = codec.mask
    found = codec.decode({"words": hidden, "log_probs": log_probs})
    assert [text for text, _ in found] == ["Exit", "42", "gate"]
    assert [score for _, score in found] == pytest.approx([0.75, 0.75, 1.0])


def test_settings_that_cannot_be_are_refused():
    for wrong in ({"length": 1}, {"words": 0}, {"shortest": 0}, {"charset": "pitches"}):
        with pytest.raises(SettingsError):
            make_codec({"name": "oclip"} | wrong)
