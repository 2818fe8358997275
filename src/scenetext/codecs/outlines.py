"""Outlines of the regions of a map above a level, to a fraction of a pixel."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
from contourpy import FillType, LineType, ZInterp

from ..geometry import clockwise, densify, perimeter, signed_area, simplify, starting_at
from .regions import label_regions, measure


def trace_regions(
    field: np.ndarray, level: float, count: int | None = None
) -> list[tuple[np.ndarray, float]]:
    """(outline, mean) of the regions of a field (h, w) above a level, holes left out, largest first.

    count   how many, at most

    An outline (N, 2) float32 is clockwise, in pixels of the field, whose sample (i, j) is the centre of pixel
    (i, j); between samples the field is interpolated. A region that reaches the border ends there. Regions
    that touch at a corner are one where the mean of the four pixels around it is above the level. The mean is
    that of the region's pixels.
    """
    above = field > level
    labels = label_regions(above, diagonal=True)
    regions = measure(labels, field)
    found = []
    for i in range(len(regions.labels)):
        top, left, bottom, right = (int(side) for side in regions.boxes[i])
        rows, columns = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
        near = labels[rows, columns]
        alone = np.where((near == regions.labels[i]) | (near == 0), field[rows, columns], np.float32(0))
        corner = np.array([columns.start, rows.start], dtype=np.float32)
        found += [(line + corner, float(regions.means[i])) for line in outer_outlines(alone, level)]
    areas = [signed_area(line) for line, _ in found]
    order = sorted(range(len(found)), key=lambda i: -areas[i])
    return [found[i] for i in order[:count]]


def outer_outlines(values: np.ndarray, level: float) -> list[np.ndarray]:
    """The outlines of the regions of a window (h, w) above a level, as in `trace_regions`, in no order."""
    # written out, because np.pad and np.meshgrid take as long as the tracing; padding closes the outlines
    # that touch the border
    height, width = values.shape[0] + 2, values.shape[1] + 2
    padded = np.zeros((height, width), dtype=values.dtype)
    padded[1:-1, 1:-1] = values
    # padding moved the samples by one, of which half a pixel goes to their being centres
    x, y = np.empty((2, height, width))
    x[:] = np.arange(width) - 0.5
    y[:] = (np.arange(height) - 0.5)[:, None]
    # the class itself: what contour_generator does around it takes as long as the tracing
    tracer = contourpy.SerialContourGenerator(
        x,
        y,
        padded,
        np.zeros(padded.shape, dtype=bool),
        corner_mask=False,
        line_type=LineType.Separate,
        fill_type=FillType.OuterCode,
        quad_as_tri=False,
        z_interp=ZInterp.Linear,
    )
    lines: Any = tracer.lines(level)
    # contourpy runs holes the other way round than outer outlines
    return [line[:-1].astype(np.float32) for line in lines if signed_area(line) > 0]


def simplified(outline: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """An outline as the polygon of a text: fewer points, but at least four, clockwise from the one nearest to
    `start`; None if it has no area."""
    polygon = simplify(outline, 0.003 * perimeter(outline))
    return starting_at(clockwise(densify(polygon, 4)), start) if len(polygon) >= 3 else None
