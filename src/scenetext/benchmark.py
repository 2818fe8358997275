"""The benchmark of recognisers: ten lists of test words, and what is made of them (Baek et al., ICCV 2019).

Words are compared by the protocol "word-accuracy". Of the ten lists, six are three pairs of which one holds
most of the other, and two totals are in use:

    union   over the 8539 words of seven lists, the larger one of each pair: the paper's total accuracy
    lists   over the 12067 entries of all ten, which counts most words of the pairs twice: the total that the
            benchmark's script prints
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .data import DATASETS, open_dataset
from .data.filters import Filters
from .errors import DataError, unknown_name
from .evaluate.protocols import find_protocol
from .judge import judge
from .types import Sample

PROTOCOL = "word-accuracy"
FOLDERS = ("", "evaluation")  # inside the data folder, where the folders of the lists may lie
TIMED = 100  # crops
REPEATS = 3


@dataclass(frozen=True)
class WordList:
    """A list of test words.

    name      of the list and of its LMDB folder.
    words     that it has as published; 0 for a list that is not part of the benchmark.
    union     whether its words count in the total over the union.
    dataset   one of our data sets with the same words, looked for
    folder    if the data folder holds this one,
    filters   of which these are left out.
    """

    name: str
    words: int = 0
    union: bool = False
    dataset: str = ""
    folder: str = ""
    filters: Filters = field(default_factory=Filters)


_LETTERS = Filters(alphanumeric=True)
_LONGER = Filters(alphanumeric=True, min_length=3)

_LISTS = (
    WordList("IIIT5k_3000", 3000, True, "iiit5k:test", "iiit5k"),
    WordList("SVT", 647, True, "svt-words:test", "svt"),
    WordList("IC03_860", 860),  # the choice of its 860 words is not known
    WordList("IC03_867", 867, True, "ic03:test", "ic03", _LONGER),
    WordList("IC13_857", 857, False, "ic13:test", "ic13", _LONGER),
    WordList("IC13_1015", 1015, True, "ic13:test", "ic13", _LETTERS),
    WordList("IC15_1811", 1811),  # chosen by hand
    WordList("IC15_2077", 2077, True, "ic15:test", "ic15"),
    WordList("SVTP", 645, True, "svtp:test", "svtp"),
    WordList("CUTE80", 288, True, "cute80:test", "cute80"),
)
SETS: dict[str, WordList] = {entry.name: entry for entry in _LISTS}
OWN = WordList("icdar2015-words:val", dataset="icdar2015-words:val", folder="icdar2015")


@dataclass(frozen=True)
class Found:
    """A list and its samples, None where there are none."""

    entry: WordList
    samples: Sequence[Sample] | None

    @property
    def differs(self) -> bool:
        """True if the list has another number of words than published."""
        return self.samples is not None and self.entry.words not in (0, len(self.samples))


@dataclass(frozen=True)
class Standing:
    """How one model did: by list (correct, words), and milliseconds a word."""

    counts: Mapping[str, tuple[int, int]]
    milliseconds: float

    def accuracy(self, name: str) -> float | None:
        """Share of the words of a list that were read, None if the list is missing."""
        return _share([self.counts[name]]) if name in self.counts else None

    @property
    def union(self) -> float | None:
        """Accuracy over the union of the lists, None if one of them is missing."""
        return self._total([entry.name for entry in _LISTS if entry.union])

    @property
    def lists(self) -> float | None:
        """Accuracy over all entries of the ten lists, None if one of them is missing."""
        return self._total(list(SETS))

    def _total(self, names: Sequence[str]) -> float | None:
        if not set(names) <= self.counts.keys():
            return None
        return _share([self.counts[name] for name in names])


def find_lists(names: Sequence[str], root: Path, limit: int = 0) -> list[Found]:
    """The lists of these names, as far as the folder `root` holds them.

    names   of SETS, or data sets of word crops such as "folder:words"; empty: the ten, and OWN
    limit   only the first words of each; 0: all

    A list is an LMDB of its name in `root` or in `root/evaluation`, or one of our data sets in its folder.
    Raises SettingsError for an unknown name, DataError for a damaged list or if there is none at all.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    found = []
    for name in names or (*SETS, OWN.name):
        entry = SETS.get(name) or _other(name)
        samples = _open(entry, root)
        if samples is not None and limit:
            samples = samples[:limit]
        found.append(Found(entry, samples))
    if all(entry.samples is None for entry in found):
        raise DataError(
            f"{root}: holds none of the lists; it needs LMDB folders such as {root / 'SVT'}, or folders of "
            "data sets such as iiit5k"
        )
    return found


def stand(
    model: Any, lists: Sequence[Found], progress: Callable[[int], object] = lambda done: None
) -> Standing:
    """Tests a model that has .recognize(crops) on all lists that are there.

    progress   called with the number of words read since the last call
    """
    protocol = find_protocol(PROTOCOL)
    counts = {}
    crops = []
    there = [(found.entry.name, found.samples) for found in lists if found.samples is not None]
    for name, samples in there:
        score = judge(model, samples, protocol, progress).score
        counts[name] = score.counts["correct"], score.counts["words"]
        some = -(-TIMED // len(there))
        crops += [samples[i * len(samples) // some].image for i in range(some if len(samples) else 0)]
    if len(crops) > TIMED:  # what is over comes from all lists, not from the last one
        crops = [crops[i * len(crops) // TIMED] for i in range(TIMED)]
    return Standing(counts, milliseconds(model, crops))


def milliseconds(model: Any, crops: Sequence[np.ndarray]) -> float:
    """Milliseconds from a crop in memory to its text, one crop at a time.

    The mean over the crops of the median of REPEATS runs, after one run to warm up.
    """
    model.recognize(crops[:1])
    seconds = []
    for crop in crops:
        runs = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            model.recognize([crop])
            runs.append(time.perf_counter() - began)
        seconds.append(statistics.median(runs))
    return 1000 * statistics.fmean(seconds) if seconds else 0.0


def _other(name: str) -> WordList:
    """A list that is not part of the benchmark."""
    if name == OWN.name:
        return OWN
    if name.partition(":")[0] not in DATASETS:
        raise unknown_name("list or data set", name, [*SETS, *DATASETS])
    return WordList(name, dataset=name)  # with no folder to look for: its reader says what is missing


def _open(entry: WordList, root: Path) -> Sequence[Sample] | None:
    if entry.words:
        for folder in FOLDERS:
            if (root / folder / entry.name / "data.mdb").is_file():
                return open_dataset(f"lmdb:{Path(folder, entry.name).as_posix()}", root)
    if entry.dataset and (root / entry.folder).is_dir():
        samples = open_dataset(entry.dataset, root)
        if not entry.filters.names:
            return samples
        return [s for s in samples if entry.filters.dropped_by(s.instances[0].text or "") is None]
    return None


def _share(counts: Sequence[tuple[int, int]]) -> float:
    words = sum(count for _, count in counts)
    return sum(correct for correct, _ in counts) / words if words else 0.0
