"""Data sets: DATASETS says by name how each is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import unknown_name
from ..types import Sample
from .folder import folder
from .icdar import icdar, icdar2015, icdar2015_words
from .iiit5k import iiit5k
from .lmdb_words import lmdb_words

DatasetReader = Callable[[Path, str], Sequence[Sample]]
"""reader(root, split) -> the samples, by index. The first line of its docstring describes it."""

DATASETS: dict[str, DatasetReader] = {
    "folder": folder,
    "icdar": icdar,
    "icdar2015": icdar2015,
    "icdar2015-words": icdar2015_words,
    "iiit5k": iiit5k,
    "lmdb": lmdb_words,
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
