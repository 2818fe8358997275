"""Pictures with bags of words, in a table as the code of oCLIP takes it."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DataError, OnWrong, strict
from ..labels import decode_lines, read_file
from .files import split_folder
from .weak import Weak, WeakScenes

TABLE = "bags.tsv"
_HEAD = "filepath\ttitle"


def bags(root: Path, split: str, wrong: OnWrong = strict) -> WeakScenes:
    """A folder of pictures with a `bags.tsv`: the words of each, and not where they are.

    A split is a folder inside `root`.
    Lines are a path, from the folder on or absolute, a tab, and words with blanks between them; nothing is
    quoted. A first line of `filepath` and `title`, as oCLIP's tables have it, is no picture.

    A picture has an instance for each word, whose polygon is the whole picture, and which is a don't-care, as
    in lsvt:weak. Whether pictures are there is not asked before their turn comes. Raises DataError, with file
    and line, for a wrong line.
    """
    place = split_folder(root, split)
    file = place / TABLE
    rows = []
    for number, line in enumerate(decode_lines(read_file(file), str(file), wrong), start=1):
        if not line.strip() or (number == 1 and line == _HEAD):
            continue
        path, tab, words = line.partition("\t")
        if not tab or not path or "\t" in words:
            wrong(DataError(f"{file}:{number}: expected 2 columns (path <TAB> words)"))
            continue
        rows.append(Weak(path, os.fspath(place / path), tuple(words.split())))
    if not rows:
        raise DataError(f"{file}: holds no pictures")
    return WeakScenes(rows)
