"""Shapes that look a little like writing and are none: arrows, pictograms, bars, ticks, grids, fences.

They stand beside the words of a sign, and alone in a scene, always unlabelled: what a detector must learn to
leave alone. Each is a function (rng, height, width) -> (height, width) uint8 coverage; MARKS names them all.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

_SHIFT = 4  # drawing coordinates in 1/16 pixel


def draw_mark(kind: str, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The coverage (height, width) uint8 of one of MARKS."""
    return MARKS[kind](rng, max(4, height), max(4, width))[:height, :width]


def _fill(height: int, width: int, *polygons: np.ndarray) -> np.ndarray:
    """Polygons in unit coordinates (0 to 1 across the canvas), filled."""
    mask = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        points = np.asarray(polygon, dtype=float) * (width, height) * (1 << _SHIFT)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    return mask


def _bar(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _arrow(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    shaft = rng.uniform(0.06, 0.14)
    head = rng.uniform(0.3, 0.5)
    points = np.array(
        [
            [0.02, 0.5 - shaft], [1 - head, 0.5 - shaft], [1 - head, 0.1], [0.98, 0.5],
            [1 - head, 0.9], [1 - head, 0.5 + shaft], [0.02, 0.5 + shaft],
        ]
    )  # fmt: skip
    turns = int(rng.integers(8))
    angle = np.pi / 4 * turns
    cos, sin = np.cos(angle), np.sin(angle)
    scale = 1.0 if turns % 2 == 0 else 0.85
    return _fill(height, width, 0.5 + scale * (points - 0.5) @ np.array([[cos, sin], [-sin, cos]]))


def _chevron(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    count = int(rng.integers(1, 4))
    step = 1 / (count + 0.6)
    shape = np.array([[0, 0.1], [0.5, 0.1], [1.0, 0.5], [0.5, 0.9], [0, 0.9], [0.5, 0.5]]) * (step, 1)
    mask = _fill(height, width, *[shape + np.array([i * step, 0]) for i in range(count)])
    return mask if rng.random() < 0.5 else np.ascontiguousarray(mask[:, ::-1])


def _disc(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    centre, radius = (width // 2, height // 2), max(1, min(height, width) // 2 - 1)
    cv2.circle(mask, centre, radius, 255, -1, cv2.LINE_AA)
    if rng.random() < 0.6:
        inner = max(1, int(radius * rng.uniform(0.4, 0.85)))
        cv2.circle(mask, centre, inner, 0, -1, cv2.LINE_AA)
        if rng.random() < 0.6:
            mask = np.maximum(mask, _fill(height, width, _bar(0.25, 0.44, 0.75, 0.56)))
    return mask


def _person(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    w = min(1.0, height / width) * rng.uniform(0.32, 0.45)  # half the width across the arms, in widths
    c = 0.5
    body = np.array(
        [
            [c - w * 0.7, 0.3], [c + w * 0.7, 0.3], [c + w * 0.9, 0.62], [c + w * 0.6, 0.62],
            [c + w * 0.5, 0.42], [c + w * 0.45, 0.98], [c + w * 0.08, 0.98], [c, 0.65], [c - w * 0.08, 0.98],
            [c - w * 0.45, 0.98], [c - w * 0.5, 0.42], [c - w * 0.6, 0.62], [c - w * 0.9, 0.62],
        ]
    )  # fmt: skip
    mask = _fill(height, width, body)
    cv2.circle(mask, (width // 2, int(height * 0.15)), max(1, int(height * 0.12)), 255, -1, cv2.LINE_AA)
    return mask


def _star(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    spikes = int(rng.integers(3, 9))
    inner = rng.uniform(0.2, 0.45)
    angles = np.arange(2 * spikes) * np.pi / spikes - np.pi / 2
    radii = np.where(np.arange(2 * spikes) % 2 == 0, 0.49, inner)
    return _fill(height, width, 0.5 + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def _cross(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    t = rng.uniform(0.06, 0.16)
    bars = [_bar(0.5 - t, 0.05, 0.5 + t, 0.95), _bar(0.05, 0.5 - t, 0.95, 0.5 + t)]
    if rng.random() < 0.5:
        turn = np.sqrt(0.5) * np.array([[1, 1], [-1, 1]])
        bars = [0.5 + (bar - 0.5) @ turn for bar in bars]
    return _fill(height, width, *bars)


def _barcode(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    column = np.repeat(rng.integers(0, 2, width), rng.integers(1, 4, width))[:width]
    return np.repeat(column[None].astype(np.uint8) * 255, height, axis=0)


def _matrix(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    cells = int(rng.integers(9, 22))
    code = (rng.random((cells, cells)) < 0.5).astype(np.uint8) * 255
    for y, x in ((0, 0), (0, cells - 5), (cells - 5, 0)):  # the three finders of a QR code
        code[y : y + 5, x : x + 5] = 255
        code[y + 1 : y + 4, x + 1 : x + 4] = 0
        code[y + 2, x + 2] = 255
    return cv2.resize(code, (width, height), interpolation=cv2.INTER_NEAREST)


def _ticks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    step, thick = max(3, int(height * rng.uniform(0.15, 0.5))), max(1, height // 14)
    long_every = int(rng.integers(2, 11))
    short = rng.uniform(0.3, 0.8)
    for i, x in enumerate(range(thick, width - thick, step)):
        reach = height if i % long_every == 0 else int(height * short)
        mask[:reach, x : x + thick] = 255
    return mask


def _grid(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Panes: the windows of a house, the holes of a fence or an air vent."""
    mask = np.zeros((height, width), np.uint8)
    cell_h, cell_w = (
        max(4, int(height * rng.uniform(0.15, 0.6))),
        max(4, int(height * rng.uniform(0.1, 0.6))),
    )
    gap_h, gap_w = (max(1, int(c * rng.uniform(0.1, 0.5))) for c in (cell_h, cell_w))
    for y in range(0, height, cell_h):
        for x in range(0, width, cell_w):
            mask[y : y + cell_h - gap_h, x : x + cell_w - gap_w] = 255
    return mask


def _bricks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    brick = max(4, int(height * rng.uniform(0.12, 0.3)))
    length, joint = int(brick * rng.uniform(1.8, 3.0)), max(1, brick // 7)
    for row, y in enumerate(range(0, height, brick)):
        for x in range(-(length // 2) * (row % 2), width, length):
            mask[y : y + brick - joint, max(0, x) : max(0, x + length - joint)] = int(rng.integers(150, 256))
    return mask


def _stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    period, slant, share = height * rng.uniform(0.12, 0.6), rng.uniform(-1, 1), rng.uniform(0.25, 0.65)
    y, x = np.mgrid[:height, :width]
    phase = ((x + slant * y) / period) % 1.0
    edge = max(period, 1.0)
    return np.asarray(
        np.clip((share - phase) * edge + 0.5, 0, 1) * np.clip(phase * edge + 0.5, 0, 1) * 255
    ).astype(np.uint8)


def _scribble(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One smooth line that wanders to and fro, as wire, a twig or a crack does."""
    mask = np.zeros((height, width), np.uint8)
    count = int(rng.integers(4, 12))
    x = np.linspace(0.03, 0.97, count) + rng.normal(0, 0.6 / count, count)
    knots = np.stack([x, rng.uniform(0.08, 0.92, count)], axis=1)
    fine = np.linspace(0, count - 1, 12 * count)
    line = np.stack([np.interp(fine, np.arange(count), knots[:, i]) for i in range(2)], axis=1)
    for axis in range(2):
        line[:, axis] = np.convolve(np.pad(line[:, axis], 6, mode="edge"), np.ones(13) / 13, mode="valid")
    points = np.round(line * (width, height) * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(mask, [points], False, 255, max(1, height // int(rng.integers(8, 22))), cv2.LINE_AA, _SHIFT)
    return mask


def _dots(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    radius = max(1, int(height * rng.uniform(0.06, 0.2)))
    step = int(radius * rng.uniform(2.3, 4.5))
    for y in range(radius, height, step):
        for x in range(radius, width, step):
            if rng.random() < 0.85:
                cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    return mask


PICTOGRAMS = ("arrow", "chevron", "disc", "person", "star", "cross")
"""The marks that stand beside words on a sign."""

PATTERNS = ("barcode", "bricks", "dots", "grid", "matrix", "scribble", "stripes", "ticks")
"""The marks that fill an area."""

MARKS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "arrow": _arrow,
    "barcode": _barcode,
    "bricks": _bricks,
    "chevron": _chevron,
    "cross": _cross,
    "disc": _disc,
    "dots": _dots,
    "grid": _grid,
    "matrix": _matrix,
    "person": _person,
    "scribble": _scribble,
    "star": _star,
    "stripes": _stripes,
    "ticks": _ticks,
}
