"""Copy-paste: words of other scenes, put into a training window where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
import shapely

from ..geometry import bounds, fill_polygon, offset_polygon, signed_area, valid_shape, warp_points
from ..types import TextInstance

_ATTEMPTS = 8  # to find a place for a word
_MARGIN = 0.25  # of a word's height: what is taken along around it, half of it fading out
_TURN = 15.0  # degrees
_SCALE = (0.7, 1.4)


def paste_words(
    window: np.ndarray,
    instances: Sequence[TextInstance],
    donor: np.ndarray,
    words: Sequence[TextInstance],
    count: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[TextInstance]]:
    """The window with up to `count` words of a donor pasted in, and its instances, the new ones last.

    window, donor   (h, w, 3) uint8. The window is not changed.
    words           of the donor, in its pixels; only legible ones are taken.

    Words keep a distance of their margin to all instances, legible or not, and lie inside the window whole.
    Each is turned by up to 15 degrees and scaled by 0.7 to 1.4. Their surroundings fade into the window. A
    word that finds no room is left out.
    """
    legible = [word for word in words if word.legible and abs(signed_area(word.polygon)) >= 64]
    if not legible:
        return window, list(instances)
    window, found = window.copy(), list(instances)
    taken = [valid_shape(instance.polygon) for instance in found]
    for _ in range(count):
        word = legible[int(rng.integers(len(legible)))]
        for _ in range(_ATTEMPTS):
            matrix = _placement(word.polygon, window.shape[:2], rng)
            if matrix is None:
                break
            polygon = warp_points(word.polygon, matrix)
            grown = offset_polygon(polygon, _MARGIN * _height(polygon))
            if not grown:
                break
            shape = valid_shape(grown[0])
            left, top, right, bottom = bounds(polygon)
            inside = min(left, top) >= 0 and right <= window.shape[1] and bottom <= window.shape[0]
            if inside and not shapely.intersects(shape, taken).any():
                _blend(window, donor, matrix, grown[0], _MARGIN * _height(polygon))
                found.append(word.moved(partial(warp_points, matrix=matrix)))
                taken.append(valid_shape(polygon))
                break
    return window, found


def _placement(polygon: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray | None:
    """A 2x3 matrix that turns, scales and moves the polygon to anywhere; None if it is too large."""
    angle = np.deg2rad(rng.uniform(-_TURN, _TURN))
    scale = np.exp(rng.uniform(*np.log(_SCALE)))
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    turned = polygon @ linear.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    room = np.array([size[1], size[0]]) - (high - low)
    if (room <= 0).any():
        return None
    return np.concatenate([linear, (rng.uniform(0, room) - low)[:, None]], axis=1)


def _height(polygon: np.ndarray) -> float:
    """The shorter way across a polygon, about."""
    left, top, right, bottom = bounds(polygon)
    longest = float(np.hypot(right - left, bottom - top))
    return abs(signed_area(polygon)) / max(longest, 1.0)


def _blend(
    window: np.ndarray, donor: np.ndarray, matrix: np.ndarray, outline: np.ndarray, margin: float
) -> None:
    """Draws what lies in `outline` of the donor, seen through the matrix, into the window, in place."""
    height, width = window.shape[:2]
    rows, columns, inside = fill_polygon(outline, height, width)
    if not inside.any():
        return
    # cv2 has pixel centres at whole numbers, polygons have them at halves; and the cut begins at its corner
    centred = matrix.copy()
    centred[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5 - [columns.start, rows.start]
    size = inside.shape[1], inside.shape[0]
    patch = cv2.warpAffine(donor, centred, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sigma = max(margin / 4, 0.5)
    # the outline is drawn in by what the blur will spread over it, so that the edge itself is nearly clear
    core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(1, round(margin / 2)))
    alpha = cv2.GaussianBlur(core.astype(np.float32), (0, 0), sigma)[..., None] * inside[..., None]
    part = window[rows, columns]
    part[:] = np.round(part + (patch.astype(np.float32) - part) * alpha).astype(np.uint8)
