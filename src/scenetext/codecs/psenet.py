"""PSENet (Wang et al., CVPR 2019): kernels of growing scale, and the expansion from the smallest of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..geometry import (
    bounds,
    clip_points,
    clip_polygon,
    clockwise,
    cover_polygon,
    fill_polygon,
    min_area_rectangle,
    offset_polygon,
    perimeter,
    signed_area,
    without_duplicates,
)
from ..types import TextInstance
from .expansion import expand
from .outlines import outer_outlines, simplified
from .regions import label_regions, measure


@dataclass(frozen=True)
class PSENet:
    """Each instance is a stack of kernels: its polygon, shrunk more and more. Small kernels keep neighbours
    apart, and reading lets them grow through the larger ones until they fill the text.

    All lengths and areas are pixels of the view; maps have 1/stride of its resolution.

    stride          view pixels per map pixel: 1 in the paper
    kernels         n, number of maps: 7; 0 is the complete text, n - 1 the smallest kernel
    min_scale       m: kernel i is shrunk by A (1 - r^2) / L with r = 1 - (1 - m) i / (n - 1), which is the
                    paper's equation counted from the largest. 0.4 for ICDAR 2015 and 0.7 for Total-Text
                    and CTW1500 in the authors' code; the paper takes 0.5
    offsets         "code": shrunk by whole pixels, 20 at most; "paper": by exactly the distance above
    soft_targets    True: a kernel's border pixels hold the share of their area that it covers, which keeps
                    thin kernels in coarse maps; False: 0 or 1 (paper and code)
    min_size        training: instances with a shorter bounding box are "don't care"; 0 in paper and code
    threshold       reading: the level above which a pixel belongs to a kernel. 0.5 in the authors' Python 3
                    code; their older one has 0.731 (a logit of 1)
    min_kernel_area smallest region of the smallest kernel that counts
    min_area        smallest area of a result
    min_score       lowest mean probability of complete text inside a result: 0.85, or 0.87 for Total-Text
    shape           "quad": the smallest rotated rectangle; "polygon": the outline, simplified
    max_instances   results per view, largest first

    Outputs   "kernels" (1, n, h, w) float32, probabilities in [0, 1]
    Targets   "kernels" (n, h, w) uint8, 255 inside and 0 outside (bytes, as they are many);
              "mask" (h, w) bool, False over don't-care instances
    """

    stride: int = 1
    kernels: int = 7
    min_scale: float = 0.4
    offsets: Literal["code", "paper"] = "code"
    soft_targets: bool = False
    min_size: float = 0.0
    threshold: float = 0.5
    min_kernel_area: float = 16.0
    min_area: float = 16.0
    min_score: float = 0.85
    shape: Literal["quad", "polygon"] = "quad"
    max_instances: int = 1000

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ValueError(f"stride is at least 1, not {self.stride}")
        if self.kernels < 2:
            raise ValueError(f"kernels is at least 2, not {self.kernels}")
        for name in ("min_scale", "threshold"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The target maps of a view of `size` (height, width); see the class for their meaning."""
        height, width = (math.ceil(side / self.stride) for side in size)
        kernels = np.zeros((self.kernels, height, width), dtype=np.uint8)
        mask = np.ones((height, width), dtype=bool)
        for instance in instances:
            polygon = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            if polygon is None:
                continue
            polygon = clockwise(without_duplicates(polygon))
            left, top, right, bottom = bounds(polygon)
            if not instance.legible or min(right - left, bottom - top) < self.min_size:
                rows, columns, inside = fill_polygon(polygon / np.float32(self.stride), height, width)
                mask[rows, columns][inside] = False
                continue
            for kernel, shrunk in zip(kernels, self.shrink(polygon), strict=True):
                self._fill(kernel, shrunk / np.float32(self.stride))
        return {"kernels": kernels, "mask": mask}

    def shrink(self, polygon: np.ndarray) -> list[np.ndarray]:
        """The n kernels of a clockwise polygon, largest first, in its own coordinates.

        A kernel of which nothing would be left is the polygon itself, as in the authors' code, so that tiny
        words have a kernel; of one that falls into parts, the largest part stays.
        """
        area, length = signed_area(polygon), perimeter(polygon)
        shrunk = [polygon]
        for i in range(1, self.kernels):
            rate = 1 - (1 - self.min_scale) * i / (self.kernels - 1)
            if self.offsets == "code":
                distance = float(min(int(area * (1 - rate**2) / (length + 0.001) + 0.5), 20))
            else:
                distance = area * (1 - rate**2) / max(length, 1e-6)
            parts = offset_polygon(polygon, -distance)
            shrunk.append(parts[0] if parts else polygon)
        return shrunk

    def _fill(self, kernel: np.ndarray, polygon: np.ndarray) -> None:
        if self.soft_targets:
            rows, columns, share = cover_polygon(polygon, *kernel.shape)
            value = np.round(255 * share).astype(np.uint8)
            np.maximum(kernel[rows, columns], value, out=kernel[rows, columns])
        else:
            rows, columns, inside = fill_polygon(polygon, *kernel.shape)
            kernel[rows, columns][inside] = 255

    # --- outputs to instances -----------------------------------------------------------------------

    def decode(self, outputs: Mapping[str, np.ndarray], size: tuple[int, int]) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in view pixels, largest first.

        No non-maximum suppression: a pixel has one label. Outlines run where the probability of complete
        text crosses the threshold, to a fraction of a pixel, and half-way between two instances that touch.
        """
        probability = outputs["kernels"][0]
        text = probability[0]
        labels = self._labels(probability)
        regions = measure(labels, text)
        good = (regions.areas * self.stride**2 >= self.min_area) & (regions.means >= self.min_score)
        chosen = np.flatnonzero(good)
        chosen = chosen[np.argsort(-regions.areas[chosen], kind="stable")][: self.max_instances]
        text, labels = np.pad(text, 1), np.pad(labels, 1)
        found = []
        for i in chosen:
            top, left, bottom, right = regions.boxes[i]
            window = slice(top, bottom + 2), slice(left, right + 2)  # with a margin of one pixel
            values, near = text[window], labels[window]
            # beside the region, pixels that are nearly text draw the outline outwards; those of others do not
            counts = np.where(near == 0, values <= self.threshold, near == regions.labels[i])
            alone = np.where(counts, values, np.float32(0))
            outline = max(outer_outlines(alone, self.threshold), key=signed_area)
            polygon = self._shape(outline + np.array([left - 1, top - 1], dtype=np.float32))
            if polygon is None:
                continue
            polygon = clip_points(polygon * np.float32(self.stride), size[1], size[0])
            if signed_area(polygon) >= 1:
                found.append(TextInstance(polygon, score=min(float(regions.means[i]), 1.0)))
        return found

    def _labels(self, probability: np.ndarray) -> np.ndarray:
        """(h, w) int32: which instance each pixel belongs to, 0 for none."""
        inside = probability > self.threshold
        inside[1:] &= inside[0]
        seeds = label_regions(inside[-1], min_area=self.min_kernel_area / self.stride**2)
        return expand(seeds, list(inside[-2::-1]))

    def _shape(self, outline: np.ndarray) -> np.ndarray | None:
        """An outline as a rectangle or a polygon, or None if it has no area."""
        quad = min_area_rectangle(outline)
        return quad if self.shape == "quad" else simplified(outline, quad[0])
