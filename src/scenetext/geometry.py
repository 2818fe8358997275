"""Polygons in pixels: x right, y down, clockwise on screen (positive shoelace area).

Everything here takes and returns (N, 2) arrays; results are float32. shapely and pyclipper do the set
operations, so that nothing here needs OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyclipper
import shapely

_CLIPPER_SCALE = 64.0  # pyclipper works on integers: keep 1/64 pixel


def signed_area(polygon: np.ndarray) -> float:
    """Shoelace area in square pixels; positive if the points run clockwise on screen."""
    x, y = np.asarray(polygon, dtype=np.float64).T
    return float(0.5 * (x[:-1] @ y[1:] - y[:-1] @ x[1:] + x[-1:] @ y[:1] - y[-1:] @ x[:1]))


def perimeter(polygon: np.ndarray) -> float:
    """Length of the closed outline, in pixels."""
    points = np.asarray(polygon, dtype=np.float64)
    steps = np.diff(points, axis=0, append=points[:1])
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def clockwise(polygon: np.ndarray) -> np.ndarray:
    """The polygon with its points clockwise on screen; the first point stays the first."""
    points = np.asarray(polygon, dtype=np.float32)
    if signed_area(points) < 0:
        return np.concatenate([points[:1], points[:0:-1]])
    return points


def starting_at(polygon: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The same ring, its points counted from the one nearest to a place (x, y)."""
    start = int(((polygon - place) ** 2).sum(axis=1).argmin())
    return np.concatenate([polygon[start:], polygon[:start]])


def without_duplicates(polygon: np.ndarray, tolerance: float = 1e-3) -> np.ndarray:
    """The polygon without points that repeat their predecessor, or at its end the first one, which stays."""
    points = np.asarray(polygon, dtype=np.float32)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    points = points[np.concatenate([[True], steps > tolerance])] if len(points) else points
    closed = len(points) > 1 and float(np.linalg.norm(points[-1] - points[0])) <= tolerance
    return points[:-1] if closed else points


