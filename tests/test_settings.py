"""Strict settings."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from scenetext.errors import SettingsError
from scenetext.settings import arguments, build, parse_change, to_dict


@dataclass(frozen=True)
class Inner:
    size: int = 3


@dataclass(frozen=True)
class Outer:
    rate: float
    kind: Literal["a", "b"] = "a"
    pair: tuple[float, float] = (0.0, 1.0)
    many: tuple[Inner, ...] = ()
    limit: int | None = None
    flag: bool = False
    extra: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("rate is not negative")


def test_plain_values_become_the_dataclass_and_come_back():
    values = {
        "rate": 1,
        "kind": "b",
        "pair": [1, 2],
        "many": [{"size": 5}],
        "limit": 7,
        "flag": True,
        "extra": {"a": 1},
    }
    settings = build(Outer, values)
    assert settings == Outer(1.0, "b", (1.0, 2.0), (Inner(5),), 7, True, {"a": 1})
    assert build(Outer, to_dict(settings)) == settings


def made(channels, width: int, kind: Literal["a", "b"] = "a", scale: float = 1.0):
    """What a table of settings calls."""


class Made:
    __init__ = made


@pytest.mark.parametrize("function", [made, Made])
def test_arguments_are_checked_by_the_annotations_of_what_is_called(function):
    given = 1 if function is made else 0
    assert arguments(function, {"width": 3, "scale": 2}, "[net]", given) == {"width": 3, "scale": 2.0}
    for values, message in (
        ({"width": "3"}, "width is a int, not '3'"),
        ({"width": 3, "kind": "c"}, "kind is one of 'a', 'b'"),
        ({"width": 3, "scales": 2}, "did you mean 'scale'"),
        ({}, "'width' is missing"),
        ([("width", 3)], "expected a table"),
    ):
        with pytest.raises(SettingsError, match=r"^\[net\]: ") as refused:
            arguments(function, values, "[net]", given)
        assert message in str(refused.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": 1, "knd": "a"}, "did you mean 'kind'"),
        ({"rate": 1, "zzz": 1}, "known: rate, kind"),
        ({}, "'rate' is missing"),
        ({"rate": "fast"}, "rate is a float, not 'fast'"),
        ({"rate": True}, "rate is a float"),
        ({"rate": 1, "kind": "c"}, "one of 'a', 'b'"),
        ({"rate": 1, "pair": [1]}, "has 2 values, not 1"),
        ({"rate": 1, "extra": {"a": {"b": 1}}}, r"extra\.a is a int, not \{'b': 1\}"),
        ({"rate": 1, "many": [{"sise": 1}]}, "many\\[0\\]: no such setting 'sise'"),
        ({"rate": 1, "flag": 1}, "flag is a bool"),
        ({"rate": -1}, "rate is not negative"),
        ("text", "expected a table"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(values, message):
    with pytest.raises(SettingsError, match=message) as caught:
        build(Outer, values, "recipe x")
    assert str(caught.value).startswith("recipe x: ")


def test_none_is_accepted_only_where_the_field_allows_it():
    assert build(Outer, {"rate": 1, "limit": None}).limit is None
    with pytest.raises(SettingsError):
        build(Outer, {"rate": None})


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("a.b=1", 1),
        ("a.b=1e-3", 1e-3),
        ("a.b=true", True),
        ("a.b=[1, 2]", [1, 2]),
        ("a.b=plain", "plain"),
        ("a.b=x=y", "x=y"),
    ],
)
def test_a_change_has_a_toml_value_or_is_text(change, value):
    assert parse_change(change) == ("a.b", value)


@pytest.mark.parametrize("change", ["a.b", "=1", ""])
def test_a_change_without_key_or_value_is_refused(change):
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        parse_change(change)
