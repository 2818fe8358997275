"""TextBPN (Zhang et al., ICCV 2021): fields propose coarse boundaries of texts, which are then deformed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry import (
    clip_points,
    clip_polygon,
    fill_polygon,
    min_area_rectangle,
    signed_area,
    starting_at,
)
from ..types import TextInstance
from .boundary import nearest_background, ring, simple_polygon
from .outlines import trace_regions

_SMOOTH = 0.007  # of its length: what the outline of a region is simplified by before it becomes a proposal


@dataclass(frozen=True)
class TextBPN:
    """Two graphs: the first makes fields, where `propose` finds regions; the second deforms their outlines.

    The fields of an instance: its classification, 1 inside; its distance field, the Euclidean distance of
    each pixel to the nearest background pixel, divided by its largest value; its direction field, the unit
    vector (x, y) to that pixel. They are made at the resolution of the view; a map pixel has their mean.
    What lies beyond the view is background.

    All lengths are pixels of the view; maps, and the points of boundaries, have 1/stride of its resolution.

    stride          view pixels per map pixel: 1 in the paper
    points          of a boundary: 20 in the paper
    max_instances   training: boundaries per view, those of the largest instances: 64 in the authors' code
    min_depth       training: an instance whose deepest pixel is less far from the background is "don't care"
    core            training: the level of its distance field at which an instance's proposal is traced
                    (th_b: 0.4 in the authors' code)
    threshold       reading: the level at which regions are traced (th_d: 0.3)
    relative        reading: `threshold` is a share of the largest distance of the view, as in the authors'
                    code, so that the plainest text decides what else is seen; False, as in TextBPN++: a level
    min_score       lowest mean classification of a region (th_s: 0.825 for Total-Text, 0.8 for CTW1500, 0.925
                    for MSRA-TD500)
    min_area        smallest region, square pixels of the view: 150 in the authors' code
    max_proposals   regions per view, largest first

    Outputs   of the first graph: "prior" (1, 4, h, w) float32, classification and distance in [0, 1],
              direction x and y; "features" (1, C, h, w), which only the second graph takes
              of `propose`: "proposals" (K, points, 2) float32; "scores" (K,) float32
              of the second graph: "boundaries" (K, points, 2) float32
    Targets   "text" (h, w), "distance" (h, w) in [0, 1], "direction" (2, h, w), all float32; "weight" (h, w):
              1 / sqrt(area) of the instance or of the background; "mask" (h, w): 0 over don't-care instances;
              "contours" and "proposals" (max_instances, points, 2): true boundaries and proposals;
              "depths" (max_instances,): largest distance to the background, 0 in rows that are not used

    No non-maximum suppression: regions do not overlap.
    """

    stride: int = 1
    points: int = 20
    max_instances: int = 64
    min_depth: float = 4.0
    core: float = 0.4
    threshold: float = 0.3
    relative: bool = False
    min_score: float = 0.825
    min_area: float = 150.0
    max_proposals: int = 1000

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ValueError(f"stride is at least 1, not {self.stride}")
        if self.points < 4 or self.max_instances < 1:
            raise ValueError("points is at least 4, and max_instances at least 1")
        for name in ("core", "threshold"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The targets of a view of `size` (height, width); see the class for their meaning."""
        maps = _Maps(math.ceil(size[0] / self.stride), math.ceil(size[1] / self.stride))
        found = []
        for instance in instances:
            clipped = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            polygon = None if clipped is None else simple_polygon(clipped)
            shape = None if polygon is None else self._shape(polygon, maps)
            if polygon is None or shape is None:
                continue
            if not instance.legible or shape.depth < self.min_depth:
                maps.ignore(shape)
                continue
            maps.add(shape)
            cores = trace_regions(shape.distance, self.core, 1)
            if cores:
                corner = np.array([shape.columns.start, shape.rows.start], dtype=np.float32)
                found.append((shape, polygon / np.float32(self.stride), cores[0][0] + corner))
        found.sort(key=lambda entry: -abs(signed_area(entry[1])))
        contours = np.zeros((self.max_instances, self.points, 2), dtype=np.float32)
        proposals, depths = np.zeros_like(contours), np.zeros(self.max_instances, dtype=np.float32)
        for i, (shape, polygon, core) in enumerate(found[: self.max_instances]):
            # the polygon is exact, where the authors simplify the outline of its pixels
            contours[i] = ring(polygon, self.points)
            proposals[i] = ring(core, self.points, _SMOOTH)
            depths[i] = shape.depth / self.stride
        return maps.targets() | {"contours": contours, "proposals": proposals, "depths": depths}

    def _shape(self, polygon: np.ndarray, maps: _Maps) -> _Shape | None:
        """The fields of a polygon that lies in the view, or None if it covers no pixel centre."""
        s = self.stride
        height, width = maps.text.shape
        rows, columns, inside = fill_polygon(polygon, height * s, width * s)
        if not inside.any():
            return None
        # the window, extended to whole map pixels
        before = rows.start % s, columns.start % s
        after = -rows.stop % s, -columns.stop % s
        inside = np.pad(inside, tuple(zip(before, after, strict=True)))
        down, across = nearest_background(inside)
        distance = np.hypot(across, down).astype(np.float32)
        depth = float(distance.max())
        unit = np.stack([across, down]) / np.maximum(distance, 1)
        cover = _blocks(inside, s)
        return _Shape(
            slice(rows.start // s, (rows.stop + after[0]) // s),
            slice(columns.start // s, (columns.stop + after[1]) // s),
            depth,
            cover,
            _blocks(distance, s) / np.float32(depth),
            # mean over the pixels inside: short on a ridge, where the nearest pixel jumps to the other side
            np.stack([_blocks(part, s) for part in unit]) / np.maximum(cover, 1e-6),
        )

    def ideal(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """What a network that makes no mistake puts out as "prior", for instances of a view."""
        maps = self.encode(instances, size)
        prior = np.stack([maps["text"], maps["distance"], *maps["direction"]])
        return {"prior": prior[None]}

    # --- outputs to instances -----------------------------------------------------------------------

    def propose(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The coarse boundaries in the fields of one view, in map pixels, largest first, and their scores."""
        text, distance = outputs["prior"][0, :2]
        level = self.threshold * (float(distance.max()) if self.relative else 1.0)
        taken = np.zeros(text.shape, dtype=bool)
        found: list[np.ndarray] = []
        scores: list[float] = []
        for outline, _ in trace_regions(distance, level) if level > 0 else ():
            if signed_area(outline) * self.stride**2 < self.min_area or len(found) == self.max_proposals:
                break  # the others are smaller
            rows, columns, inside = fill_polygon(outline, *text.shape)
            if not inside.any() or taken[rows, columns][inside].any():  # in a hole of a larger region
                continue
            taken[rows, columns] |= inside
            score = float(text[rows, columns][inside].mean())
            if score >= self.min_score:
                found.append(ring(outline, self.points, _SMOOTH))
                scores.append(min(score, 1.0))
        return {
            "proposals": np.array(found, dtype=np.float32).reshape(-1, self.points, 2),
            "scores": np.array(scores, dtype=np.float32),
        }

    def decode(self, outputs: Mapping[str, np.ndarray], size: tuple[int, int]) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in view pixels."""
        found = []
        for boundary, score in zip(outputs["boundaries"], outputs["scores"], strict=True):
            polygon = simple_polygon(clip_points(boundary * np.float32(self.stride), size[1], size[0]))
            if polygon is None or signed_area(polygon) < 1:
                continue
            polygon = starting_at(polygon, min_area_rectangle(polygon)[0])
            found.append(TextInstance(polygon, score=float(score)))
        return found


@dataclass(frozen=True)
class _Shape:
    """One instance: its window of the maps, its deepest pixel (view pixels), and its fields there."""

    rows: slice
    columns: slice
    depth: float
    cover: np.ndarray
    distance: np.ndarray
    direction: np.ndarray


class _Maps:
    """The maps of a view while instances are added."""

    def __init__(self, height: int, width: int) -> None:
        shape = (height, width)
        self.text, self.distance, self.weight = (np.zeros(shape, dtype=np.float32) for _ in range(3))
        self.direction = np.zeros((2, *shape), dtype=np.float32)
        self.mask = np.ones(shape, dtype=np.float32)

    def add(self, shape: _Shape) -> None:
        """Where instances overlap, the one that is further from its background there wins."""
        window = shape.rows, shape.columns
        np.maximum(self.text[window], shape.cover, out=self.text[window])
        wins = shape.distance > self.distance[window]
        np.copyto(self.distance[window], shape.distance, where=wins)
        np.copyto(self.direction[:, shape.rows, shape.columns], shape.direction, where=wins)
        np.copyto(self.weight[window], 1 / np.sqrt(shape.cover.sum()), where=wins)

    def ignore(self, shape: _Shape) -> None:
        self.mask[shape.rows, shape.columns][shape.cover > 0] = 0

    def targets(self) -> dict[str, np.ndarray]:
        text = self.text > 0
        # an instance that cares wins over a don't-care one that it overlaps
        mask = np.where(text, np.float32(1), self.mask)
        background = np.float32(1 / math.sqrt(max(text.size - int(text.sum()), 1)))
        return {
            "text": self.text,
            "distance": self.distance,
            "direction": self.direction,
            "weight": np.where(text, self.weight, background),
            "mask": mask,
        }


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    """Means of blocks of side x side."""
    height, width = values.shape
    blocks = values.reshape(height // side, side, width // side, side)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))
