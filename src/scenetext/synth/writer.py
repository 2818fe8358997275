"""What the layouts of scenes write with: words of a corpus, in a font, at a size, straight or on a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .corpus import Corpus
from .curves import Arc, Curve, Wave, bend, outline
from .fonts import FontLibrary

_POINTS = 7  # of a curved word's polygon, along each side, at most


@dataclass(frozen=True, eq=False)
class Word:
    """A word on a canvas: polygon (N, 2) and characters (n, 4, 2), float32 pixels, clockwise from reading's start."""

    text: str
    polygon: np.ndarray
    characters: np.ndarray

    def moved(self, dx: float, dy: float) -> Word:
        """The word moved by (dx, dy)."""
        move = np.array([dx, dy], dtype=np.float32)
        return Word(self.text, self.polygon + move, self.characters + move)


@dataclass(frozen=True, eq=False)
class Line:
    """Words of one size: coverage (h, w) uint8 and the words' places on it. size: the height asked for."""

    coverage: np.ndarray
    words: tuple[Word, ...]
    size: float

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.coverage.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.coverage.shape[0])


@dataclass(frozen=True, eq=False)
class Writer:
    """One scene's pen. `heights` is the range of a line's height in pixels; `plates` is how often plates are used."""

    rng: np.random.Generator
    fonts: FontLibrary
    corpus: Corpus
    heights: tuple[float, float]
    plates: float

    def size(self, low: float = 0.0, high: float = 1.0) -> float:
        """A height between two quantiles of the range, small ones more often (evenly on a logarithmic scale)."""
        least, most = np.log(self.heights)
        return float(np.exp(least + (most - least) * self.rng.uniform(low, high)))

    def texts(self, count: int) -> list[str]:
        """Words of the corpus."""
        return [self.corpus.draw(self.rng) for _ in range(max(1, count))]

    def font(self, texts: Sequence[str]) -> Path:
        """A font that can write all the texts."""
        return self.fonts.choose(self.rng, "".join(texts))

    def line(self, texts: Sequence[str], size: float, font: Path | None = None) -> Line:
        """The texts side by side, `size` pixels high (kept in the range), straight."""
        return _render(self.fonts, font or self.font(texts), texts, self._kept(size), self.rng)

    def curved_line(self, texts: Sequence[str], size: float) -> Line:
        """The texts on an arc or a wave."""
        line = self.line(texts, size)
        if self.rng.random() < 0.25:
            swing = line.height * self.rng.uniform(0.25, 0.7)
            length = max(line.width * self.rng.uniform(0.7, 2.0), 8 * swing)
            return _bent(line, [(line, Wave(swing, length, self.rng.uniform()))])
        span = np.radians(self.rng.uniform(35, 200))
        radius = max(line.width / span, 0.9 * line.height)
        return _bent(line, [(line, Arc(line.width, line.height, radius, bool(self.rng.random() < 0.35)))])

    def ring(self, above: Sequence[str], below: Sequence[str], size: float, font: Path) -> Line:
        """Texts around a circle: `above` over its top, `below` (may be empty) under its bottom, both upright."""
        lines = [self.line(above, size, font)]
        if below:
            lines.append(self.line(below, size, font))
        height = max(line.height for line in lines)
        longest = max(line.width for line in lines)
        span = np.radians(self.rng.uniform(110, 165) if below else self.rng.uniform(150, 330))
        radius = max(longest / span, 1.2 * height)
        arcs = [(line, Arc(line.width, line.height, radius, i == 1)) for i, line in enumerate(lines)]
        reach = radius + height / 2
        return _bent(lines[0], arcs, (-reach, -reach, reach, reach))

    def _kept(self, size: float) -> float:
        return float(np.clip(size, *self.heights))


def _bent(
    line: Line, curves: Sequence[tuple[Line, Curve]], box: tuple[float, float, float, float] | None = None
) -> Line:
    """Straight lines along curves on one canvas; `box` of the curves' plane, or what the lines need."""
    polygons = [
        [curve.forward(outline(_box(word.polygon), _points(word, curve))) for word in part.words]
        for part, curve in curves
    ]
    if box is None:
        everything = np.concatenate([points for group in polygons for points in group])
        (left, top), (right, bottom) = everything.min(axis=0) - 2, everything.max(axis=0) + 2
        box = (float(np.floor(left)), float(np.floor(top)), float(np.ceil(right)), float(np.ceil(bottom)))
    origin = np.array(box[:2])
    coverage, words = None, []
    for (part, curve), group in zip(curves, polygons, strict=True):
        ink = bend(part.coverage, curve, box)
        coverage = ink if coverage is None else np.maximum(coverage, ink)
        words += [
            Word(
                word.text,
                (polygon - origin).astype(np.float32),
                (curve.forward(word.characters) - origin).astype(np.float32),
            )
            for word, polygon in zip(part.words, group, strict=True)
        ]
    assert coverage is not None
    return Line(coverage, tuple(words), line.size)


def _points(word: Word, curve: Curve) -> int:
    """How many points each side of a word needs on a curve: 3 to _POINTS."""
    width = float(np.ptp(word.polygon[:, 0]))
    bends = width / curve.radius / 0.2 if isinstance(curve, Arc) else 12 * width / curve.length
    return int(np.clip(np.ceil(bends) + 1, 3, _POINTS))


def _box(points: np.ndarray) -> np.ndarray:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def _render(
    fonts: FontLibrary, font: Path, texts: Sequence[str], size: float, rng: np.random.Generator
) -> Line:
    face = fonts.face(font, size * 1.4)
    text = " ".join(texts)
    spacing = face.size * (rng.uniform(0.0, 0.12) if rng.random() < 0.3 else 0.0)
    pen = np.concatenate([[0.0], np.cumsum(face.advances(text) + spacing)])
    glyphs = [face.glyph(c) for c in text]
    boxes = [
        (round(pen[i]) + left, top, round(pen[i]) + left + g.shape[1], top + g.shape[0])
        for i, (g, left, top) in enumerate(glyphs)
    ]
    inked = [b for b, (g, _, _) in zip(boxes, glyphs, strict=True) if g.size]
    x0, y0 = min(b[0] for b in inked), min(b[1] for b in inked)
    x1, y1 = max(b[2] for b in inked), max(b[3] for b in inked)
    canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for (g, _, _), (left, top, right, bottom) in zip(glyphs, boxes, strict=True):
        if g.size:
            window = canvas[top - y0 : bottom - y0, left - x0 : right - x0]
            np.maximum(window, g, out=window)
    scale = size / (y1 - y0)
    w, h = max(2, round(canvas.shape[1] * scale)), max(2, round(canvas.shape[0] * scale))
    margin = 1
    ink = np.pad(cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA), margin)
    ratio = np.array([w / canvas.shape[1], h / canvas.shape[0]])
    words, i = [], 0
    for t in texts:
        quads = np.array([boxes[i + k] for k in range(len(t))], dtype=np.float64)
        quads = (quads - (x0, y0, x0, y0)) * np.tile(ratio, 2) + margin
        chars = np.stack([quads[:, [0, 1]], quads[:, [2, 1]], quads[:, [2, 3]], quads[:, [0, 3]]], axis=1)
        box = _box(chars.reshape(-1, 2))
        words.append(Word(t, box.astype(np.float32), chars.astype(np.float32)))
        i += len(t) + 1
    return Line(ink, tuple(words), size)
