"""MJSynth ("Synth90k", Jaderberg et al. 2014): nine million synthetic words."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..errors import BadImageError, OnWrong, strict, unknown_name
from .files import Lines, data_folder
from .words import Word, Words

SPLITS = ("train", "val", "test")

_INNER = ("mnt/ramdisk/max/90kDICT32px", "90kDICT32px")  # as the archive unpacks, and shortened


def mjsynth(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """MJSynth, synthetic words of a 90k dictionary: train (7.2 million), val (0.8), test (0.9).

    root   the folder that holds `annotation_train.txt` and so on, whose lines are "./1/2/123_WORD_4567.jpg
           4567"; or one that holds `mjsynth`, or the archive's own folders down to `90kDICT32px`.

    The text is the middle part of a picture's name. A line is looked at when its turn comes, so that `wrong`
    has nothing to do here. Whether the pictures are there is not asked before their
    turn comes; a few are known to be broken. Raises DataError.
    """
    if split not in SPLITS:
        raise unknown_name("split of mjsynth", split, SPLITS)
    folder = data_folder(root, "mjsynth", _INNER)
    lines = Lines(folder / f"annotation_{split}.txt")
    return Words(len(lines), partial(_word, folder, lines))


def _word(folder: Path, lines: Lines, index: int) -> Word:
    path = lines[index].split(" ")[0].removeprefix("./")
    name = path.rpartition(".")[0]
    number, _, rest = name.rpartition("/")[2].partition("_")
    text, _, entry = rest.rpartition("_")
    if not (text and number.isdigit() and entry.isdigit()):
        raise BadImageError(
            path, f"no text in the name, which should be 123_WORD_4567.jpg ({lines.where(index)})"
        )
    return Word(name, folder / path, text)
