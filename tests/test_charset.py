"""Character sets."""

import pytest

from scenetext.charset import CHARSETS, Charset, alphanumeric
from scenetext.errors import SettingsError


def test_the_sizes_are_those_of_the_benchmark():
    assert len(CHARSETS["alphanumeric36"]) == 36
    assert len(CHARSETS["printable94"]) == 94


@pytest.mark.parametrize("name", sorted(CHARSETS))
def test_every_charset_is_buildable_and_holds_each_character_once(name):
    assert len(Charset.named(name)) == len(set(CHARSETS[name]))


def test_a_set_without_capitals_folds_case():
    assert Charset.named("alphanumeric36").indices("aA") == [10, 10]
    assert Charset.named("printable94").indices("aA") == [10, 36]


def test_characters_outside_are_dropped_and_reported_once():
    charset = Charset("abc")
    assert charset.indices("axbx") == [0, 1]
    assert charset.unknown("axbxy") == "xy"


def test_tokens_have_blanks_between_in_a_text_and_keep_their_case():
    pitches = Charset.named("pitches")
    assert len(pitches) == 33
    assert pitches.of_tokens
    assert not pitches.folds_case
    assert pitches.indices("A1  E6 c4 X9") == [0, 32]
    assert pitches.text([0, 32, 2]) == "A1 E6 C2"
    assert pitches.split(" C4 D4 ") == ["C4", "D4"]
    assert pitches.unknown("C4 X9 c4 X9") == "X9 c4"
    assert pitches.unknown("A1 E6") == ""


@pytest.mark.parametrize("name", sorted(CHARSETS))
def test_what_is_split_can_be_joined_and_indices_give_the_text_back(name):
    charset = Charset.named(name)
    text = charset.text(reversed(range(len(charset))))
    assert charset.join(charset.split(text)) == text
    assert charset.indices(text) == list(reversed(range(len(charset))))
    assert charset.of_tokens == (" " in text)


@pytest.mark.parametrize("tokens", [("C4", ""), ("C 4",), ("C4", "C4"), ()])
def test_tokens_are_distinct_and_have_no_blanks(tokens):
    with pytest.raises(SettingsError):
        Charset(tokens)


def test_an_unknown_name_and_an_empty_set_are_errors():
    with pytest.raises(SettingsError, match="printable94"):
        Charset.named("printable95")
    with pytest.raises(SettingsError):
        Charset("")


def test_comparison_form_keeps_lower_case_letters_and_digits_only():
    assert alphanumeric("It's 5-Star!É") == "its5star"
