"""The word recognition tasks of the ICDAR Robust Reading competitions, as their archives unpack."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..errors import DataError, OnWrong, strict, unknown_name
from ..labels import decode_lines, unquote
from .files import data_folder, one_of, read_xml
from .words import Word, Words

_Places = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]

# By split: the folder of the pictures, and the label file as seen from there; of each the first that exists.
_IC03: _Places = {
    "train": (("TrialTrain", "train"), ("word.xml",)),
    "test": (("TrialTest", "test"), ("word.xml",)),
}
_IC13: _Places = {
    "train": (("Challenge2_Training_Task3_Images_GT", "train"), ("gt.txt",)),
    "test": (
        ("Challenge2_Test_Task3_Images", "test"),
        ("gt.txt", "Challenge2_Test_Task3_GT.txt", "../Challenge2_Test_Task3_GT.txt"),
    ),
}
_IC15: _Places = {
    "train": (("ch4_training_word_images_gt", "train"), ("gt.txt",)),
    "test": (
        ("ch4_test_word_images_gt", "test"),
        ("gt.txt", "Challenge4_Test_Task3_GT.txt", "../Challenge4_Test_Task3_GT.txt"),
    ),
}

_Rows = list[tuple[str, str]]  # path, text


def ic03(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """ICDAR 2003 word crops: train, test (about 1110).

    root   the folder that holds `TrialTrain` and `TrialTest` (or `train`, `test`), each with a `word.xml` of
           <image file="word/1/1.jpg" tag="WORD"/>; or one that holds such a folder `ic03`.

    The benchmark's 867 are what the filters alphanumeric and min-length 3 leave of the words of the scenes;
    the published crops, which are some three fewer, may give a few fewer.
    Raises DataError for a wrong file or a missing picture.
    """
    folder, labels = _places(root, "ic03", split, _IC03)
    rows = [(entry.get("file"), entry.get("tag")) for entry in read_xml(labels).iter("image")]
    found: _Rows = []
    for path, text in rows:
        try:
            if path is None or text is None:
                raise DataError(f"{labels}: an <image> has a file and a tag")
            found.append((_checked(folder, path, str(labels)), text))
        except DataError as error:
            wrong(error)
    return Words(len(found), partial(_word, folder, found))


def ic13(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """ICDAR 2013 Focused, word crops (Challenge 2, Task 3): train (848), test (1095).

    root   the folder that holds `Challenge2_Training_Task3_Images_GT` with its `gt.txt`, and
           `Challenge2_Test_Task3_Images` with `Challenge2_Test_Task3_GT.txt` inside or beside it (or `train`
           and `test`, each with a `gt.txt`); or one that holds such a folder `ic13`.

    Lines are `word_1.png, "WORD"`, with \\" and \\\\ for " and \\. The benchmark's 1015 are what the filter
    alphanumeric leaves of the test words, its 857 what min-length 3 leaves of those.
    Raises DataError for a wrong line or a missing picture.
    """
    return _quoted(root, "ic13", split, _IC13, wrong)


def ic15(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """ICDAR 2015 Incidental, word crops (Challenge 4, Task 3): train (4468), test (2077).

    root   the folder that holds `ch4_training_word_images_gt` with its `gt.txt`, and
           `ch4_test_word_images_gt` with `Challenge4_Test_Task3_GT.txt` inside or beside it (or `train` and
           `test`, each with a `gt.txt`); or one that holds such a folder `ic15`.

    Lines as in ic13; the corners in `coords.txt` are not used. The benchmark's 1811 were chosen by hand: no
    filter makes them. Raises DataError for a wrong line or a missing picture.
    """
    return _quoted(root, "ic15", split, _IC15, wrong)


def _quoted(root: Path, name: str, split: str, places: _Places, wrong: OnWrong) -> Words:
    folder, labels = _places(root, name, split, places)
    rows: _Rows = []
    for number, line in enumerate(decode_lines(labels.read_bytes(), str(labels), wrong), start=1):
        if not line.strip():
            continue
        path, comma, text = line.partition(",")
        try:
            if not comma:
                raise DataError(f"{labels}:{number}: expected 'word_1.png, \"text\"', found {line[:60]!r}")
            rows.append((_checked(folder, path.strip(), f"{labels}:{number}"), unquote(text.strip())))
        except DataError as error:
            wrong(error)
    return Words(len(rows), partial(_word, folder, rows))


def _places(root: Path, name: str, split: str, places: _Places) -> tuple[Path, Path]:
    """The folder of a split's pictures, and its label file."""
    if split not in places:
        raise unknown_name(f"split of {name}", split, places)
    folders, files = places[split]
    folder = one_of(data_folder(root, name), folders)
    return folder, one_of(folder, files)


def _checked(folder: Path, path: str, where: str) -> str:
    if not (folder / path).is_file():
        raise DataError(f"{where}: no such picture: {path}")
    return path


def _word(folder: Path, rows: _Rows, index: int) -> Word:
    path, text = rows[index]
    return Word(path.rpartition(".")[0], folder / path, text)
