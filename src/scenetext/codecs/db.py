"""Differentiable binarisation (DB; Liao et al., AAAI 2020): shrunk kernels, traced and grown back."""

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
    simplify,
    without_duplicates,
)
from ..types import TextInstance
from .outlines import simplified, trace_regions

_FULL = 0.7  # share of its rectangle from which on a kernel is straight; less is bent, as measured


@dataclass(frozen=True)
class DB:
    """Polygons shrunk by D = A (1 - r^2) / L become a probability map; reading traces it and undoes D.

    All lengths are pixels of the view; maps have 1/stride of its resolution.

    stride          view pixels per map pixel: 1 in the paper
    shrink_ratio    r, 0.4 in the paper
    soft_targets    True: a kernel's border pixels hold the share of their area that it covers, which keeps
                    thin kernels exact to a fraction of a pixel; False: 0 or 1 (the paper)
    min_size        training: instances with a shorter bounding box are "don't care"
    border_low/high range of the threshold map
    threshold       reading: the level at which the map is traced. Soft targets are 0.5 on a kernel's
                    outline; the authors' code takes 0.3, the paper 0.2
    min_score       lowest mean probability of a kernel's pixels; the authors' box_thresh, for the mean inside
                    its box
    unclip_ratio    a number: kernels grow by D' = A' r' / L' (the paper's r' = 1.5, 2.0 for polygons in the
                    authors' code); None: by the D that exactly undoes the shrinking of a rectangle
    shape           "quad": the smallest rotated rectangle; "polygon": the grown outline, simplified;
                    "fitted": the rectangle of a kernel that fills it, otherwise the outline, since the
                    text is bent (not in the paper)
    min_side        shortest side of a result
    max_instances   results per view, largest kernels first

    Outputs   "probability" (1, 1, h, w) float32 in [0, 1]
    Targets   "kernel" (h, w) float32 in [0, 1]; "kernel_mask" (h, w) float32, 0 over don't-care instances;
              "border" (h, w) float32 in [border_low, border_high]; "border_mask" (h, w) float32
    """

    stride: int = 1
    shrink_ratio: float = 0.4
    soft_targets: bool = True
    min_size: float = 8.0
    border_low: float = 0.3
    border_high: float = 0.7
    threshold: float = 0.5
    min_score: float = 0.5
    unclip_ratio: float | None = None
    shape: Literal["quad", "polygon", "fitted"] = "quad"
    min_side: float = 3.0
    max_instances: int = 1000

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ValueError(f"stride is at least 1, not {self.stride}")
        for name in ("shrink_ratio", "threshold"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The four target maps of a view of `size` (height, width); see the class for their meaning."""
        height, width = (math.ceil(side / self.stride) for side in size)
        kernel = np.zeros((height, width), dtype=np.float32)
        kernel_mask = np.ones((height, width), dtype=np.float32)
        nearness = np.zeros((height, width), dtype=np.float32)
        border_mask = np.zeros((height, width), dtype=np.float32)
        for instance in instances:
            polygon = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            if polygon is None:
                continue
            polygon = clockwise(without_duplicates(polygon)) / np.float32(self.stride)
            left, top, right, bottom = bounds(polygon)
            shrunk = None
            if instance.legible and min(right - left, bottom - top) * self.stride >= self.min_size:
                shrunk = self._shrink(polygon)
            if shrunk is None:
                rows, columns, inside = fill_polygon(polygon, height, width)
                kernel_mask[rows, columns][inside] = 0
                continue
            distance, core = shrunk
            self._fill(kernel, core)
            self._draw_border(nearness, border_mask, polygon, distance)
        # an instance that cares wins over a don't-care one that it overlaps
        kernel_mask[kernel > 0] = 1
        border = self.border_low + (self.border_high - self.border_low) * nearness
        return {"kernel": kernel, "kernel_mask": kernel_mask, "border": border, "border_mask": border_mask}

    def _shrink(self, polygon: np.ndarray) -> tuple[float, np.ndarray] | None:
        """(D, kernel) of a polygon in map pixels, or None if nothing is left of it.

        A dumb-bell shape falls into parts when shrunk; then it is shrunk less, until it stays whole.
        """
        area, length = signed_area(polygon), perimeter(polygon)
        if area < 1 / self.stride**2 or length == 0:
            return None
        for ratio in np.arange(self.shrink_ratio, 1.0, 0.1):
            distance = area * (1 - float(ratio) ** 2) / length
            parts = offset_polygon(polygon, -distance)
            if len(parts) == 1:
                return distance, parts[0]
        return None

    def _fill(self, kernel: np.ndarray, core: np.ndarray) -> None:
        height, width = kernel.shape
        if not self.soft_targets:
            rows, columns, inside = fill_polygon(core, height, width)
            kernel[rows, columns][inside] = 1
            return
        rows, columns, share = cover_polygon(core, height, width)
        np.maximum(kernel[rows, columns], share, out=kernel[rows, columns])

    def _draw_border(
        self, nearness: np.ndarray, mask: np.ndarray, polygon: np.ndarray, distance: float
    ) -> None:
        """1 on the outline, falling to 0 at `distance` from it, inside the polygon grown by `distance`."""
        height, width = nearness.shape
        for grown in offset_polygon(polygon, distance)[:1]:
            rows, columns, inside = fill_polygon(grown, height, width)
            if inside.size == 0:
                continue
            mask[rows, columns][inside] = 1
            near = 1 - np.clip(_outline_distance(polygon, rows, columns) / distance, 0, 1)
            window = nearness[rows, columns]
            np.maximum(window, np.where(inside, near, 0), out=window)

    # --- outputs to instances -----------------------------------------------------------------------

    def decode(self, outputs: Mapping[str, np.ndarray], size: tuple[int, int]) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in view pixels, largest kernel first.

        No non-maximum suppression: kernels do not overlap.
        """
        found = []
        for kernel, score in trace_regions(outputs["probability"][0, 0], self.threshold, self.max_instances):
            if score < self.min_score:
                continue
            polygon = self._grow(kernel)
            if polygon is None:
                continue
            polygon = clip_points(polygon * np.float32(self.stride), size[1], size[0])
            if signed_area(polygon) >= 1:
                found.append(TextInstance(polygon, score=min(score, 1.0)))
        return found

    def _grow(self, kernel: np.ndarray) -> np.ndarray | None:
        """The kernel grown back, in map pixels: a rectangle or a polygon, or None if too small."""
        quad = min_area_rectangle(kernel)
        across, down = (math.dist(quad[0], quad[i]) for i in (1, 3))
        if self.shape == "quad" or (self.shape == "fitted" and signed_area(kernel) >= _FULL * across * down):
            distance = self._unclip_distance(across * down, 2 * (across + down))
            outline = None
        else:
            outline = simplify(kernel, 0.002 * perimeter(kernel))
            if len(outline) < 3 or signed_area(outline) <= 0:  # thin ones may fold when points are dropped
                return None
            distance = self._unclip_distance(signed_area(outline), perimeter(outline))
        if min(across, down) + 2 * distance < self.min_side / self.stride:
            return None
        u = (quad[1] - quad[0]) / max(across, 1e-6) * distance
        v = (quad[3] - quad[0]) / max(down, 1e-6) * distance
        quad = np.asarray(quad + np.stack([-u - v, u - v, u + v, v - u]), dtype=np.float32)
        if outline is None:
            return quad
        grown = offset_polygon(outline, distance)
        return simplified(grown[0], quad[0]) if len(grown) == 1 else None

    def _unclip_distance(self, area: float, length: float) -> float:
        if self.unclip_ratio is not None:
            return area * self.unclip_ratio / max(length, 1e-6)
        # Growing a rectangle of area A', outline L' by D gives A' + L' D + 4 D^2 and L' + 8 D. It was shrunk
        # by D = c A / L with c = 1 - r^2; put in, that is (8 - 4 c) D^2 + (1 - c) L' D - c A' = 0.
        c = 1 - self.shrink_ratio**2
        a, b = 8 - 4 * c, (1 - c) * length
        return (math.sqrt(b * b + 4 * a * c * area) - b) / (2 * a)


def _outline_distance(polygon: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Distance of each pixel centre of a window to the closed outline, (rows, columns) float32."""
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + np.float32(0.5)
    best = np.full((rows.stop - rows.start, columns.stop - columns.start), np.inf, dtype=np.float32)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        np.minimum(best, (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2, out=best)
    return np.sqrt(best)
