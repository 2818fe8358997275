"""Reading cut-out words: crops in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bundle import load_bundle
from .codecs import TextCodec
from .image import CropResize
from .runtime import run
from .types import Graph


@dataclass(frozen=True)
class Recognizer:
    """Reads words that are already cut out.

    resize   how a crop becomes a view.
    graphs   {"images": (N, C, h, w) float32} -> what the codec decodes.
    batch    most crops that run together. Only crops whose views have the same width do, and nothing is
             padded, so that a crop reads the same in any company.
    """

    resize: CropResize
    graphs: Sequence[Graph]
    codec: TextCodec
    batch: int = 32

    @classmethod
    def load(cls, name: str | Path, threads: int | None = None) -> Recognizer:
        """The recogniser of a bundle, by name or folder. Raises BundleError."""
        bundle = load_bundle(name, "recognition")
        return cls(bundle.resize, bundle.graphs(threads), bundle.codec)

    def recognize(self, crops: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """(text, score in [0, 1]) of each crop (h, w, 3) uint8, in the order given."""
        widths = [self.resize.width_for(*crop.shape[:2]) for crop in crops]
        order = sorted(range(len(crops)), key=lambda i: widths[i])
        readings: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        start = 0
        while start < len(order):
            width = widths[order[start]]
            group = [i for i in order[start : start + self.batch] if widths[i] == width]
            images = np.concatenate([self.resize(crops[i]).data for i in group])
            outputs = run(self.graphs, self.codec, {"images": images})
            for i, reading in zip(group, self.codec.decode(outputs), strict=True):
                readings[i] = reading
            start += len(group)
        return readings
