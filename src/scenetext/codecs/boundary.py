"""Shapes as fields and as rings: how far and where the background is, and evenly spaced outline points."""

from __future__ import annotations

import numpy as np
import shapely

from ..geometry import clockwise, densify, perimeter, resample, signed_area, simplify, valid_shape


def nearest_background(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The steps (rows, columns), each (h, w) int32, from every pixel to the nearest one outside a shape.

    inside   (h, w) bool; what lies beyond its edges is outside.

    Exact: the hypotenuse of the steps is the Euclidean distance transform. Of several nearest pixels any may
    be taken. Costs O(h w d) for a shape whose deepest pixel is d from the outside.
    """
    inside = np.pad(inside, 1)
    height, width = inside.shape
    row = np.arange(height, dtype=np.int32)[:, None]
    # the nearest outside pixel of the own column: above or below
    above = np.maximum.accumulate(np.where(inside, -height, row), axis=0) - row
    below = np.minimum.accumulate(np.where(inside, 2 * height, row)[::-1], axis=0)[::-1] - row
    vertical = np.where(-above <= below, above, below)
    squares = vertical * vertical
    # then of all columns, the closest first, for as long as one could still be nearer
    best, across = squares.copy(), np.zeros_like(squares)
    step = 1
    while step < width and len(deep := np.flatnonzero(best.max(axis=1) > step * step)):
        rows = slice(deep[0], deep[-1] + 1)  # the others have found theirs
        near = squares[rows] + step * step
        for here, there, sign in (
            (np.s_[rows, step:], np.s_[:, :-step], -1),
            (np.s_[rows, :-step], np.s_[:, step:], 1),
        ):
            better = near[there] < best[here]
            np.copyto(best[here], near[there], where=better)
            np.copyto(across[here], np.int32(sign * step), where=better)
        step += 1
    down = np.take_along_axis(vertical, np.arange(width) + across, axis=1)
    return down[1:-1, 1:-1], across[1:-1, 1:-1]


def ring(polygon: np.ndarray, count: int, smooth: float = 0.0) -> np.ndarray:
    """`count` points (count, 2) float32 evenly spaced along the closed outline, from its first point.

    smooth   what the outline may first be simplified by, as a share of its length.
    """
    if smooth > 0:
        polygon = simplify(polygon, smooth * perimeter(polygon))
    return resample(np.concatenate([polygon, polygon[:1]]), count + 1)[:-1]


def simple_polygon(polygon: np.ndarray) -> np.ndarray | None:
    """The polygon, clockwise; the largest piece of one that crosses itself; None for one without area."""
    if shapely.Polygon(polygon).is_valid:
        return clockwise(polygon) if abs(signed_area(polygon)) > 0 else None
    piece = max(shapely.get_parts(valid_shape(polygon)), key=lambda part: part.area, default=None)
    if piece is None or piece.area == 0:
        return None
    points = clockwise(shapely.get_coordinates(piece.exterior)[:-1])
    return points if len(points) >= 4 else densify(points, 4)
