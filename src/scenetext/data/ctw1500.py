"""SCUT-CTW1500 (Liu et al. 2017): scenes with curved lines of text, each outlined by fourteen points."""

from __future__ import annotations

import html
import re
from pathlib import Path

from ..errors import DataError, OnWrong, strict, unknown_name
from ..labels import ILLEGIBLE, decode_lines, excerpt, leading_numbers, read_file
from ..types import Sample, TextInstance
from .files import all_of, data_folder
from .scenes import find_entries, labelled_scenes, line_reader, pairs_of, truth

# Of each split the folders of the pictures and of the label files.
SPLITS = {
    "train": (
        ("train_images", "train/text_image"),
        ("ctw1500_train_labels", "train_labels", "train/text_label_curve", "train_gts"),
    ),
    "test": (
        ("test_images", "test/text_image"),
        ("gt_ctw1500", "test_labels", "test/text_label_circum", "test/text_label_curve", "test_gts"),
    ),
}

_COORDINATES = 28
_BOX = 4  # coordinates of the upright box that lines of the first version begin with
_MARK = "####"  # stands before each text of the test files
_UNKNOWN = frozenset(
    ("*", "**")
)  # of sets converted from this one: there is a text, but nobody wrote it down

# XML, but not read as such: labels hold bare & and <.
_ENTRY = re.compile(r"<box\b[^>]*>(.*?)</box>", re.DOTALL)
_LABEL = re.compile(r"<label>(.*?)</label>", re.DOTALL)
_SEGMENTS = re.compile(r"<segs>([^<]*)</segs>")


def ctw1500(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """SCUT-CTW1500, scenes with curved lines of text: train (1000), test (500).

    root   the folder that holds `train_images` and `ctw1500_train_labels`, `test_images` and `gt_ctw1500`
           (the second version); or `train/text_image` and `train/text_label_curve`, `test/text_image` and
           `test/text_label_circum` (the first); or `train_gts` and `test_gts` as labels; or one that holds
           such a folder `ctw1500`.

    Of a picture 1001 the first that exists is read: `1001.xml`, `1001.txt`, `0001001.txt`. Lines of the first
    version are an upright box and fourteen offsets from its top left corner, without texts and don't-cares;
    of the second fourteen points, and `####` before the text. Text in Chinese, and what nobody could read, is
    `###`: a don't-care. `*` and `**` of converted sets are lines with a text that was not written down.
    Raises DataError for a picture without labels, the reverse, or a wrong line.
    """
    if split not in SPLITS:
        raise unknown_name("split of ctw1500", split, SPLITS)
    folder = data_folder(root, "ctw1500")
    images, labels = (all_of(folder, patterns) for patterns in SPLITS[split])
    return labelled_scenes(images, labels, ("{}.xml", "{}.txt", "000{}.txt"), _read, wrong)


def parse_ctw1500(line: str) -> TextInstance:
    """A line of either version, told apart by the number of its coordinates. Raises ValueError."""
    fields = line.split(",")
    count = leading_numbers(fields)
    if count == len(fields) == _BOX + _COORDINATES:
        left, top, _, _, *offsets = (float(field) for field in fields)
        return truth([(left + x, top + y) for x, y in pairs_of(offsets)], None)
    if count < _COORDINATES or (count > _COORDINATES and count == len(fields)):
        raise ValueError(
            f"expected 28 coordinates and a text, or 32 numbers, found {count} numbers in {excerpt(line)}"
        )
    text = ",".join(fields[_COORDINATES:]).removeprefix(_MARK) if len(fields) > _COORDINATES else None
    return _instance([float(field) for field in fields[:_COORDINATES]], text)


def _read(file: Path, wrong: OnWrong) -> list[TextInstance]:
    if file.suffix == ".txt":
        return line_reader(parse_ctw1500)(file, wrong)
    text = "\n".join(decode_lines(read_file(file), str(file), wrong))
    if "<image" not in text:
        raise DataError(f"{file}: expected XML with an <image> and <box>es")
    return find_entries(file, text, _ENTRY, lambda entry: _parse_entry(entry[1]), wrong)


def _parse_entry(entry: str) -> TextInstance:
    label, segments = _LABEL.search(entry), _SEGMENTS.search(entry)
    if segments is None:
        raise ValueError("a <box> without <segs>")
    fields = segments[1].split(",")
    if len(fields) != _COORDINATES or leading_numbers(fields) < _COORDINATES:
        raise ValueError(f"expected 28 coordinates in <segs>, found {excerpt(segments[1])}")
    return _instance([float(field) for field in fields], html.unescape(label[1]) if label else None)


def _instance(coordinates: list[float], text: str | None) -> TextInstance:
    legible = text != ILLEGIBLE
    return truth(pairs_of(coordinates), None if text in _UNKNOWN else text, legible)
