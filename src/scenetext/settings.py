"""Strict settings: dictionaries (from TOML or JSON) become frozen dataclasses, or a clear error."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import tomllib
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from .errors import SettingsError

T = TypeVar("T")


def build(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """`cls(**values)`, checked field by field, nested dataclasses included.

    where   how errors name the place, e.g. "recipe crnn, [codec]".
    Raises SettingsError for an unknown key (with the nearest known one), a missing key, or a wrong type.
    Integers are accepted for floats and lists for tuples; nothing else is converted.
    """
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    required = [
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    hints = typing.get_type_hints(cls)
    kwargs = _checked(values, {name: hints[name] for name in fields}, required, where)
    try:
        return cls(**kwargs)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{_place(where)}{error}") from error


def arguments(
    function: Callable[..., Any], values: Mapping[str, Any], where: str = "", given: int = 0
) -> dict[str, Any]:
    """`values` as keyword arguments of a function or class, checked by its annotations as `build` checks.

    given   how many arguments the caller passes by position before them.
    Raises SettingsError.
    """
    known = list(inspect.signature(function, eval_str=True).parameters.values())[given:]
    required = [p.name for p in known if p.default is p.empty]
    return _checked(values, {p.name: p.annotation for p in known}, required, where)


def _place(where: str) -> str:
    return f"{where}: " if where else ""


def _checked(
    values: Mapping[str, Any], hints: Mapping[str, Any], required: Collection[str], where: str
) -> dict[str, Any]:
    """The values as the types of `hints`; every key known, every required one there."""
    place = _place(where)
    if not isinstance(values, Mapping):
        raise SettingsError(f"{place}expected a table of settings, got {values!r}")
    for key in values:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(hints) or 'none'}"
            raise SettingsError(f"{place}no such setting {key!r}; {hint}")
    for name in required:
        if name not in values:
            raise SettingsError(f"{place}setting {name!r} is missing")
    return {key: _convert(hints[key], value, f"{place}{key}") for key, value in values.items()}


def to_dict(settings: Any) -> dict[str, Any]:
    """A settings dataclass as a plain dictionary; `build` restores it."""
    return {f.name: _plain(getattr(settings, f.name)) for f in dataclasses.fields(settings) if f.init}


def parse_change(change: str) -> tuple[str, Any]:
    """("optim.clip", 1.0) of "optim.clip=1.0", as `--set` takes it.

    The value is read as TOML ("1e-3", "true", "[1, 2]"); what is no TOML is text. Raises SettingsError.
    """
    path, equals, text = change.partition("=")
    if not equals or not path.strip():
        raise SettingsError(f"--set {change!r}: expected KEY=VALUE")
    try:
        return path.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), text


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        for option in typing.get_args(hint):
            try:
                return _convert(option, value, where)
            except SettingsError:
                continue
    elif hint is type(None):
        if value is None:
            return None
    elif origin is typing.Literal:
        if value in typing.get_args(hint):
            return value
        raise SettingsError(f"{where} is one of {', '.join(map(repr, typing.get_args(hint)))}, not {value!r}")
    elif origin in (tuple, list):
        if isinstance(value, list | tuple):
            args = typing.get_args(hint)
            repeated = origin is list or (len(args) == 2 and args[1] is Ellipsis)
            if not repeated and len(args) != len(value):
                raise SettingsError(f"{where} has {len(args)} values, not {len(value)}")
            items = (
                _convert(args[0] if repeated else args[i], v, f"{where}[{i}]") for i, v in enumerate(value)
            )
            return origin(items)
    elif origin in (dict, Mapping):
        if isinstance(value, Mapping):
            inner = typing.get_args(hint)[1]
            return {key: _convert(inner, v, f"{where}.{key}") for key, v in value.items()}
    elif dataclasses.is_dataclass(hint):
        kind = typing.cast(type, hint)
        return value if isinstance(value, kind) else build(kind, value, where)
    elif hint is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(hint, type) and type(value) is hint:
        return value
    name = getattr(hint, "__name__", str(hint)) if origin is None else str(hint)
    raise SettingsError(f"{where} is a {name}, not {value!r}")
