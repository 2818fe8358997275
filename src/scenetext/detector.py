"""Finding text: an image in, polygons out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bundle import load_bundle
from .codecs import SceneCodec
from .geometry import clip_points, signed_area, valid_shape
from .runtime import run
from .types import Graph, TextInstance
from .view import SceneResize

_SAME = 0.5  # share of the smaller of two shapes from overlapping windows, from which on they are one


@dataclass(frozen=True)
class Detector:
    """Locates text.

    resize   how a photo becomes a view.
    graphs   {"images": (1, 3, h, w) float32} -> what the codec decodes; of several, each goes on from the one
             before it and the codec's proposals.
    """

    resize: SceneResize
    graphs: Sequence[Graph]
    codec: SceneCodec

    @classmethod
    def load(cls, name: str | Path, threads: int | None = None) -> Detector:
        """The detector of a bundle, by name or folder. Raises BundleError."""
        bundle = load_bundle(name, "detection")
        return cls(bundle.resize, bundle.graphs(threads), bundle.codec)

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        """The text of an image (H, W, 3) uint8, located but not read; polygons lie inside the image."""
        height, width = image.shape[:2]
        windows = self.resize.windows(height, width)
        found = []
        for left, top, right, bottom in windows:
            view = self.resize(image[top:bottom, left:right])
            outputs = run(self.graphs, self.codec, {"images": view.data})
            for instance in self.codec.decode(outputs, view.size):
                polygon = view.to_image(instance.polygon) + np.array([left, top], dtype=np.float32)
                polygon = clip_points(polygon, width, height)
                if signed_area(polygon) > 0:
                    found.append(instance.replace(polygon=polygon))
        return found if len(windows) == 1 else merge_windows(found)


def merge_windows(instances: list[TextInstance]) -> list[TextInstance]:
    """The instances without those that overlapping windows found twice; the more complete one stays."""
    shapes = [valid_shape(instance.polygon) for instance in instances]
    kept: list[int] = []
    for i in sorted(range(len(instances)), key=lambda i: -shapes[i].area):
        limit = _SAME * shapes[i].area
        if not any(shapes[i].intersection(shapes[j]).area > limit for j in kept):
            kept.append(i)
    return [instances[i] for i in sorted(kept)]
