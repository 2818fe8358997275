"""A line of text as coverage, with the place of every character; straight, along an arc, or along a wave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ..geometry import resample
from .fonts import Face

_STRAIGHT = 0.02  # of the word's height: edges that stray less are straight


@dataclass(frozen=True, eq=False)
class Ink:
    """A drawn line of text.

    text        as drawn, blanks included.
    alpha       (h, w) uint8: how much of each pixel is covered.
    characters  (n, 4, 2) float32, one quad per character of `text` (a blank has its advance), in pixels of
                `alpha`, clockwise from the top left as one reads. A quad is as wide as the character's ink
                and as tall as the ink of its whole word.
    height      of the tallest ink above and below the baseline, in pixels.
    """

    text: str
    alpha: np.ndarray
    characters: np.ndarray
    height: float

    @cached_property
    def words(self) -> tuple[slice, ...]:
        """Slices of `text` and `characters`, one per run without blanks."""
        return tuple(_runs(self.text))


def render_line(
    text: str, face: Face, *, spacing: float = 0.0, bend: float = 0.0, wave: float = 0.0, margin: int = 0
) -> Ink:
    """Draw a line.

    spacing     extra room between characters, in units of the font size; slightly negative is tighter.
    bend        how far a circular baseline turns along the whole line, in radians, -3 to 3; positive is an
                arch (its middle is highest).
    wave        height of a sine-shaped baseline with one period along the line, in units of the font size;
                letters collide where it is steeper than about 0.03 for each character.
    margin      free pixels on every side.

    Characters on a curved baseline are turned but not distorted, as a sign painter would place them.
    Raises ValueError if there is nothing to draw.
    """
    nothing = np.zeros((0, 0), dtype=np.uint8), 0, 0  # some fonts draw a box for the blank
    glyphs = [nothing if character == " " else face.glyph(character) for character in text]
    boxes = np.array(
        [(left, top, left + ink.shape[1], top + ink.shape[0]) for ink, left, top in glyphs], dtype=np.float64
    ).reshape(-1, 4)
    inked = boxes[:, 2] > boxes[:, 0]
    if not inked.any():
        raise ValueError(f"{text!r} leaves no ink in {face.font.getname()}")
    advances = face.advances(text) + spacing * face.size
    pens = np.round(np.cumsum(advances) - advances)
    blank = ~inked
    boxes[blank, 2] = advances[blank]
    for word in _runs(text):
        drawn = boxes[word][inked[word]]
        if len(drawn):
            boxes[word, 1], boxes[word, 3] = drawn[:, 1].min(), drawn[:, 3].max()
    top, bottom = boxes[inked, 1].min(), boxes[inked, 3].max()
    boxes[blank, 1], boxes[blank, 3] = top, bottom
    if bend or wave:
        alpha, characters = _draw_curved(glyphs, boxes, pens, advances, bend, wave * face.size, margin)
    else:
        alpha, characters = _draw_straight(glyphs, boxes, pens, margin)
    return Ink(text, alpha, characters, float(bottom - top))


def word_polygon(characters: np.ndarray) -> np.ndarray:
    """The outline of a word from its character quads (n, 4, 2): clockwise from the start of reading.

    Four points if the word is straight (also after a perspective warp), otherwise the tops from left to
    right and the bottoms back, at most 14 points. float32.
    """
    quads = np.asarray(characters, dtype=np.float64)
    tops, bottoms = quads[:, :2].reshape(-1, 2), quads[:, [3, 2]].reshape(-1, 2)
    along = quads[-1, 1] - quads[0, 0]
    along /= max(float(np.linalg.norm(along)), 1e-6)
    height = float(np.linalg.norm(bottoms - tops, axis=1).mean())
    if max(_stray(tops), _stray(bottoms)) <= _STRAIGHT * height + 0.05:
        # the outermost quads are not always the first and the last: an italic can reach under its neighbour
        start, end = int(np.argmin((tops + bottoms) @ along)), int(np.argmax((tops + bottoms) @ along))
        corners = np.stack([tops[start], tops[end], bottoms[end], bottoms[start]])
        return corners.astype(np.float32)
    return np.concatenate([_side(quads[:, 0], quads[:, 1]), _side(quads[:, 3], quads[:, 2])[::-1]]).astype(
        np.float32
    )


def _runs(text: str) -> list[slice]:
    """The stretches of a text that hold no blank."""
    edges = np.flatnonzero(np.diff([True, *(c == " " for c in text), True]))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _draw_straight(
    glyphs: list[tuple[np.ndarray, int, int]], boxes: np.ndarray, pens: np.ndarray, margin: int
) -> tuple[np.ndarray, np.ndarray]:
    placed = boxes.copy()
    placed[:, [0, 2]] += pens[:, None]
    left, top = np.floor(placed[:, :2].min(axis=0)).astype(int) - margin
    right, bottom = np.ceil(placed[:, 2:].max(axis=0)).astype(int) + margin
    alpha = np.zeros((bottom - top, right - left), dtype=np.uint8)
    for (coverage, dx, dy), pen in zip(glyphs, pens.astype(int), strict=True):
        _stamp(alpha, coverage, pen + dx - left, dy - top)
    placed -= np.array([left, top, left, top])
    return alpha, placed[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2).astype(np.float32)


def _draw_curved(
    glyphs: list[tuple[np.ndarray, int, int]],
    boxes: np.ndarray,
    pens: np.ndarray,
    advances: np.ndarray,
    bend: float,
    amplitude: float,
    margin: int,
) -> tuple[np.ndarray, np.ndarray]:
    length = float(advances.sum())
    middles = pens + advances / 2
    x, y, angle = _baseline(middles, length, bend, amplitude)
    cos, sin = np.cos(angle), np.sin(angle)
    # from a glyph's own frame (pen on the baseline) to the line: turn about the middle of its advance
    turns = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)  # (n, 2, 2)
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    half = np.stack([advances / 2, np.zeros_like(advances)], axis=-1)
    quads = np.einsum("nij,nkj->nki", turns, corners - half[:, None]) + np.stack([x, y], axis=-1)[:, None]
    left, top = np.floor(quads.min(axis=(0, 1))).astype(int) - margin
    right, bottom = np.ceil(quads.max(axis=(0, 1))).astype(int) + margin
    alpha = np.zeros((bottom - top, right - left), dtype=np.uint8)
    for i, (coverage, dx, dy) in enumerate(glyphs):
        if not coverage.size:
            continue
        height, width = coverage.shape
        # pixel centres: cv2 puts them on integers, our coordinates on halves
        offset = turns[i] @ (np.array([dx + 0.5, dy + 0.5]) - half[i]) + (x[i] - left - 0.5, y[i] - top - 0.5)
        corners = turns[i] @ np.array([[0, width, width, 0], [0, 0, height, height]]) + offset[:, None]
        low = np.floor(corners.min(axis=1)).astype(int) - 1
        high = np.ceil(corners.max(axis=1)).astype(int) + 1
        matrix = np.column_stack([turns[i], offset - low])
        tile = cv2.warpAffine(coverage, matrix, tuple(int(v) for v in high - low), flags=cv2.INTER_LINEAR)
        _stamp(alpha, tile, int(low[0]), int(low[1]))
    return alpha, (quads - (left, top)).astype(np.float32)


def _baseline(
    distance: np.ndarray, length: float, bend: float, amplitude: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, y, angle) at distances along the baseline. Angles turn clockwise on screen."""
    angle = np.zeros_like(distance)
    x, y = distance.copy(), np.zeros_like(distance)
    if bend:
        radius = length / bend
        angle = (distance / length - 0.5) * bend
        x, y = radius * np.sin(angle), radius * (1 - np.cos(angle))
    if amplitude:
        phase = 2 * np.pi * distance / length
        y = y + amplitude * np.sin(phase)
        angle = angle + np.arctan(2 * np.pi * amplitude / length * np.cos(phase))
    return x, y, angle


