"""Data sets: DATASETS says by name how each is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import unknown_name
from ..types import Sample
from .competitions import ic03, ic13, ic15
from .folder import folder
from .icdar import icdar, icdar2015, icdar2015_words
from .iiit5k import iiit5k
from .irregular import cute80, svtp
from .lmdb_words import lmdb_words
from .mjsynth import mjsynth
from .svt import svt, svt_words
from .synthtext import synthtext, synthtext_words
from .union14m import union14m

DatasetReader = Callable[[Path, str], Sequence[Sample]]
"""reader(root, split) -> the samples, by index. The first line of its docstring describes it."""

DATASETS: dict[str, DatasetReader] = {
    "cute80": cute80,
    "folder": folder,
    "ic03": ic03,
    "ic13": ic13,
    "ic15": ic15,
    "icdar": icdar,
    "icdar2015": icdar2015,
    "icdar2015-words": icdar2015_words,
    "iiit5k": iiit5k,
    "lmdb": lmdb_words,
    "mjsynth": mjsynth,
    "svt": svt,
    "svt-words": svt_words,
    "svtp": svtp,
    "synthtext": synthtext,
    "synthtext-words": synthtext_words,
    "union14m": union14m,
}


def parse_name(name: str) -> tuple[str, str]:
    """ "icdar2015:val" as (data set, split); without a colon the split is "". Raises SettingsError."""
    dataset, _, split = name.partition(":")
    if dataset not in DATASETS:
        raise unknown_name("data set", dataset, DATASETS)
    return dataset, split


def open_dataset(name: str, root: str | Path) -> Sequence[Sample]:
    """The samples of "dataset:split" under the folder `root`. Raises SettingsError, DataError."""
    dataset, split = parse_name(name)
    return DATASETS[dataset](Path(root), split)
