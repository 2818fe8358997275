"""IIIT5K-Words: 5000 cropped words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..errors import DataError, unknown_name
from ..labels import decode_lines
from ..types import Sample
from .files import data_folder
from .words import Word, Words

SPLITS = ("train", "test")


def iiit5k(root: Path, split: str) -> Sequence[Sample]:
    """IIIT5K word crops: train (2000), test (3000). Labels have no punctuation: score them without it.

    root   the folder that holds `train.tags` and `test.tags` (lines "path text") and the pictures they name;
           or a folder that holds such a folder `iiit5k`.
    Raises DataError for a wrong line or a missing picture.
    """
    if split not in SPLITS:
        raise unknown_name("split of iiit5k", split, SPLITS)
    folder = data_folder(root, "iiit5k")
    tags = folder / f"{split}.tags"
    if not tags.is_file():
        raise DataError(f"{tags}: missing")
    rows = []
    for number, line in enumerate(decode_lines(tags.read_bytes(), str(tags)), start=1):
        if not line.strip():
            continue
        fields = line.split()
        if len(fields) != 2:
            raise DataError(f"{tags}:{number}: expected 'path text', found {line[:60]!r}")
        if not (folder / fields[0]).is_file():
            raise DataError(f"{tags}:{number}: no such picture: {fields[0]}")
        rows.append((fields[0], fields[1]))
    return Words(len(rows), partial(_word, folder, rows))


def _word(folder: Path, rows: list[tuple[str, str]], index: int) -> Word:
    path, text = rows[index]
    return Path(path).stem, folder / path, text
