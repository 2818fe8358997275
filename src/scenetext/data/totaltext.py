"""Total-Text (Ch'ng and Chan 2017): scenes with curved words, outlined by polygons."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, OnWrong, strict, unknown_name
from ..geometry import clockwise
from ..image import upright_points
from ..labels import decode_lines, excerpt, parse_line, parse_lines, read_file
from ..types import Sample, TextInstance
from .files import all_of, data_folder
from .mat import load_mat, strings
from .scenes import find_entries, in_order, labelled_scenes, truth

SPLITS = {"train": "Train", "test": "Test"}

# Where a split's label files are, {} being Train or Test: below the archives' own folders, or short.
_LABELS = (
    "Groundtruth/Polygon/{}", "Polygon/{}", "Groundtruth/Text/{}", "Groundtruth/{}", "txt_format/{}", "gt/{}",
)  # fmt: skip
_NAMES = ("poly_gt_{}.txt", "gt_{}.txt", "poly_gt_{}.mat", "gt_{}.mat", "{}.txt", "{}.mat")

_IGNORED = "#"  # as an orientation and as a text

_ENTRY = re.compile(r"^[ \t]*x:.*?(?=^[ \t]*x:|\Z)", re.DOTALL | re.MULTILINE)
_FIELDS = re.compile(
    r"\s*x:\s*\[\[(?P<x>[^\]]*)\]\],\s*y:\s*\[\[(?P<y>[^\]]*)\]\],\s*ornt:\s*\[(?P<ornt>[^\]]*)\]"
    r",\s*transcriptions:\s*\[(?P<text>.*)\]\s*",
    re.DOTALL,
)
_LITERAL = re.compile(r"""u?(['"])(.*)\1""", re.DOTALL)


def totaltext(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """Total-Text, scenes with curved words: train (1255), test (300).

    root   the folder that holds `Images/Train` and `Images/Test`, and beside them the label files in
           `Groundtruth/Polygon/Train` and so on (or `txt_format/Train`, `gt/Train` ...); or `train_images`
           and `train_gts`, `test_images` and `test_gts`; or one that holds such a folder `totaltext` or
           `Total-Text`.

    Of a picture img11 the first that exists is read: `poly_gt_img11.txt`, `gt_img11.txt`, or the same names
    as .mat, which need scipy; a .mat may be of the legacy kind (`polygt`) or of the refined one (`gt`). In
    the place of the official text form, lines `x1,y1,...,xn,yn,text` are read too, with ### for don't-care.
    A word is a don't-care if its orientation is #, and also if its text is: some are marked only once.
    Annotations are of the pixels as they are stored, which EXIF turns in one picture of the test set.
    Raises DataError for a picture without labels, the reverse, or a wrong entry.
    """
    if split not in SPLITS:
        raise unknown_name("split of totaltext", split, SPLITS)
    folder = data_folder(root, "totaltext", ("Total-Text",))
    images = all_of(folder, (f"Images/{SPLITS[split]}", f"{split}_images"))
    labels = all_of(folder, (*(place.format(SPLITS[split]) for place in _LABELS), f"{split}_gts"))
    return [_upright(sample) for sample in labelled_scenes(images, labels, _NAMES, _read, wrong)]


def _read(file: Path, wrong: OnWrong) -> list[TextInstance]:
    if file.suffix == ".mat":
        return _read_mat(file, wrong)
    data = read_file(file)
    if not data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"x:"):
        return parse_lines(data, str(file), lambda line: in_order(parse_line(line, "polygon")), wrong)
    text = "\n".join(decode_lines(data, str(file), wrong))
    # entries x, y, ornt, transcriptions; each may run over several lines
    return find_entries(file, text, _ENTRY, lambda entry: parse_entry(entry[0]), wrong)


def parse_entry(entry: str) -> TextInstance:
    """`x: [[20 60 ...]], y: [[50 30 ...]], ornt: [u'c'], transcriptions: [u'WORD']`. Raises ValueError."""
    found = _FIELDS.fullmatch(entry)
    if found is None:
        raise ValueError(f"expected x, y, ornt and transcriptions, found {excerpt(entry.strip())}")
    x, y = ([float(number) for number in found[axis].replace(",", " ").split()] for axis in "xy")
    return _instance(x, y, _literal(found["ornt"]), _literal(found["text"]))


def _read_mat(file: Path, wrong: OnWrong) -> list[TextInstance]:
    """Rows x:, xs, y:, ys, text, orientation."""
    instances = []
    for number, row in enumerate(_rows(file), start=1):
        try:
            x, y = (np.asarray(row[column], dtype=np.float64).ravel().tolist() for column in (1, 3))
            text, orientation = ("".join(strings(row[column])) for column in (4, 5))
            instances.append(_instance(x, y, orientation, text))
        except ValueError as error:
            wrong(DataError(f"{file}: entry {number}: {error}"))
    return instances


def _rows(file: Path) -> Any:
    for name in ("polygt", "gt"):
        try:
            rows = load_mat(file, name)[name]
        except DataError:
            if name == "gt":
                raise
            continue
        if rows.size == 0:
            return []
        if rows.ndim == 2 and rows.shape[1] >= 6:
            return rows
    raise DataError(f"{file}: expected rows of six cells: x:, xs, y:, ys, text, orientation")


def _instance(x: list[float], y: list[float], orientation: str, text: str) -> TextInstance:
    if len(x) != len(y):
        raise ValueError(f"{len(x)} x and {len(y)} y")
    legible = _IGNORED not in (orientation.strip(), text.strip())
    return truth(zip(x, y, strict=True), text or None, legible)


def _literal(cell: str) -> str:
    """The string in u'...' or u"..."; with unescaped quotes inside, what the outer ones hold."""
    cell = cell.strip()
    try:
        value = ast.literal_eval(cell)
    except (ValueError, SyntaxError):
        value = None
    if isinstance(value, str):
        return value
    found = _LITERAL.fullmatch(cell)
    return found[2] if found else cell


def _upright(sample: Sample) -> Sample:
    instances = tuple(
        instance.replace(polygon=clockwise(polygon))
        for instance, polygon in zip(
            sample.instances,
            upright_points([instance.polygon for instance in sample.instances], sample.source),
            strict=True,
        )
    )
    return Sample(sample.name, sample.source, instances)
