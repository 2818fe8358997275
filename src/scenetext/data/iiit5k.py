"""IIIT5K-Words (Mishra et al. 2012): 5000 cropped words."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, OnWrong, strict, unknown_name
from ..geometry import box_polygon
from ..labels import decode_lines
from .files import data_folder
from .mat import load_mat, strings
from .words import Word, Words

# By split: the files' name, and the field with the lexicons.
SPLITS = {
    "train": ("train", "smallLexi"),
    "test": ("test", "smallLexi"),
    "train-1k": ("train", "mediumLexi"),
    "test-1k": ("test", "mediumLexi"),
}


def iiit5k(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """IIIT5K word crops: train (2000), test (3000); with -1k the lexicons of 1000 words instead of 50.

    root   the folder that holds `testdata.mat` and `traindata.mat` as published, and the pictures; or one
           that holds such a folder `iiit5k` or `IIIT5K`. Character boxes come from `testCharBound.mat` and
           `trainCharBound.mat`, if they are there.
           Where the .mat is missing, labels are read from `test.tags` and `train.tags` (lines "path text"),
           without lexicons and characters.

    Labels have no punctuation: score them without it. Raises DataError for a wrong line or a missing picture.
    """
    if split not in SPLITS:
        raise unknown_name("split of iiit5k", split, SPLITS)
    part, lexicon = SPLITS[split]
    folder = data_folder(root, "iiit5k", ("IIIT5K",))
    labels, tags = folder / f"{part}data.mat", folder / f"{part}.tags"
    if labels.is_file():
        rows = _read_mat(folder, part, lexicon, wrong)
    elif tags.is_file() and part == split:
        rows = _read_tags(folder, tags, wrong)
    else:
        raise DataError(f"{labels}: missing" + (f", and so is {tags.name}" if part == split else ""))
    return Words(len(rows), partial(_word, folder, rows))


_Row = tuple[str, str, tuple[str, ...] | None, np.ndarray | None]  # path, text, lexicon, characters


def _word(folder: Path, rows: list[_Row], index: int) -> Word:
    path, text, lexicon, characters = rows[index]
    return Word(Path(path).stem, folder / path, text, lexicon, characters)


def _read_tags(folder: Path, tags: Path, wrong: OnWrong) -> list[_Row]:
    rows: list[_Row] = []
    for number, line in enumerate(decode_lines(tags.read_bytes(), str(tags), wrong), start=1):
        if not line.strip():
            continue
        fields = line.split()
        if len(fields) != 2:
            wrong(DataError(f"{tags}:{number}: expected 'path text', found {line[:60]!r}"))
            continue
        if not (folder / fields[0]).is_file():
            wrong(DataError(f"{tags}:{number}: no such picture: {fields[0]}"))
            continue
        rows.append((fields[0], fields[1], None, None))
    return rows


def _read_mat(folder: Path, part: str, lexicon: str, wrong: OnWrong) -> list[_Row]:
    file = folder / f"{part}data.mat"
    entries = load_mat(file, f"{part}data")[f"{part}data"].ravel()
    missing = {"ImgName", "GroundTruth", lexicon} - set(entries.dtype.names or ())
    if missing:
        raise DataError(f"{file}: {part}data has no field {sorted(missing)[0]}")
    characters = _read_characters(folder / f"{part}CharBound.mat", f"{part}CharBound")
    known: dict[str, str] = {}  # the lexicons repeat the same words
    rows: list[_Row] = []
    for number, entry in enumerate(entries, start=1):
        path, text = (" ".join(strings(entry[key])) for key in ("ImgName", "GroundTruth"))
        if not (folder / path).is_file():
            wrong(DataError(f"{file}: entry {number}: no such picture: {path}"))
            continue
        words = tuple(known.setdefault(word, word) for word in strings(entry[lexicon]))
        rows.append((path, text, words, characters.get(path)))
    return rows


def _read_characters(file: Path, name: str) -> dict[str, np.ndarray]:
    """Path of a picture -> its characters' polygons (n, 4, 2)."""
    if not file.is_file():
        return {}
    entries: Any = load_mat(file, name)[name].ravel()
    found = {}
    for number, entry in enumerate(entries, start=1):
        try:
            (path,) = strings(entry["ImgName"])
            # x, y, width, height; MATLAB counts pixels from 1
            boxes = np.asarray(entry["charBB"], dtype=np.float32).reshape(-1, 4) - np.array([1, 1, 0, 0])
        except (ValueError, IndexError):
            raise DataError(
                f"{file}: entry {number}: expected an ImgName and rows of four in charBB"
            ) from None
        polygons = [box_polygon(x, y, x + width, y + height) for x, y, width, height in boxes]
        found[path] = np.array(polygons, dtype=np.float32).reshape(-1, 4, 2)
    return found
