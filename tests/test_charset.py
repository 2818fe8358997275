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


def test_an_unknown_name_and_an_empty_set_are_errors():
    with pytest.raises(SettingsError, match="printable94"):
        Charset.named("printable95")
    with pytest.raises(SettingsError):
        Charset("")


def test_comparison_form_keeps_lower_case_letters_and_digits_only():
    assert alphanumeric("It's 5-Star!É") == "its5star"
