"""Closed outlines as Fourier series (FCENet, section 3.1): a contour is a function, its signature numbers.

A contour is f(t) = x(t) + i y(t), t in [0, 1), run through once at constant speed, clockwise on screen. Its
coefficients, c_k = mean of f(n / N) e^(-2 pi i k n / N) for k = -K..K, are an array (2K + 1,) complex128.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from ..geometry import clockwise

Start = Literal["top", "right"]
"""Where a contour begins: on the vertical through its centre, at the top; on the horizontal, at the right."""


def signature(polygon: np.ndarray, degree: int, start: Start = "top", samples: int = 400) -> np.ndarray:
    """The coefficients (2 * degree + 1,) complex128 of a polygon (N, 2) of some area.

    They do not depend on the vertex at which the polygon begins, nor on its direction: it is run through
    clockwise, from a start that its shape gives.

    start   "top": the topmost point of the outline on the vertical through its centre. So does the authors'
            code, although it says otherwise. "right": the rightmost one on the horizontal through the centre
            (the paper). Both move little when a word turns a little, but for a long horizontal word the
            rightmost point changes from its short side to its long one at a few degrees; for a long upright
            one so does the topmost.
    samples equidistant points that the integral is taken over.

    Where the sources differ: the points are exactly equidistant and begin exactly on the line; the authors'
    code gives each edge a whole number of points, and begins at one of them. Direction is by the signed area
    (the paper), not by the larger of |c_1| and |c_-1| (the code); the two agree on all but hooks.
    """
    return transform(_walk(polygon, start, samples), degree)


def transform(points: np.ndarray, degree: int) -> np.ndarray:
    """The coefficients (2 * degree + 1,) complex128 of N points (N, 2) of a contour, as they are."""
    values = np.asarray(points, dtype=np.float64) @ np.array([1, 1j])
    return np.asarray(_waves(degree, len(values)).conj() @ values / len(values))


def contours(coefficients: np.ndarray, count: int) -> np.ndarray:
    """`count` points of each contour of coefficients (..., 2K + 1): (..., count, 2) float64."""
    values = coefficients @ _waves(coefficients.shape[-1] // 2, count)
    return np.stack([values.real, values.imag], axis=-1)


@lru_cache(maxsize=16)
def _waves(degree: int, count: int) -> np.ndarray:
    """e^(2 pi i k n / count): (2 * degree + 1, count)."""
    k, n = np.arange(-degree, degree + 1), np.arange(count)
    return np.asarray(np.exp(2j * np.pi / count * np.outer(k, n)))


def _walk(polygon: np.ndarray, start: Start, count: int) -> np.ndarray:
    """`count` equidistant points of a polygon from its start, clockwise: (count, 2) float64."""
    # direction in single precision, all else in double
    points = clockwise(polygon).astype(np.float64)
    closed = np.concatenate([points, points[:1]])
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    centre = lengths @ (closed[:-1] + closed[1:]) / (2 * along[-1])
    across, depth = closed[:, 0] - centre[0], closed[:, 1]
    if start == "right":
        across, depth = closed[:, 1] - centre[1], -closed[:, 0]
    crossed = np.flatnonzero((across[:-1] <= 0) != (across[1:] <= 0))
    part = across[crossed] / (across[crossed] - across[crossed + 1])
    first = int(np.argmin(depth[crossed] + part * (depth[crossed + 1] - depth[crossed])))
    begin = along[crossed[first]] + part[first] * lengths[crossed[first]]
    wanted = (begin + along[-1] * np.arange(count) / count) % along[-1]
    return np.stack([np.interp(wanted, along, closed[:, axis]) for axis in range(2)], axis=1)