def box_polygon(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """An upright box as a polygon (4, 2) from its top left corner."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def turned_box(x: float, y: float, width: float, height: float, angle: float) -> np.ndarray:
    """A box given by its top left corner and size, turned about its middle by `angle` radians, (4, 2).

    Positive angles turn clockwise on screen; the first point is what was the top left corner. Raises
    ValueError for a number that is not finite.
    """
    if not all(map(math.isfinite, (x, y, width, height, angle))):
        raise ValueError(f"a box without end: {x:g}, {y:g}, {width:g}, {height:g}, turned by {angle:g}")
    middle = np.array([x + width / 2, y + height / 2])
    offsets = box_polygon(-width / 2, -height / 2, width / 2, height / 2).astype(np.float64)
    sine, cosine = math.sin(angle), math.cos(angle)
    return np.asarray(middle + offsets @ np.array([[cosine, sine], [-sine, cosine]]), dtype=np.float32)


def bounds(polygon: np.ndarray) -> tuple[float, float, float, float]:
    """(left, top, right, bottom)."""
    points = np.asarray(polygon)
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def clip_points(polygon: np.ndarray, width: float, height: float) -> np.ndarray:
    """Each point moved to the nearest place inside [0, width] x [0, height]."""
    return np.asarray(np.clip(polygon, 0, np.array([width, height])), dtype=np.float32)


def valid_shape(polygon: np.ndarray) -> shapely.Geometry:
    """The polygon as a valid shapely geometry; self-intersections are resolved by a zero buffer."""
    shape = shapely.Polygon(np.asarray(polygon, dtype=np.float64))
    return shape if shape.is_valid else shape.buffer(0)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two polygons, in [0, 1]; 0 where both are empty."""
    first, second = valid_shape(a), valid_shape(b)
    intersection = first.intersection(second).area
    union = first.area + second.area - intersection
    return float(intersection / union) if union > 0 else 0.0


def clip_polygon(
    polygon: np.ndarray, left: float, top: float, right: float, bottom: float
) -> np.ndarray | None:
    """The part of a polygon inside a box, its largest piece, or None if less than 1 square pixel is left.

    A polygon that lies inside is returned unchanged, so its order of points is kept. Otherwise the piece
    starts at the point nearest to the polygon's own first point.
    """
    points = np.asarray(polygon, dtype=np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    if low[0] >= left and low[1] >= top and high[0] <= right and high[1] <= bottom:
        return points
    piece = valid_shape(points).intersection(shapely.box(left, top, right, bottom))
    parts = [part for part in shapely.get_parts(piece) if part.geom_type == "Polygon"]
    if not parts:
        return None
    largest = max(parts, key=lambda part: part.area)
    if largest.area < 1:
        return None
    ring = without_duplicates(shapely.get_coordinates(largest.exterior)[:-1])
    return starting_at(clockwise(densify(ring, 4)), points[0])


def offset_polygon(polygon: np.ndarray, distance: float) -> list[np.ndarray]:
    """The polygon grown (distance > 0) or shrunk (< 0) by `distance` pixels, corners rounded.

    Returns zero, one or several polygons: an eroded shape can vanish or fall into parts. Several come
    largest first.
    """
    points = np.round(np.asarray(polygon, dtype=np.float64) * _CLIPPER_SCALE).astype(np.int64)
    offset = pyclipper.PyclipperOffset(arc_tolerance=0.25 * _CLIPPER_SCALE)
    try:
        offset.AddPath(points.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    except pyclipper.ClipperException:  # fewer than three distinct points
        return []
    paths = offset.Execute(distance * _CLIPPER_SCALE)
    scale = np.float32(_CLIPPER_SCALE)
    polygons = [np.array(path, dtype=np.float32) / scale for path in paths if len(path) >= 3]
    return sorted((clockwise(p) for p in polygons), key=lambda p: -signed_area(p))


def min_area_rectangle(polygon: np.ndarray) -> np.ndarray:
    """The smallest rotated rectangle around the points, (4, 2), ordered by `order_quad`."""
    points = np.asarray(polygon, dtype=np.float64)
    # a line: shapely makes one from an array, but many points one by one
    shape = shapely.linestrings(np.concatenate([points, points[:1]])).minimum_rotated_rectangle
    if shape.geom_type != "Polygon":  # all points on one line, or one point
        left, top, right, bottom = bounds(points)
        return box_polygon(left, top, right, bottom)
    return order_quad(shapely.get_coordinates(shape)[:4])


def order_quad(quad: np.ndarray) -> np.ndarray:
    """The four points clockwise, starting where a reader of upright text would start.

    The start is the corner whose outgoing edge runs most nearly to the right, along a long side: text is
    taken to run along the longer side, turned by at most 90 degrees. Near-square shapes (sides within
    1.5 of each other) are taken as upright, because their longer side says nothing.
    """
    points = clockwise(quad)
    edges = points[[1, 2, 3, 0]] - points  # np.roll takes longer than all the rest
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    horizontal = (lengths[0] + lengths[2], lengths[1] + lengths[3])
    direction = edges / np.maximum(lengths[:, None], 1e-6)
    rightward = direction[:, 0] + 1e-3 * direction[:, 1]  # a tie of exactly vertical text reads downwards
    if max(horizontal) > 1.5 * min(horizontal):
        long_side = 0 if horizontal[0] > horizontal[1] else 1
        rightward[1 - long_side :: 2] = -np.inf
    return points[(np.arange(4) + int(np.argmax(rightward))) % 4]


def densify(polygon: np.ndarray, count: int) -> np.ndarray:
    """The closed outline with points added on its longest edges until there are at least `count`."""
    points: list[np.ndarray] = [np.asarray(p, dtype=np.float32) for p in polygon]
    while len(points) < count:
        lengths = [float(np.linalg.norm(points[(i + 1) % len(points)] - p)) for i, p in enumerate(points)]
        i = int(np.argmax(lengths))
        points.insert(i + 1, (points[i] + points[(i + 1) % len(points)]) / 2)
    return np.stack(points)


def resample(line: np.ndarray, count: int) -> np.ndarray:
    """`count` points evenly spaced along an open polyline, its ends included."""
    points = np.asarray(line, dtype=np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, points[:, i]) for i in range(2)], axis=1).astype(np.float32)


def simplify(polygon: np.ndarray, tolerance: float) -> np.ndarray:
    """Fewer points, none further than `tolerance` pixels from the outline (Douglas-Peucker)."""
    whole = shapely.Polygon(np.asarray(polygon, dtype=np.float64))
    shape = whole.simplify(tolerance, preserve_topology=False)  # ten times as fast
    if shape.geom_type != "Polygon" or shape.is_empty:
        shape = whole.simplify(tolerance)
    ring = shapely.get_coordinates(shape.exterior)[:-1] if shape.geom_type == "Polygon" else polygon
    return np.asarray(ring, dtype=np.float32)


def warp_points(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) through a 2x3 affine or 3x3 perspective matrix."""
    points = np.asarray(points, dtype=np.float64)
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    if len(matrix) == 3:
        mapped = mapped[:, :2] / mapped[:, 2:]
    return np.asarray(mapped, dtype=np.float32)


def perspective(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The 3x3 matrix that maps four points onto four others. Raises ValueError if three are in line."""
    rows, values = [], []
    for (x, y), (u, v) in zip(np.asarray(source, float), np.asarray(target, float), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    try:
        solution = np.linalg.solve(np.array(rows), np.array(values))
    except np.linalg.LinAlgError:
        raise ValueError("three of the four points lie on one line") from None
    return np.append(solution, 1.0).reshape(3, 3)


def fill_polygon(polygon: np.ndarray, height: int, width: int) -> tuple[slice, slice, np.ndarray]:
    """The pixels of a (height, width) canvas whose centre lies inside the polygon (even-odd rule).

    Returns (rows, columns, mask): two slices that cut the polygon's bounding box out of the canvas, and the
    bool mask of that window. Pixel (i, j) covers [j, j + 1] x [i, i + 1]. The window can be empty.
    """
    points = np.asarray(polygon, dtype=np.float64)
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    left, right = (int(np.clip(v, 0, width)) for v in (left, right))
    top, bottom = (int(np.clip(v, 0, height)) for v in (top, bottom))
    rows, columns = slice(top, bottom), slice(left, right)
    if right <= left or bottom <= top:
        return rows, columns, np.zeros((bottom - top, right - left), dtype=bool)
    y = np.arange(top, bottom) + 0.5
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    crosses = (y0[:, None] <= y) != (y1[:, None] <= y)  # (edges, rows)
    edge, row = np.nonzero(crosses)
    x = x0[edge] + (y[row] - y0[edge]) / (y1[edge] - y0[edge]) * (x1[edge] - x0[edge])
    # a crossing flips every pixel whose centre lies right of it
    first = np.clip(np.ceil(x - 0.5).astype(int) - left, 0, right - left)
    flips = np.zeros((bottom - top, right - left + 1), dtype=np.int32)
    np.add.at(flips, (row, first), 1)
    return rows, columns, (np.cumsum(flips, axis=1)[:, :-1] & 1).astype(bool)


def cover_polygon(
    polygon: np.ndarray, height: int, width: int, samples: int = 4
) -> tuple[slice, slice, np.ndarray]:
    """As `fill_polygon`, with the share of each pixel that the polygon covers, float32 in [0, 1].

    The share is counted on samples x samples points of the pixel.
    """
    left, top, right, bottom = bounds(polygon)
    columns = slice(max(math.floor(left), 0), max(min(math.ceil(right), width), 0))
    rows = slice(max(math.floor(top), 0), max(min(math.ceil(bottom), height), 0))
    h, w = max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0)
    fine = np.zeros((h * samples, w * samples), dtype=np.float32)
    moved = np.asarray(polygon, dtype=np.float64) - [columns.start, rows.start]
    y, x, inside = fill_polygon(moved * samples, *fine.shape)
    fine[y, x] = inside
    return rows, columns, fine.reshape(h, samples, w, samples).mean(axis=(1, 3))


def mask_of(polygons: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    """(height, width) bool: pixels whose centre any of the polygons covers."""
    mask = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        rows, columns, inside = fill_polygon(polygon, height, width)
        mask[rows, columns] |= inside
    return mask
