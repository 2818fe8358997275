"""What the layouts of scenes write with: words of a corpus, in a font, at a size, straight or on a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import SettingsError
from .corpus import Corpus
from .curves import Arc, bend, outline
from .fonts import FontLibrary
from .ink import render_line, word_polygon

_POINTS = 7  # of a curved word's polygon, along each side, at most


@dataclass(frozen=True, eq=False)
class Word:
    """A word on a canvas: polygon (N, 2), characters (n, 4, 2), float32, clockwise from reading's start."""

    text: str
    polygon: np.ndarray
    characters: np.ndarray

    def moved(self, dx: float, dy: float) -> Word:
        """The word moved by (dx, dy)."""
        move = np.array([dx, dy], dtype=np.float32)
        return Word(self.text, self.polygon + move, self.characters + move)


@dataclass(frozen=True, eq=False)
class Line:
    """Words of one size: coverage (h, w) uint8, the words' places on it, the height of its ink in pixels."""

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
    """One scene's pen.

    heights   least and most height of a line, in pixels.
    charset   texts with other characters are drawn anew.
    plates    how often a plate is used where it is optional.
    """

    rng: np.random.Generator
    fonts: FontLibrary
    corpus: Corpus
    heights: tuple[float, float]
    plates: float
    charset: frozenset[str]

    def size(self, low: float = 0.0, high: float = 1.0) -> float:
        """A height between two quantiles of the range, even on a logarithmic scale: small ones more often."""
        least, most = np.log(self.heights)
        return float(np.exp(least + (most - least) * self.rng.uniform(low, high)))

    def texts(self, count: int) -> list[str]:
        """Words of the corpus."""
        count = max(1, count)
        texts: list[str] = []
        for _ in range(200 * count):
            if len(texts) == count:
                return texts
            text = self.corpus.draw(self.rng)
            if self.charset.issuperset(text):
                texts.append(text)
        raise SettingsError("the corpus hardly ever draws a text within the charset; change one of them")

    def font(self, texts: Sequence[str]) -> Path:
        """A font that can write all the texts."""
        return self.fonts.choose(self.rng, "".join(texts))

    def line(self, texts: Sequence[str], size: float, font: Path | None = None) -> Line:
        """The texts side by side, straight, the tallest ink `size` pixels high (kept in the range)."""
        return self._draw(texts, size, font or self.font(texts))

    def curved_line(self, texts: Sequence[str], size: float) -> Line:
        """The texts on an arc, now and then on a wave; the letters are turned, not bent."""
        rng = self.rng
        font = self.font(texts)
        if rng.random() < 0.2:
            return self._draw(texts, size, font, wave=rng.uniform(0.2, 0.5))
        turn = float(rng.uniform(0.4, 3.0))
        return self._draw(texts, size, font, bend=turn if rng.random() < 0.65 else -turn)

    def ring(self, above: Sequence[str], below: Sequence[str], size: float, font: Path) -> Line:
        """Texts around a circle: `above` over its top, `below` (may be empty) under its bottom, upright."""
        lines = [self.line(above, size, font)]
        if below:
            lines.append(self.line(below, size, font))
        height = max(line.height for line in lines)
        span = np.radians(self.rng.uniform(110, 165) if below else self.rng.uniform(150, 330))
        radius = max(max(line.width for line in lines) / span, 1.2 * height)
        reach = radius + height / 2
        return _around(lines, radius, reach)

    def _draw(
        self, texts: Sequence[str], size: float, font: Path, *, bend: float = 0.0, wave: float = 0.0
    ) -> Line:
        least, most = self.heights
        face = self.fonts.face(font, 1.3 * min(size, most))
        spacing = self.rng.uniform(-0.02, 0.15) if self.rng.random() < 0.25 else 0.0
        text = " ".join(texts)
        if bend or wave:
            # A short line cannot turn far: no radius may be below the height of the letters. Those that hang
            # in a circle crowd at their heads, which are nearer to its centre than their feet.
            length = float(face.advances(text).sum()) / face.size
            bend = float(np.clip(bend, -length / 1.8, length / 0.9))
            wave = min(wave, length**2 / 60, 0.1 * length)
        ink = render_line(text, face, spacing=spacing, bend=bend, wave=wave, margin=1)
        quads = [ink.characters[part] for part in ink.words]
        heights = [
            float(np.linalg.norm(quad[:, 0] - quad[:, 3], axis=1).mean())
            for text, quad in zip(texts, quads, strict=True)
            if any(c.isalnum() for c in text)  # a dash is low by nature
        ]
        scale = max(size / ink.height, least / min(heights, default=ink.height))
        scale = min(scale, most / ink.height)
        alpha, ratio = ink.alpha, np.ones(2)
        if abs(scale - 1) > 0.02:
            shape = max(2, round(alpha.shape[1] * scale)), max(2, round(alpha.shape[0] * scale))
            alpha = cv2.resize(alpha, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
            ratio = np.array(shape) / ink.alpha.shape[::-1]
        words = [
            Word(text, word_polygon(quad), quad.astype(np.float32))
            for text, quad in zip(texts, [quad * ratio for quad in quads], strict=True)
        ]
        return Line(alpha, tuple(words), ink.height * scale)


def _around(lines: Sequence[Line], radius: float, reach: float) -> Line:
    """The first line over the top of a circle, the second under its bottom, on a square of 2 * reach."""
    side = int(np.ceil(2 * reach))
    coverage, words = np.zeros((side, side), np.uint8), []
    for line, smile in zip(lines, (False, True), strict=False):
        arc = Arc(line.width, line.height, radius, smile, (side / 2, side / 2))
        coverage = np.maximum(coverage, bend(line.coverage, arc, side, side))
        words += [
            Word(
                word.text,
                arc.forward(outline(word.polygon, _POINTS)).astype(np.float32),
                arc.forward(word.characters).astype(np.float32),
            )
            for word in line.words
        ]
    return Line(coverage, tuple(words), lines[0].size)
