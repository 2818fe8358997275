"""Reading cut-out words: crops in, texts out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from .bundle import load_bundle
from .codecs import TextCodec
from .codecs.stitch import Windows
from .lexicon import Lexicon, for_each
from .runtime import run
from .types import Graph
from .view import CropResize

log = logging.getLogger(__name__)

_COLUMNS = 5120  # of views that run together: more do not run faster, but take more memory
_DENSE = 6  # aspect; what fills all steps of a decoder in less is no text


@dataclass(frozen=True)
class Recognizer:
    """Reads words that are already cut out.

    resize   how a crop becomes a view.
    graphs   {"images": (N, C, h, w) float32} -> what the codec decodes.
    step     one step of the decoder, where the codec searches over texts with one.
    batch    most crops that run together; of wide ones, fewer do. Only crops whose views have the same
             width run together, so that a crop reads the same in any company.
    """

    resize: CropResize
    graphs: Sequence[Graph]
    codec: TextCodec
    batch: int = 32
    step: Graph | None = None

    @classmethod
    def load(cls, name: str | Path, threads: int | None = None) -> Recognizer:
        """The recogniser of a bundle, by name or folder. Raises BundleError."""
        bundle = load_bundle(name, "recognition")
        return cls(bundle.resize, bundle.graphs(threads), bundle.codec, step=bundle.step(threads))

    def recognize(
        self,
        crops: Sequence[np.ndarray],
        lexicon: Lexicon | Sequence[Lexicon | None] | None = None,
    ) -> list[tuple[str, float]]:
        """(text, score in [0, 1]) of each crop (h, w, 3) uint8, in the order given.

        lexicon   the words that a reading is chosen from: one lexicon for all crops, or one or None for each.

        A crop that is too long for one view, or whose text does not end in it, is read in overlapping
        windows, which are put together again. How many crops are too long even so is logged as a warning.
        """
        lexicons = for_each(lexicon, len(crops))
        windows = [self.resize.windows(*crop.shape[:2]) for crop in crops]
        readings: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        long: dict[int, Windows] = {i: parts for i, parts in enumerate(windows) if len(parts) > 1}
        lost = {i for i, crop in enumerate(crops) if self.resize.crushes(*crop.shape[:2])}
        for width, group in self._groups(windows):
            outputs = self._run(np.concatenate([self.resize(crops[i], width).data for i in group]))
            decoded = self.codec.decode(outputs, [lexicons[i] for i in group], self.step)
            for i, reading in zip(group, decoded, strict=True):
                readings[i] = reading
            for i in np.array(group)[self.codec.unfinished(outputs)]:
                if lexicons[i] is None and crops[i].shape[1] > _DENSE * crops[i].shape[0]:
                    if narrower := self._narrower(crops[i], windows[i]):
                        long[i] = narrower
                    else:
                        lost.add(i)
        for i, parts in long.items():
            readings[i], whole = self._read_long(crops[i], parts, lexicons[i])
            if not whole:
                lost.add(i)
        if lost:
            log.warning(
                "%d of %d crops are too long for the model; text may be missing", len(lost), len(crops)
            )
        return readings

    def _groups(self, windows: Sequence[Windows]) -> Iterator[tuple[int, list[int]]]:
        """(width, crops) of what runs together, of the crops that are one view."""
        short = [i for i, parts in enumerate(windows) if len(parts) == 1]
        for width, same in groupby(sorted(short, key=lambda i: windows[i][0][1]), lambda i: windows[i][0][1]):
            group, size = list(same), self._size(width)
            yield from ((width, group[start : start + size]) for start in range(0, len(group), size))

    def _size(self, width: int) -> int:
        return max(1, min(self.batch, _COLUMNS // width))

    def _run(self, images: np.ndarray) -> Mapping[str, np.ndarray]:
        return run(self.graphs, self.codec, {"images": images})

    def _read_long(
        self, crop: np.ndarray, windows: Windows, lexicon: Lexicon | None
    ) -> tuple[tuple[str, float], bool]:
        """The reading of a crop through windows, and whether it is all of the text."""
        strip = self.resize(crop, windows[-1][1]).data
        views = np.concatenate([strip[..., left:right] for left, right in windows])
        size = self._size(views.shape[3])
        parts = [self._run(views[start : start + size]) for start in range(0, len(views), size)]
        outputs = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        whole = not self.codec.unfinished(outputs).any()
        if not whole and (narrower := self._narrower(crop, windows)):
            return self._read_long(crop, narrower, lexicon)
        return self.codec.stitch(outputs, windows, lexicon, self.step), whole

    def _narrower(self, crop: np.ndarray, windows: Windows) -> Windows | None:
        """More windows, and narrower ones; None if a text in the given ones cannot be too long to be put out,
        or if they cannot be cut."""
        left, right = windows[0]
        if right - left <= _DENSE * self.resize.height:
            return None
        narrower = self.resize.windows(crop.shape[0], crop.shape[1], (right - left) * 2 // 3)
        return narrower if len(narrower) > len(windows) else None
