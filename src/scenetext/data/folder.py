"""Your own data: a folder of pictures and one label file.

    labels.tsv     word crops: path <TAB> text
    labels.jsonl   word crops: {"path": ..., "text": ...}
                   scenes: {"path": ..., "instances": [INSTANCE, ...]}
                   where INSTANCE is {"polygon": [[x, y], ...], "text": ..., "legible": true,
                   "characters": [four [x, y], ...]}

Paths are relative to the folder. In the TSV nothing is quoted or escaped: a text is what stands between the
tab and the end of the line. In an instance all but the polygon may be missing. A row of the JSONL may have
a "lexicon", a list of the words that a reader may choose from in this picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, OnWrong, strict
from ..geometry import clockwise, densify
from ..labels import decode_lines
from ..types import Sample, TextInstance
from .files import split_folder
from .words import Word, Words


def folder(root: Path, split: str, wrong: OnWrong = strict) -> Sequence[Sample]:
    """A folder of pictures with labels.tsv or labels.jsonl. A split is a folder inside `root`.

    Word crops or scenes, by what the label file holds; the two cannot be mixed in one file.
    Raises DataError, with file and line, for a wrong line or a missing picture.
    """
    place = split_folder(root, split)
    tsv, jsonl = place / "labels.tsv", place / "labels.jsonl"
    if tsv.is_file() and jsonl.is_file():
        raise DataError(f"{place}: holds both labels.tsv and labels.jsonl; keep one")
    if tsv.is_file():
        return _words(place, _read_tsv(place, tsv, wrong))
    if jsonl.is_file():
        return _read_jsonl(place, jsonl, wrong)
    raise DataError(f"{place}: holds neither labels.tsv nor labels.jsonl")


_Row = tuple[str, str, tuple[str, ...] | None]  # path, text, lexicon


def _words(place: Path, rows: list[_Row]) -> Words:
    return Words(len(rows), partial(_word, place, rows))


def _word(place: Path, rows: list[_Row], index: int) -> Word:
    path, text, lexicon = rows[index]
    return Word(path, place / path, text, lexicon)


def _read_tsv(place: Path, file: Path, wrong: OnWrong) -> list[_Row]:
    rows: list[_Row] = []
    for number, line in enumerate(decode_lines(file.read_bytes(), str(file), wrong), start=1):
        if not line:
            continue
        fields = line.split("\t")
        try:
            if len(fields) != 2:
                raise DataError(f"{file}:{number}: expected 2 columns (path <TAB> text), found {len(fields)}")
            rows.append((_picture(place, fields[0], f"{file}:{number}"), fields[1], None))
        except DataError as error:
            wrong(error)
    return rows


def _read_jsonl(place: Path, file: Path, wrong: OnWrong) -> Sequence[Sample]:
    words: list[_Row] = []
    scenes: list[Sample] = []
    for number, line in enumerate(decode_lines(file.read_bytes(), str(file), wrong), start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        try:
            row = _parse_row(place, line, where)
        except DataError as error:
            wrong(error)
            continue
        if isinstance(row, Sample):
            scenes.append(row)
        else:
            words.append(row)
        if words and scenes:
            raise DataError(f"{where}: word crops and scenes in one file; split it in two")
    return scenes or _words(place, words)


def _parse_row(place: Path, line: str, where: str) -> _Row | Sample:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict) or not isinstance(row.get("path"), str):
        raise DataError(f'{where}: expected an object with a "path"')
    path = _picture(place, row["path"], where)
    lexicon = _lexicon(row.get("lexicon"), where)
    if isinstance(row.get("text"), str) and "instances" not in row:
        return path, row["text"], lexicon
    if isinstance(row.get("instances"), list) and "text" not in row:
        instances = [_instance(entry, f"{where}: instance {i}") for i, entry in enumerate(row["instances"])]
        return Sample(path, place / path, tuple(instances), lexicon=lexicon)
    raise DataError(f'{where}: expected either a "text" or a list of "instances"')


def _lexicon(entry: Any, where: str) -> tuple[str, ...] | None:
    if entry is None:
        return None
    if not (isinstance(entry, list) and all(isinstance(word, str) for word in entry)):
        raise DataError(f"{where}: a lexicon is a list of words")
    return tuple(entry)


def _instance(entry: Any, where: str) -> TextInstance:
    if not isinstance(entry, dict):
        raise DataError(f'{where}: expected an object with a "polygon"')
    for key in entry:
        if key not in ("polygon", "text", "legible", "characters"):
            raise DataError(f"{where}: no such key {key!r}; known: polygon, text, legible, characters")
    points, text, legible = entry.get("polygon"), entry.get("text"), entry.get("legible", True)
    if not (isinstance(points, list) and len(points) >= 3 and all(_is_point(point) for point in points)):
        raise DataError(f"{where}: a polygon is a list of 3 or more [x, y]")
    if not isinstance(text, str | None):
        raise DataError(f"{where}: a text is a string, not {text!r}")
    if not isinstance(legible, bool):
        raise DataError(f"{where}: legible is true or false, not {legible!r}")
    polygon = clockwise(densify(np.array(points, dtype=np.float32), 4))
    return TextInstance(polygon, text, legible=legible, characters=_characters(entry, where))


def _characters(entry: dict[str, Any], where: str) -> np.ndarray | None:
    """The outlines of the characters of an instance, (n, 4, 2) float32, if they are given."""
    quads, text = entry.get("characters"), entry.get("text")
    if quads is None:
        return None
    if not isinstance(quads, list) or len(quads) != len(text or ""):
        raise DataError(f"{where}: characters are a list, of one outline for each of the text {text!r}")
    if not all(isinstance(quad, list) and len(quad) == 4 and all(map(_is_point, quad)) for quad in quads):
        raise DataError(f"{where}: the outline of a character is a list of 4 [x, y]")
    return np.array(quads, dtype=np.float32).reshape(-1, 4, 2)


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in point)
    )


def _picture(place: Path, path: str, where: str) -> str:
    if not (place / path).is_file():
        raise DataError(f"{where}: no such picture: {path}")
    return path
