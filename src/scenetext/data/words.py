"""Word crops as samples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from ..geometry import box_polygon
from ..image import image_size
from ..types import Sample, Source, TextInstance
from .lazy import Lazy


class Word(NamedTuple):
    """One word crop.

    lexicon      words that the data set says a reader may choose from.
    characters   (n, 4, 2) float32, a polygon for each character, pixels of the picture.
    """

    name: str
    source: Source
    text: str
    lexicon: tuple[str, ...] | None = None
    characters: np.ndarray | None = None


class Words(Lazy[Sample]):
    """`count` word crops; `fetch(i)` gives the i-th, for 0 <= i < count.

    Each sample has one instance: the text, and the whole picture as its polygon. Nothing is decoded but the
    picture's header. Picklable if `fetch` is, so that loader processes can share it.
    """

    def __init__(self, count: int, fetch: Callable[[int], Word]) -> None:
        self._count = count
        self._fetch = fetch

    def __len__(self) -> int:
        return self._count

    def make(self, index: int) -> Sample:
        word = self._fetch(index)
        width, height = image_size(word.source, name=word.name)
        whole = box_polygon(0, 0, width, height)
        instance = TextInstance(whole, word.text, characters=word.characters)
        return Sample(word.name, word.source, (instance,), word.lexicon)

    def word(self, index: int) -> Word:
        """The word at `index`, whose picture is not even looked at. Raises IndexError."""
        return self._fetch(self.position(index))


def chain(parts: Sequence[Words]) -> Words:
    """Several sets of words, one after the other, as one."""
    return parts[0] if len(parts) == 1 else Words(sum(map(len, parts)), _Chain(parts))


class _Chain:
    """Index of a word -> the word, over several parts."""

    def __init__(self, parts: Sequence[Words]) -> None:
        self._parts = parts
        self._starts = [0, *accumulate(map(len, parts))]

    def __call__(self, index: int) -> Word:
        part = bisect_right(self._starts, index) - 1
        return self._parts[part].word(index - self._starts[part])
