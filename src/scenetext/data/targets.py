"""Layouts that data sets can be written in: TARGETS by name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..labels import write_labels
from ..types import Sample, TextInstance
from .lmdb_words import write_lmdb
from .scene_layouts import SCENE_LAYOUTS
from .writing import Row, Target, save, text_file


def _write_lmdb(folder: Path, rows: Iterable[Row]) -> None:
    write_lmdb(folder, ((row.picture, _text(row.sample), row.sample.lexicon) for row in rows))


def _write_tsv(folder: Path, rows: Iterable[Row]) -> None:
    with text_file(folder / "labels.tsv") as file:
        for row in rows:
            file.write(f"{save(folder, row)}\t{_text(row.sample)}\n")


def _write_jsonl(folder: Path, rows: Iterable[Row]) -> None:
    with text_file(folder / "labels.jsonl") as file:
        for row in rows:
            entry: dict[str, Any] = {"path": save(folder, row)}
            if row.word:
                entry["text"] = _text(row.sample)
            else:
                entry["instances"] = [_entry(instance) for instance in row.sample.instances]
            if row.sample.lexicon is not None:
                entry["lexicon"] = row.sample.lexicon
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _write_icdar(folder: Path, rows: Iterable[Row]) -> None:
    for row in rows:
        path = folder / save(folder, row, taken=lambda path: _icdar_labels(path).exists())
        write_labels(_icdar_labels(path), row.sample.instances, "polygon")


def _icdar_labels(picture: Path) -> Path:
    return picture.with_name(f"gt_{picture.stem}.txt")


def _text(sample: Sample) -> str:
    return sample.instances[0].text or ""


def _entry(instance: TextInstance) -> dict[str, Any]:
    entry: dict[str, Any] = {"polygon": _rounded(instance.polygon)}
    if instance.text is not None:
        entry["text"] = instance.text
    if not instance.legible:
        entry["legible"] = False
    if instance.text is not None and instance.characters is not None:
        entry["characters"] = _rounded(instance.characters)
    return entry


def _rounded(points: np.ndarray) -> list[Any]:
    rounded: list[Any] = np.round(points.astype(np.float64), 2).tolist()
    return rounded


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
    **SCENE_LAYOUTS,
}
