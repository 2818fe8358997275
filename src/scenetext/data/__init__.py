"""Data sets: DATASETS says by name how each is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..errors import OnWrong, unknown_name
from ..types import Sample
from .bags import bags
from .coco import coco
from .cocotext import cocotext, textocr
from .competitions import ic03, ic13, ic15
from .ctw1500 import ctw1500
from .folder import folder
from .icdar import icdar, icdar2013, icdar2015, icdar2015_words, mlt2017, mlt2019
from .iiit5k import iiit5k
from .irregular import cute80, svtp
from .lmdb_words import lmdb_words
from .lsvt import art, lsvt
from .mjsynth import mjsynth
from .ppocrlabel import ppocrlabel
from .svt import svt, svt_words
from .synthtext import synthtext, synthtext_words
from .td500 import td500, tr400
from .totaltext import totaltext
from .union14m import union14m


class DatasetReader(Protocol):
    """Reads a data set; the first line of its docstring describes it."""

    def __call__(self, root: Path, split: str, wrong: OnWrong = ...) -> Sequence[Sample]:
        """The samples, by index.

        wrong   called with the error of each wrong line or entry, which is then left out. By default it
                raises.
        """


DATASETS: dict[str, DatasetReader] = {
    "art": art,
    "bags": bags,
    "coco": coco,
    "cocotext": cocotext,
    "ctw1500": ctw1500,
    "cute80": cute80,
    "folder": folder,
    "ic03": ic03,
    "ic13": ic13,
    "ic15": ic15,
    "icdar": icdar,
    "icdar2013": icdar2013,
    "icdar2015": icdar2015,
    "icdar2015-words": icdar2015_words,
    "iiit5k": iiit5k,
    "lmdb": lmdb_words,
    "lsvt": lsvt,
    "mjsynth": mjsynth,
    "mlt2017": mlt2017,
    "mlt2019": mlt2019,
    "ppocrlabel": ppocrlabel,
    "svt": svt,
    "svt-words": svt_words,
    "svtp": svtp,
    "synthtext": synthtext,
    "synthtext-words": synthtext_words,
    "td500": td500,
    "textocr": textocr,
    "totaltext": totaltext,
    "tr400": tr400,
    "union14m": union14m,
}


def parse_name(name: str) -> tuple[str, str]:
    """ "icdar2015:val" as (data set, split); without a colon the split is "". Raises SettingsError."""
    dataset, _, split = name.partition(":")
    if dataset not in DATASETS:
        raise unknown_name("data set", dataset, DATASETS)
    return dataset, split


def open_dataset(name: str, root: str | Path, wrong: OnWrong | None = None) -> Sequence[Sample]:
    """The samples of "dataset:split" under the folder `root`.

    wrong   called with the error of each wrong line or entry, which is then left out: the `append` of a list,
            say. Without it the first one is raised. Raises SettingsError, DataError.
    """
    dataset, split = parse_name(name)
    reader = DATASETS[dataset]
    return reader(Path(root), split) if wrong is None else reader(Path(root), split, wrong)
