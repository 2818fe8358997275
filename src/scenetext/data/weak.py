"""Scenes whose texts are known, but not where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..geometry import box_polygon
from ..image import image_size
from ..types import Sample, TextInstance
from .lazy import Lazy


class Weak(NamedTuple):
    """One such scene; path of the picture."""

    name: str
    path: str
    texts: tuple[str, ...]


class WeakScenes(Lazy[Sample]):
    """Scenes with an instance for each text, whose polygon is the whole picture, and which is a don't-care.

    Whoever wants to know where text is learns nothing from it, nor anything wrong, and whoever wants texts
    (pre-training) finds them. Nothing is decoded but a picture's header, when its turn comes.
    """

    def __init__(self, rows: Sequence[Weak]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def make(self, index: int) -> Sample:
        name, path, texts = self._rows[index]
        width, height = image_size(path, name=name)
        whole = box_polygon(0, 0, width, height)
        return Sample(name, path, tuple(TextInstance(whole, text, legible=False) for text in texts))
