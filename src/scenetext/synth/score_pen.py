"""What engraving works with: ways of printing, a pen that collects shapes, and notes in their places.

Everything is in staff spaces (the distance of two staff lines): x to the right from where the staff begins,
y upwards from the bottom line, so that the top line is at 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .melody import Event, pick
from .score_glyphs import STYLES, Glyph

Rng = np.random.Generator
Shape = tuple[np.ndarray, ...]
"""Closed polygons (n, 2) float64 that are filled together by the even-odd rule."""

TOP = 4.0  # of the staff
HEADS = {16: "wholeHead", 8: "halfHead"}  # by value; shorter notes have a "blackHead"


@dataclass(frozen=True)
class Printing:
    """How a score is printed. Lengths in staff spaces.

    style        of the signs, one of `score_glyphs.STYLES`
    staff_line, ledger, stem, beam, bar   thickness of lines
    stem_length  of a single note
    spread       room between notes, 1 being usual
    size         of heads and accidentals, 1 being usual
    beams        whether short notes are joined; otherwise each has its flag, as in old vocal music
    beam_span    in beats: how long a time a beam may join
    stems        "turned" by the place of the note, or all "up" or "down" as with two voices on a staff
    slurs        share of groups of notes under a slur
    dynamics     share of notes with a p, mf, ... below
    """

    style: str = "plain"
    staff_line: float = 0.12
    ledger: float = 0.16
    stem: float = 0.12
    beam: float = 0.5
    bar: float = 0.16
    stem_length: float = 3.5
    spread: float = 1.0
    size: float = 1.0
    beams: bool = True
    beam_span: int = 1
    stems: str = "turned"
    slurs: float = 0.0
    dynamics: float = 0.0


def draw_printing(rng: Rng) -> Printing:
    """A random way of printing."""
    thick = float(np.exp(rng.normal(0, 0.18)))  # heavy and light prints are so in all their lines

    def line(usual: float) -> float:
        return usual * thick * float(np.exp(rng.normal(0, 0.1)))

    return Printing(
        STYLES[pick(rng, (0.3, 0.3, 0.25, 0.15))],
        staff_line=line(0.12),
        ledger=line(0.16),
        stem=line(0.12),
        beam=float(rng.uniform(0.4, 0.58)),
        bar=line(0.16),
        stem_length=float(rng.uniform(3.0, 3.7)),
        spread=float(np.exp(rng.normal(0.05, 0.22))),
        size=float(rng.uniform(0.94, 1.08)),
        beams=bool(rng.random() < 0.88),
        beam_span=int(rng.integers(1, 3)),
        stems=("turned", "up", "down")[pick(rng, (0.92, 0.05, 0.03))],
        slurs=0.0 if rng.random() < 0.65 else float(rng.uniform(0.1, 0.9)),
        dynamics=0.0 if rng.random() < 0.75 else float(rng.uniform(0.05, 0.3)),
    )


@dataclass(eq=False)
class Placed:
    """An event with its place: x, y of its head's origin, the width of the head, and its stem."""

    event: Event
    x: float
    y: float
    width: float
    up: bool = True
    tip: float = 0.0  # y of the stem's end, or of the head where there is no stem
    beamed: bool = False

    @property
    def middle(self) -> float:
        """x of the middle of the head."""
        return self.x + self.width / 2


@dataclass(eq=False)
class Pen:
    """Collects shapes."""

    glyphs: dict[str, Glyph]
    shapes: list[Shape] = field(default_factory=list)

    def sign(self, name: str, x: float, y: float, size: float = 1.0) -> float:
        """Draws a sign with its origin at (x, y); returns the x of its right end."""
        glyph = self.glyphs[name]
        move = np.array([x, y])
        self.shapes.append(tuple(contour * size + move for contour in glyph.contours))
        return x + glyph.right * size

    def polygon(self, points: np.ndarray) -> None:
        """Fills a polygon (n, 2)."""
        self.shapes.append((points,))

    def bar(self, x0: float, y0: float, x1: float, y1: float, thickness: float) -> None:
        """A line of even thickness, measured upright unless the line itself is upright."""
        half = thickness / 2
        if x0 == x1:
            self.polygon(np.array([[x0 - half, y0], [x0 + half, y0], [x0 + half, y1], [x0 - half, y1]]))
            return
        if x1 - x0 < 3:
            self.polygon(np.array([[x0, y0 + half], [x1, y1 + half], [x1, y1 - half], [x0, y0 - half]]))
            return
        # with points between, so that the line can follow when the page is bent
        x = np.linspace(x0, x1, max(2, int((x1 - x0) / 1.5) + 1))
        y = np.linspace(y0, y1, len(x))
        above, below = np.stack([x, y + half], axis=1), np.stack([x, y - half], axis=1)
        self.polygon(np.concatenate([above, below[::-1]]))

    def bounds(self) -> tuple[float, float, float, float]:
        """left, bottom, right, top of all shapes."""
        points = np.concatenate([contour for shape in self.shapes for contour in shape])
        (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
        return float(left), float(bottom), float(right), float(top)
