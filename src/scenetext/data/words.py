"""Word crops as samples: a sequence that builds each `Sample` when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from ..geometry import box_polygon
from ..image import image_size
from ..types import Sample, Source, TextInstance

Word = tuple[str, Source, str]
"""Name, picture and text of one word crop."""


class Words(Sequence[Sample]):
    """`count` word crops; `fetch(i)` gives the i-th, for 0 <= i < count.

    Each sample has one instance: the text, and the whole picture as its polygon. Nothing is decoded but the
    picture's header. Picklable if `fetch` is, so that loader processes can share it.
    """

    def __init__(self, count: int, fetch: Callable[[int], Word]) -> None:
        self._count = count
        self._fetch = fetch

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        position = index + self._count if index < 0 else index
        if not 0 <= position < self._count:
            raise IndexError(f"sample {index} of {self._count}")
        name, source, text = self._fetch(position)
        width, height = image_size(source, name=name)
        return Sample(name, source, (TextInstance(box_polygon(0, 0, width, height), text),))