def _stamp(alpha: np.ndarray, tile: np.ndarray, left: int, top: int) -> None:
    """Lay a glyph on the line in place: the larger coverage wins; what falls outside is blank and dropped."""
    height, width = tile.shape
    y0, x0 = max(0, -top), max(0, -left)
    y1, x1 = min(height, alpha.shape[0] - top), min(width, alpha.shape[1] - left)
    if y1 > y0 and x1 > x0:
        window = alpha[top + y0 : top + y1, left + x0 : left + x1]
        np.maximum(window, tile[y0:y1, x0:x1], out=window)


def _stray(points: np.ndarray) -> float:
    """The largest distance of points from the straight line through the first and the last."""
    chord = points[-1] - points[0]
    length = float(np.linalg.norm(chord))
    if length < 1e-6:
        return 0.0
    offsets = points - points[0]
    return float(np.abs(chord[0] * offsets[:, 1] - chord[1] * offsets[:, 0]).max() / length)


def _side(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """One long side of a curved word, from the corners of its quads on that side; at most 7 points.

    Where the line bends, neighbouring quads overlap on one side and gape on the other: they meet halfway.
    """
    line = np.concatenate([starts[:1], (ends[:-1] + starts[1:]) / 2, ends[-1:]])
    return line if len(line) <= 7 else resample(line, 7)
