"""Fourier contours (FCENet; Zhu et al., CVPR 2021): every pixel of a text predicts its whole outline."""

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
    mask_of,
    min_area_rectangle,
    resample,
    signed_area,
    starting_at,
    without_duplicates,
)
from ..rectify import sides
from ..types import TextInstance
from .fourier import Start, contours, signature
from .regions import fill_holes, label_regions
from .suppress import Outlines, suppress

_RESAMPLING = 4.0  # map pixels between the points of a side of the centre band, as in the authors' code
_BAND = 0.3  # half height of the band, as a share of half the height of the text
_CUT = 0.25  # of the band's ends, as a share of the height there
_UPRIGHT = 2.0  # a quadrilateral so much higher than wide is read downwards

_FULL = 0.85  # share of its rectangle from which on an outline is that of straight text, as measured


@dataclass(frozen=True)
class FCENet:
    """Texts become outlines of 2K + 1 Fourier coefficients, predicted in every pixel of maps of some strides.

    Each map has three parts: the text region (TR), the band around the centre line of each text (TCR), and
    the coefficients of the outline in map pixels, c_0 relative to the centre of the pixel. Reading decodes
    the pixels that are likely to be both, and keeps the best of those outlines that overlap.

    degree          K: 5 in the paper, which is enough for the curves of Total-Text and CTW1500
    start           where an outline begins, "top" or "right" (see fourier.signature). Only training uses it:
                    the loss compares points of the same number
    strides         view pixels per map pixel, one map each
    overlaps        a text of length v, the longer side of its bounding box, belongs to map i if v is above
                    overlaps[i - 1][0] and below overlaps[i][1]: between the two numbers to both neighbours.
                    The first map has no lower end, and the last no upper one: the authors' code gives what
                    is as long as the view is high, or longer, to no map at all, and so loses wide lines.
                    On CTW1500 it has ((0.2, 0.25), (0.55, 0.65))
    relative        True: `overlaps` are shares of the height of the view, as published. That means one length
                    in pixels only where all training windows have one size; False: pixels of the view
    min_size        training: instances with a shorter bounding box are "don't care"; 0: none is
    alpha, beta     the score of a pixel is P(TR)^alpha P(TCR)^beta: (1, 2) for polygons in the authors' code,
                    (1.2, 1) for quadrilaterals
    threshold       lowest score of a pixel whose outline is decoded
    points          of a decoded outline
    overlap         outlines whose IoU with a better one is above this are dropped: among those of one region
                    of pixels, then of one map, then of all maps
    max_candidates  pixels per region that are decoded, best first; no text has as many, but noise may
    shape           "polygon": outlines as they are; "quad": the smallest rotated rectangles around them;
                    "fitted": the rectangle where the outline fills it, otherwise the outline (not in the
                    paper)

    Outputs   for each stride s: "classes_s" (1, 2, h, w) float32 in [0, 1], P(TR) and P(TCR);
              "contour_s" (1, 2 (2K + 1), h, w) float32, real parts of c_-K .. c_K, then imaginary ones
    Targets   for each stride s: "classes_s" (3, h, w) float32 of 0 and 1: TR, TCR, and what is trained on;
              "contour_s" (2 (2K + 1), h, w) float32, 0 outside TR

    A text is background to the maps that it does not belong to, and a don't-care instance is masked only on
    those it belongs to (the authors' code).
    """

    degree: int = 5
    start: Start = "top"
    strides: tuple[int, ...] = (8, 16, 32)
    overlaps: tuple[tuple[float, float], ...] = ((0.3, 0.4), (0.6, 0.7))
    relative: bool = True
    min_size: float = 0.0
    alpha: float = 1.0
    beta: float = 2.0
    threshold: float = 0.3
    points: int = 50
    overlap: float = 0.1
    max_candidates: int = 1000
    shape: Literal["quad", "polygon", "fitted"] = "polygon"

    def __post_init__(self) -> None:
        if self.degree < 1 or self.points < 2 * self.degree + 1:
            raise ValueError(f"points is at least 2 degree + 1, and degree at least 1, not {self.degree}")
        if not self.strides or min(self.strides) < 1 or sorted(set(self.strides)) != list(self.strides):
            raise ValueError(f"strides ascend, unlike {self.strides}")
        if len(self.overlaps) != len(self.strides) - 1:
            raise ValueError(
                f"{len(self.strides)} strides have {len(self.strides) - 1} overlaps between them"
            )
        ends = [end for pair in self.overlaps for end in pair]
        if any(low >= high for low, high in self.overlaps) or sorted(ends) != ends:
            raise ValueError(f"overlaps are ranges that ascend, unlike {self.overlaps}")
        for name in ("threshold", "overlap"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The maps of a view of `size` (height, width); see the class for their meaning.

        Where texts overlap, the later one's outline is what the pixels predict.
        """
        texts = []
        for instance in instances:
            polygon = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            if polygon is None or abs(signed_area(polygon)) < 1:
                continue
            left, top, right, bottom = bounds(polygon)
            cares = instance.legible and min(right - left, bottom - top) >= self.min_size
            length = max(right - left, bottom - top)
            levels = self._levels(length / size[0] if self.relative else length)
            polygon = clockwise(without_duplicates(polygon))
            texts.append((polygon, _sides(polygon) if cares else None, levels))
        targets = {}
        for level, stride in enumerate(self.strides):
            height, width = (math.ceil(side / stride) for side in size)
            classes = np.zeros((3, height, width), dtype=np.float32)
            classes[2] = 1
            contour = np.zeros((2, 2 * self.degree + 1, height, width), dtype=np.float32)
            for polygon, lines, levels in texts:
                if level not in levels:
                    continue
                text = mask_of([polygon / stride], height, width)
                if lines is None:
                    classes[2][text] = 0
                    continue
                centre = _centre_band(lines[0] / stride, lines[1] / stride, height, width)
                text |= centre  # of a text thinner than a pixel, its centre line is all there is
                classes[0][text] = 1
                classes[1][centre] = 1
                self._write(contour, text, signature(polygon / stride, self.degree, self.start))
            targets[f"classes_{stride}"] = classes
            targets[f"contour_{stride}"] = contour.reshape(-1, height, width)
        return targets

    def _levels(self, length: float) -> set[int]:
        """The maps that a text belongs to."""
        lows = [0.0, *(low for low, _ in self.overlaps)]
        highs = [*(high for _, high in self.overlaps), math.inf]
        return {i for i, (low, high) in enumerate(zip(lows, highs, strict=True)) if low < length < high}

    def _write(self, contour: np.ndarray, text: np.ndarray, coefficients: np.ndarray) -> None:
        """Coefficients, in map pixels, into the pixels of a text; c_0 as seen from each of them."""
        rows, columns = np.nonzero(text)
        for part, values, place in ((0, coefficients.real, columns), (1, coefficients.imag, rows)):
            contour[part][:, rows, columns] = values[:, None]
            contour[part][self.degree, rows, columns] -= place + 0.5

    # --- outputs to instances -----------------------------------------------------------------------

    def decode(self, outputs: Mapping[str, np.ndarray], size: tuple[int, int]) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in view pixels, best first.

        A polygon begins at the point next to where the smallest rectangle around it is read from.
        """
        outlines, scores, regions, levels = self._candidates(outputs)
        shapes = Outlines(outlines)
        kept = suppress(shapes, np.arange(len(outlines)), scores, regions, self.overlap)
        for groups in (levels, np.zeros_like(levels)):
            apart = shapes.split(kept, groups[kept])
            kept = suppress(shapes, kept, scores[kept], apart, self.overlap)
        found = []
        for i in kept[np.argsort(-scores[kept], kind="stable")]:
            polygon = clockwise(clip_points(outlines[i], size[1], size[0]))
            if signed_area(polygon) < 1:
                continue
            quad = min_area_rectangle(polygon)
            straight = signed_area(polygon) >= _FULL * signed_area(quad)
            if self.shape == "quad" or (self.shape == "fitted" and straight):
                polygon = clip_points(quad, size[1], size[0])
            else:
                polygon = starting_at(polygon, quad[0])
            found.append(TextInstance(polygon, score=min(float(scores[i]), 1.0)))
        return found

    def _candidates(
        self, outputs: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Outlines (n, points, 2) in view pixels, and their scores, regions and levels, each (n,)."""
        coefficients, scores, regions, levels = [], [], [], []
        count = 0
        for level, stride in enumerate(self.strides):
            region, centre = outputs[f"classes_{stride}"][0].astype(np.float64)
            score = region**self.alpha * centre**self.beta
            # what a region encloses is decoded too, though it scores low
            labels = label_regions(fill_holes(score > self.threshold), diagonal=True)
            rows, columns = self._best(labels, score)
            real, imaginary = outputs[f"contour_{stride}"][0].reshape(2, -1, *score.shape)[..., rows, columns]
            values = (real + 1j * imaginary).T
            values[:, self.degree] += columns + 0.5 + 1j * (rows + 0.5)
            coefficients.append(values * stride)
            scores.append(score[rows, columns])
            regions.append(labels[rows, columns] + count)
            levels.append(np.full(len(rows), level))
            count += int(labels.max())
        outlines = contours(np.concatenate(coefficients), self.points)
        return outlines, np.concatenate(scores), np.concatenate(regions), np.concatenate(levels)

    def _best(self, labels: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, columns) of the pixels of regions, at most `max_candidates` of each."""
        rows, columns = np.nonzero(labels)
        region = labels[rows, columns]
        order = np.lexsort([-score[rows, columns], region])
        starts = np.searchsorted(region[order], region[order])
        order = np.sort(order[np.arange(len(order)) - starts < self.max_candidates])
        return rows[order], columns[order]


def _sides(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two lines that a text runs between; of a quadrilateral twice as high as wide, its long sides."""
    top, bottom = sides(polygon)
    if len(polygon) == 4:
        left, right = np.stack([top, bottom], axis=1)
        if _length(left) + _length(right) > _UPRIGHT * (_length(top) + _length(bottom)):
            return left, right
    return top, bottom


def _centre_band(top: np.ndarray, bottom: np.ndarray, height: int, width: int) -> np.ndarray:
    """(height, width) bool: the band around the line between two sides, and the pixels on that line.

    The authors' code rounds the band's corners so that it is a pixel thick at least; here the line is drawn.
    It cuts the ends by whole steps, or not at all from short texts; here half of the line always stays.
    """
    count = max(3, int((_length(top) + _length(bottom)) / 2 / _RESAMPLING) + 1)
    top, bottom = resample(top, count), resample(bottom, count)
    lengths = np.linalg.norm(np.diff(top + bottom, axis=0), axis=1) / 2
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    head, tail = np.minimum(_CUT * np.linalg.norm(top - bottom, axis=1)[[0, -1]], along[-1] / 4)
    kept = np.linspace(head, along[-1] - tail, count)
    top, bottom = (_at(side, along, kept) for side in (top, bottom))
    centre, half = (top + bottom) / 2, (top - bottom) / 2
    band = mask_of([np.concatenate([centre + _BAND * half, (centre - _BAND * half)[::-1]])], height, width)
    fine = resample(centre, math.ceil(4 * along[-1]) + 2)
    steps = ((fine[:-1] + fine[1:]) / 2).astype(int)
    columns, rows = steps[((steps >= 0) & (steps < [width, height])).all(axis=1)].T
    band[rows, columns] = True
    return band


def _length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _at(line: np.ndarray, along: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The points of a polyline at places along it."""
    return np.stack([np.interp(wanted, along, line[:, axis]) for axis in range(2)], axis=1)
