"""Cutting words out: the pixels under a polygon, made upright and straight.

Four points are flattened by a perspective transform. More points are a curved strip, which is cut into short
pieces and laid out along its length.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from .geometry import clockwise, min_area_rectangle, perspective, resample, signed_area, without_duplicates

_SAMPLES = 48  # points on an outline when its ends are searched
_PAD = 32  # pixels a polygon may stick out of the image; the border is repeated there


def crop_instance(
    image: np.ndarray, polygon: np.ndarray, *, max_height: int = 64, max_width: int = 2048
) -> np.ndarray:
    """The text under a polygon, upright, as (h, w, 3) uint8.

    image       (H, W, 3) uint8.
    polygon     (N, 2), N >= 4, pixels of the image, clockwise from the start of reading.
    max_height, max_width   the crop has about the true size of the text, but no more than this: recognisers
                look at some 32 rows, so that more would only cost time. Reduced crops are smoothed first.

    A polygon of no area, with wild coordinates, or outside the image still gives a crop of at least 1 x 1.
    """
    points = np.nan_to_num(np.asarray(polygon, dtype=np.float64), nan=0.0, posinf=1e6, neginf=-1e6)
    limits = np.array([image.shape[1], image.shape[0]])
    points = np.clip(points, -_PAD, limits + _PAD)
    top, bottom = sides(points)
    width = (_length(top) + _length(bottom)) / 2
    height = _strip_height(top, bottom)
    reduction = max(1, int(max(height / max_height, width / max_width)))
    window, corner = _window(image, np.concatenate([top, bottom]), reduction)
    top, bottom = (top - corner) / reduction, (bottom - corner) / reduction
    scale = min(1.0, max_height / max(height, 1.0), max_width / max(width, 1.0))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    flat = _flatten(window, top, bottom, size) if len(top) == 2 else _unroll(window, top, bottom, size)
    return np.asarray(flat)


def sides(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The upper and the lower edge of a text polygon, each (n >= 2, 2), both in reading direction.

    A polygon of 2n points is taken at its word: the first n are the upper edge. If its shape contradicts that
    (an outline may have more points on one side), the two short ends are searched. The text is then taken to
    read to the right, or downwards if it stands upright, unless the polygon starts right at the other end.
    """
    points = np.asarray(polygon, dtype=np.float32)
    if len(points) == 4:
        return _quad_sides(points)
    distinct = clockwise(without_duplicates(points))
    if len(distinct) < 4 or abs(signed_area(distinct)) < 1:
        return _quad_sides(min_area_rectangle(points))
    half = len(points) // 2
    searched, cost = _search_ends(distinct)
    if len(points) % 2 == 0:
        top, bottom = points[:half], points[half:][::-1]
        widths = np.linalg.norm(resample(top, 17) - resample(bottom, 17), axis=1)
        middle = np.median(widths[4:13])
        ends = widths[[0, -1]]
        if widths.mean() <= 1.6 * cost and ends.max() <= 1.8 * middle and ends.min() >= 0.4 * middle:
            return top, bottom
    top, bottom = searched
    here, there = (int(np.linalg.norm(points - corner, axis=1).argmin()) for corner in (top[0], bottom[-1]))
    starts_there = there == 0 and here != 0
    return (bottom[::-1], top[::-1]) if starts_there else (top, bottom)


def _quad_sides(quad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.roll(quad, -1, axis=0) - quad
    after = np.roll(edges, -1, axis=0)
    if not (
        edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0] > 1e-3
    ).all():  # concave, crossed, or flat: no perspective makes a rectangle of it
        quad = min_area_rectangle(quad)
    return quad[:2], quad[:1:-1]


