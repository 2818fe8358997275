"""Entries of annotations in JSON: what is taken out of them is checked.

Everything raises ValueError with the reason; readers add the file and the entry's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError, OnWrong
from ..geometry import box_polygon
from ..image import list_images

Points = list[tuple[float, float]]


def an_object(entry: Any) -> dict[str, Any]:
    """A JSON object; blanks around its keys go, as some published files have them."""
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object, found {_excerpt(entry)}")
    return {key.strip(): value for key, value in entry.items()}


def a_table(file: Path, entry: Any, key: str) -> dict[str, Any]:
    """The object under `key` of a file's outermost object. Raises DataError."""
    table = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(table, dict):
        raise DataError(f'{file}: expected an object with an object "{key}"')
    return table


def a_text(entry: dict[str, Any], key: str) -> str | None:
    """The string under `key`; None if it is missing or null."""
    value = entry.get(key)
    if not isinstance(value, str | None):
        raise ValueError(f'"{key}" is a string, not {_excerpt(value)}')
    return value


def a_flag(entry: dict[str, Any], key: str) -> bool:
    """The truth value under `key`, which may be 0 or 1, or a word; False if it is missing."""
    value = entry.get(key)
    if value is None:
        return False
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if value not in (False, True):
        raise ValueError(f'"{key}" is true or false, not {_excerpt(value)}')
    return bool(value)


def an_outline(entry: dict[str, Any], key: str) -> Points:
    """The points under `key`: [[x, y], ...] or [x1, y1, ...]."""
    value = entry.get(key)
    if isinstance(value, list) and value and isinstance(value[0], list):
        if any(not isinstance(point, list) or len(point) != 2 for point in value):
            raise ValueError(f'"{key}" is a list of [x, y], not {_excerpt(value)}')
        value = [number for point in value for number in point]
    numbers = _numbers(key, value)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f'"{key}" has the coordinates of 3 points or more, not {len(numbers)} numbers')
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def a_box(entry: dict[str, Any], key: str) -> Points:
    """The box x, y, width, height under `key` as four points."""
    numbers = _numbers(key, entry.get(key))
    if len(numbers) != 4:
        raise ValueError(f'"{key}" is x, y, width and height, not {len(numbers)} numbers')
    x, y, width, height = numbers
    return [(px, py) for px, py in box_polygon(x, y, x + width, y + height).tolist()]


def a_path(entry: dict[str, Any], *keys: str) -> str:
    """The path under the first of `keys` that is there."""
    value = next((entry[key] for key in keys if key in entry), None)
    if not isinstance(value, str) or not value:
        raise ValueError(f'expected a path "{keys[0]}"')
    return value


def find_picture(path: str, places: Iterable[Path]) -> Path:
    """The picture `path` in the first of `places` that has it, there or without the folders in its path."""
    name = path.replace("\\", "/")
    for place in places:
        for candidate in (place / name, place / name.rpartition("/")[2]):
            if candidate.is_file():
                return candidate
    raise ValueError(f"no such picture: {path}")


def pictures_by_stem(folders: Sequence[Path]) -> dict[str, Path]:
    """The pictures of some folders by their names without suffix."""
    return {picture.stem: picture for folder in folders for picture in list_images(folder)}


def report(wrong: OnWrong, where: str, error: Exception) -> None:
    """Passes on what is wrong with an entry, with the place."""
    wrong(DataError(f"{where}: {error}"))


def _numbers(key: str, value: Any) -> list[float]:
    if not isinstance(value, list) or any(type(number) not in (int, float) for number in value):
        raise ValueError(f'"{key}" is a list of numbers, not {_excerpt(value)}')
    try:
        return [float(number) for number in value]
    except OverflowError:  # JSON has integers of any length
        raise ValueError(f'a number of "{key}" is out of range') from None


def _excerpt(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
