"""Writing data sets: what a layout is, and pictures saved under the names of their samples."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from ..image import IMAGE_SUFFIXES, image_suffix
from ..types import Sample


class Row(NamedTuple):
    """A sample, its encoded picture, and whether it is a word crop."""

    sample: Sample
    picture: bytes
    word: bool


@dataclass(frozen=True)
class Target:
    """A layout that can be written.

    words, scenes   what it can hold; lexicon: whether it holds lexicons too.
    write           write(folder, rows) into a new folder.
    refuses         why a sample cannot be written, or None.
    """

    words: bool
    scenes: bool
    lexicon: bool
    write: Callable[[Path, Iterable[Row]], None]
    refuses: Callable[[Sample], str | None]


def text_file(file: Path) -> TextIO:
    """A new UTF-8 file with LF."""
    return open(file, "w", encoding="utf-8", newline="\n")


def save(folder: Path, row: Row, taken: Callable[[Path], bool] = lambda path: False) -> str:
    """Writes a picture under its sample's name, or, where that is taken, one like it; returns the path."""
    suffix = image_suffix(row.picture, name=row.sample.name)
    base = _path(row.sample.name)
    for number in itertools.count(1):
        path = base + (f"-{number}" if number > 1 else "") + suffix
        place = folder / path
        if taken(place):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(place, "xb") as file:
                file.write(row.picture)
        except FileExistsError:
            continue
        return path
    raise AssertionError  # there is always a next number


def _path(name: str) -> str:
    """A relative path for the sample `name`, without suffix: nothing hidden, nothing outside, nothing odd."""
    stem, dot, suffix = name.rpartition(".")
    if stem and f"{dot}{suffix}".lower() in IMAGE_SUFFIXES:
        name = stem
    parts = []
    for part in name.replace("\\", "/").split("/"):
        plain = "".join(character if character.isprintable() else "_" for character in part)
        plain = plain.encode("utf-8", "replace")[:200].decode("utf-8", "ignore")
        if plain.strip("."):
            parts.append("_" + plain if plain.startswith(".") else plain)
    return "/".join(parts) or "picture"