def _search_ends(outline: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """The sides of a strip-like outline, and the mean distance between them.

    Of all ways to cut the outline at two places, the one whose two sides stay closest together cuts it at the
    middles of its short ends. The sides then begin half a height further on, at the corners, and are drawn
    out again as far as the ends bulge: outlines that detectors trace are round there, letters are not.
    """
    # from whichever point the outline starts, the search is the same
    outline = np.roll(outline, -int(np.lexsort(outline.T)[0]), axis=0)
    closed = np.concatenate([outline, outline[:1]])
    ring = resample(closed, _SAMPLES + 1)[:-1].astype(np.float64)
    steps = np.linspace(0, 1, 13)
    lengths = np.arange(_SAMPLES // 3, _SAMPLES // 2 + 1).repeat(_SAMPLES)
    starts = np.arange(len(lengths)) % _SAMPLES
    ahead = _at(ring, starts[:, None] + lengths[:, None] * steps)
    back = _at(ring, starts[:, None] - (_SAMPLES - lengths[:, None]) * steps)
    distances = np.linalg.norm(ahead - back, axis=2)
    best = int(distances.mean(axis=1).argmin())
    cost = float(distances[best].mean())
    start, length = float(starts[best]), float(lengths[best])
    spacing = _length(closed) / _SAMPLES
    cut = min(float(distances[best].max()) / 2 / spacing, 0.3 * length)
    count = 9
    first = _at(ring, np.linspace(start + cut, start + length - cut, count))
    second = _at(ring, np.linspace(start - cut, start - (_SAMPLES - length) + cut, count))
    caps = (np.linspace(at - cut, at + cut, count) for at in (start, start + length))
    first, second = _drawn_out(first, second, *(_at(ring, cap) for cap in caps))
    direction = first[-1] + second[-1] - first[0] - second[0]
    # clockwise on screen, the side that runs forward along the outline is the upper one
    top, bottom = first, second
    if direction[0] + 1e-3 * direction[1] < 0:
        top, bottom = second[::-1], first[::-1]
    return (top.astype(np.float32), bottom.astype(np.float32)), cost


def _drawn_out(
    first: np.ndarray, second: np.ndarray, head: np.ndarray, tail: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both sides with a point more at either end, as far out as the caps, (n, 2) each, reach there."""
    for cap in (head, tail):
        centre = (first[0] + second[0]) / 2
        out = centre - (first[1] + second[1]) / 2
        out = out / max(float(np.linalg.norm(out)), 1e-6)
        bulge = out * max(0.0, float(((cap - centre) @ out).max()))
        first, second = (np.concatenate([side[:1] + bulge, side])[::-1] for side in (first, second))
    return first, second


def _at(ring: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Points of a closed ring at fractional indices of any shape."""
    low = np.floor(index).astype(int)
    part = (index - low)[..., None]
    count = len(ring)
    return np.asarray(ring[low % count] * (1 - part) + ring[(low + 1) % count] * part)


def _length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _strip_height(top: np.ndarray, bottom: np.ndarray) -> float:
    if len(top) == 2:
        return float(np.linalg.norm(top - bottom, axis=1).mean())
    return float(np.median(np.linalg.norm(resample(top, 17) - resample(bottom, 17), axis=1)))


def _window(image: np.ndarray, points: np.ndarray, reduction: int) -> tuple[Image.Image, np.ndarray]:
    """The part of the image under the points, reduced, and its top left corner in image pixels."""
    height, width = image.shape[:2]
    left, top = (int(v) - 1 for v in np.floor(points.min(axis=0)))
    right, bottom = (int(v) + 1 for v in np.ceil(points.max(axis=0)))
    # at least one pixel of the image, so that there is a border to repeat
    inner_left, inner_right = min(max(left, 0), width - 1), min(max(right, 1), width)
    inner_top, inner_bottom = min(max(top, 0), height - 1), min(max(bottom, 1), height)
    window = image[inner_top:inner_bottom, inner_left:inner_right]
    missing = (
        (max(0, inner_top - top), max(0, bottom - inner_bottom)),
        (max(0, inner_left - left), max(0, right - inner_right)),
        (0, 0),
    )
    if any(before or after for before, after in missing):
        window = np.pad(window, missing, mode="edge")
    picture = Image.fromarray(np.ascontiguousarray(window))
    if reduction > 1:
        picture = picture.reduce(reduction)
    return picture, np.array([inner_left - missing[1][0], inner_top - missing[0][0]])


def _flatten(image: Image.Image, top: np.ndarray, bottom: np.ndarray, size: tuple[int, int]) -> Image.Image:
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    quad = np.concatenate([top, bottom[::-1]])
    try:
        matrix = perspective(corners, quad)
    except ValueError:  # a quad of no area
        return image.resize(size, Image.Resampling.BILINEAR)
    coefficients = matrix.ravel()[:8].tolist()
    return image.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)


def _unroll(image: Image.Image, top: np.ndarray, bottom: np.ndarray, size: tuple[int, int]) -> Image.Image:
    width, height = size
    pieces = min(width, max(8, math.ceil(width / 12)), 48)
    upper, lower = resample(top, pieces + 1), resample(bottom, pieces + 1)
    cuts = np.linspace(0, width, pieces + 1).round().astype(int)
    mesh = []
    for i in range(pieces):
        nw, sw, se, ne = upper[i], lower[i], lower[i + 1], upper[i + 1]
        box = (int(cuts[i]), 0, int(cuts[i + 1]), height)
        mesh.append((box, (*nw.tolist(), *sw.tolist(), *se.tolist(), *ne.tolist())))
    return image.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
