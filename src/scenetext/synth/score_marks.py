"""What stands around the notes of a score and has no label: ties and slurs, articulations, dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .score_pen import TOP, Pen, Placed, Printing

Rng = np.random.Generator


def draw_slurs(pen: Pen, printing: Printing, rng: Rng, notes: Sequence[Placed]) -> None:
    """Ties, and slurs over some notes: on the side of the heads, or above where stems turn both ways."""
    sounding = [note for note in notes if note.event.step is not None]
    for note, following in pairwise(sounding):
        if note.event.tied:
            side = -1.0 if note.up else 1.0
            y = note.y + 0.55 * side
            _arc(pen, (note.middle + 0.3, y), (following.middle - 0.3, y), 0.55 * side)
    first = 0
    while first + 1 < len(sounding):
        last = min(first + int(rng.integers(1, 5)), len(sounding) - 1)
        if rng.random() < printing.slurs:
            run = sounding[first : last + 1]
            above = not all(note.up for note in run)
            side = 1.0 if above else -1.0
            edge = [side * (note.tip if note.up == above else note.y) for note in run]
            ends = [side * (value + 0.6) for value in (edge[0], edge[-1])]
            bulge = max(max(edge) - max(edge[0], edge[-1]), 0.0) * 1.4 + 0.7
            _arc(pen, (run[0].middle, ends[0]), (run[-1].middle, ends[-1]), side * bulge)
        first = last + 1


def _arc(pen: Pen, start: tuple[float, float], end: tuple[float, float], bulge: float) -> None:
    """A slur: a bow that is thick in its middle; `bulge` is its height, negative downwards."""
    t = np.linspace(0, 1, 17)
    x = start[0] + (end[0] - start[0]) * t
    bow = np.clip(4 * t * (1 - t), 0, None) ** 0.75
    y = start[1] + (end[1] - start[1]) * t + bulge * bow
    thick = 0.05 + 0.09 * bow
    pen.polygon(np.concatenate([np.stack([x, y + thick], 1), np.stack([x, y - thick], 1)[::-1]]))


def draw_marks(pen: Pen, printing: Printing, rng: Rng, notes: Sequence[Placed]) -> None:
    """Articulations at the heads, and dynamics below the staff."""
    written = -np.inf  # where the last of the dynamics ends
    for note in notes:
        if note.event.step is None:
            continue
        mark = note.event.mark
        if mark:
            glyph = pen.glyphs[mark]
            x = note.middle - (glyph.left + glyph.right) / 2
            inside = mark in ("staccato", "tenuto")
            above = not note.up or note.event.value == 16 or mark in ("fermata", "trill", "marcato")
            if inside:
                step = note.event.step + (2 if above else -2)
                if 0 <= step <= 8 and step % 2 == 0:
                    step += 1 if above else -1  # not on a line
                y = step / 2
            elif above:
                y = max(note.y, note.tip, TOP) + 0.8
            else:
                y = min(note.y, note.tip, 0.0) - 0.8
            y -= (glyph.bottom + glyph.top) / 2 if above or inside else glyph.top
            pen.sign(mark, x, y)
        if rng.random() < printing.dynamics and note.x > written + 0.5:
            x = note.x
            y = min(note.y, note.tip, 0.0) - 2.2
            for name in (("piano",), ("mezzo", "piano"), ("mezzo", "forte"), ("forte",))[
                int(rng.integers(4))
            ]:
                x = pen.sign(name, x, y)
            written = x
