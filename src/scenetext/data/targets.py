"""Layouts that data sets can be written in: TARGETS by name."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from ..image import IMAGE_SUFFIXES, image_suffix
from ..labels import write_labels
from ..types import Sample, TextInstance
from .lmdb_words import write_lmdb


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


def _write_lmdb(folder: Path, rows: Iterable[Row]) -> None:
    write_lmdb(folder, ((row.picture, _text(row.sample), row.sample.lexicon) for row in rows))


def _write_tsv(folder: Path, rows: Iterable[Row]) -> None:
    with _labels(folder / "labels.tsv") as file:
        for row in rows:
            file.write(f"{_save(folder, row)}\t{_text(row.sample)}\n")


def _write_jsonl(folder: Path, rows: Iterable[Row]) -> None:
    with _labels(folder / "labels.jsonl") as file:
        for row in rows:
            entry: dict[str, Any] = {"path": _save(folder, row)}
            if row.word:
                entry["text"] = _text(row.sample)
            else:
                entry["instances"] = [_entry(instance) for instance in row.sample.instances]
            if row.sample.lexicon is not None:
                entry["lexicon"] = row.sample.lexicon
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _write_icdar(folder: Path, rows: Iterable[Row]) -> None:
    for row in rows:
        path = folder / _save(folder, row, taken=lambda path: _icdar_labels(path).exists())
        write_labels(_icdar_labels(path), row.sample.instances, "polygon")


def _icdar_labels(picture: Path) -> Path:
    return picture.with_name(f"gt_{picture.stem}.txt")


def _labels(file: Path) -> TextIO:
    return open(file, "w", encoding="utf-8", newline="\n")


def _text(sample: Sample) -> str:
    return sample.instances[0].text or ""


def _entry(instance: TextInstance) -> dict[str, Any]:
    polygon = np.round(instance.polygon.astype(np.float64), 2).tolist()
    entry: dict[str, Any] = {"polygon": polygon}
    if instance.text is not None:
        entry["text"] = instance.text
    if not instance.legible:
        entry["legible"] = False
    return entry


def _save(folder: Path, row: Row, taken: Callable[[Path], bool] = lambda path: False) -> str:
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


def _refused_by_lmdb(sample: Sample) -> str | None:
    wrong = [word for word in sample.lexicon or () if word.split() != [word]]
    return f"lmdb parts lexicons by blanks and cannot hold the word {wrong[0]!r}" if wrong else None


def _refused_by_tsv(sample: Sample) -> str | None:
    text = _text(sample)
    return f"tsv cannot hold tabs and line breaks: {text!r}" if set("\t\n\r") & set(text) else None


def _refused_by_icdar(sample: Sample) -> str | None:
    for instance in sample.instances:
        if instance.legible and instance.text is None:
            return "icdar label files cannot hold a legible word without text; jsonl can"
        if instance.legible and set("\n\r") & set(instance.text or ""):
            return f"icdar label files cannot hold line breaks: {instance.text!r}"
    return None


def _refused_by_none(sample: Sample) -> str | None:
    return None


TARGETS: dict[str, Target] = {
    "lmdb": Target(True, False, True, _write_lmdb, _refused_by_lmdb),
    "tsv": Target(True, False, False, _write_tsv, _refused_by_tsv),
    "jsonl": Target(True, True, True, _write_jsonl, _refused_by_none),
    "icdar": Target(False, True, False, _write_icdar, _refused_by_icdar),
}
