"""SVT-Perspective and CUTE80: small sets of words that are seen askew or stand on curves."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..errors import DataError, OnWrong, strict, unknown_name
from ..labels import decode_lines
from .files import data_folder, one_of
from .words import Word, Words

SPLITS = ("test",)


def svtp(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """SVT-Perspective (Phan et al. 2013), word crops seen askew: test (645).

    root   the folder that holds `gt.txt` (lines "13_15_0_par.jpg WORD"; a text may hold blanks) and the
           pictures in `par1` or beside the file; or one that holds such a folder `svtp`.
    Raises DataError for a wrong line or a missing picture.
    """
    if split not in SPLITS:
        raise unknown_name("split of svtp", split, SPLITS)
    return _listed(data_folder(root, "svtp"), ("gt.txt", "test_label.txt"), ("par1", "image", "."), wrong)


def cute80(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """CUTE80 (Risnumawan et al. 2014), word crops, many of them curved: test (288).

    root   the folder that holds `timage` and a list `test_label.txt` or `gt.txt` (lines "timage/001.jpg
           WORD", with or without the further columns "1 WORD"); or one that holds such a folder `cute80` or
           `ct80`.
    Raises DataError for a wrong line or a missing picture.
    """
    if split not in SPLITS:
        raise unknown_name("split of cute80", split, SPLITS)
    folder = data_folder(root, "cute80", ("ct80",))
    return _listed(folder, ("test_label.txt", "gt.txt"), (".", "timage", "image"), wrong)


def _listed(folder: Path, files: tuple[str, ...], places: tuple[str, ...], wrong: OnWrong) -> Words:
    """Words from a list of "path text"; the paths are relative to one of `places` in the list's folder."""
    labels = one_of(folder, files)
    rows: list[tuple[str, str]] = []
    for number, line in enumerate(decode_lines(labels.read_bytes(), str(labels), wrong), start=1):
        if not line.strip():
            continue
        fields = line.split(maxsplit=1)
        if len(fields) < 2:
            wrong(DataError(f"{labels}:{number}: expected 'path text', found {line[:60]!r}"))
            continue
        found = next((place for place in places if (folder / place / fields[0]).is_file()), None)
        if found is None:
            wrong(DataError(f"{labels}:{number}: no such picture: {fields[0]}"))
            continue
        rows.append((Path(found, fields[0]).as_posix(), _text(fields[1].strip())))
    return Words(len(rows), partial(_word, folder, rows))


def _text(columns: str) -> str:
    """The text of what stands behind the path: all of it, or the first of "WORD 2 WORD OTHER", a word and a
    lexicon that holds it."""
    word, *lexicon = columns.split()
    listed = len(lexicon) > 1 and lexicon[0] == str(len(lexicon) - 1) and word in lexicon[1:]
    return word if listed else columns


def _word(folder: Path, rows: list[tuple[str, str]], index: int) -> Word:
    path, text = rows[index]
    return Word(Path(path).stem, folder / path, text)
