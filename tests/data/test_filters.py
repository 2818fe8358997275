from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.data.filters import Filters
from scenetext.errors import SettingsError


@pytest.mark.parametrize(
    ("filters", "text", "by"),
    [
        (Filters(), "$ 3.50\n", None),
        (Filters(), "", None),
        (Filters(alphanumeric=True), "Abc123", None),
        (Filters(alphanumeric=True), "it's", "alphanumeric"),
        (Filters(alphanumeric=True), "zwölf", "alphanumeric"),
        (Filters(alphanumeric=True), "a b", "alphanumeric"),
        (Filters(charset="printable94"), "it's", None),
        (Filters(charset="printable94"), "zwölf", "charset printable94"),
        (Filters(charset="alphanumeric36"), "ABC", None),
        (Filters(charset="ABC-\\"), "A\\-B", None),
        (Filters(charset="ABC"), "abc", "charset ABC"),
        (Filters(min_length=3), "ab", "min-length 3"),
        (Filters(min_length=3), "abc", None),
        (Filters(max_length=3), "abc", None),
        (Filters(max_length=3), "abcd", "max-length 3"),
    ],
)
def test_each_filter_has_its_rule(filters, text, by):
    assert filters.dropped_by(text) == by


def test_the_first_filter_in_order_takes_the_blame():
    filters = Filters(alphanumeric=True, charset="ab", min_length=2, max_length=4)
    assert filters.names == ["alphanumeric", "charset ab", "min-length 2", "max-length 4"]
    assert [filters.dropped_by(text) for text in ("-", "c", "a", "ababa", "aba")] == [*filters.names, None]


def test_no_filter_has_no_name():
    assert Filters().names == []


@given(text=st.text(alphabet=string.printable[:94], max_size=30))
@settings(deadline=None, max_examples=100)
def test_no_printable_character_is_lost_to_its_own_charset(text):
    assert Filters(charset="printable94").dropped_by(text) is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"charset": "printabel94"}, "did you mean 'printable94'"),
        ({"min_length": -1}, "0 or more"),
        ({"min_length": 5, "max_length": 4}, "at least 5 and at most 4"),
    ],
)
def test_impossible_filters_are_refused(wrong, reason):
    with pytest.raises(SettingsError, match=reason):
        Filters(**wrong)
