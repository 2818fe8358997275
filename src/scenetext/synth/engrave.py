"""From a melody to the shapes of its signs on a staff, by the habits of music engraving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .melody import Melody
from .score_glyphs import load_glyphs
from .score_marks import draw_marks, draw_slurs
from .score_pen import HEADS, TOP, Pen, Placed, Printing, Shape
from .score_stems import draw_stems

Rng = np.random.Generator

# where the signs of a key signature stand under the treble clef, in steps; two lower under the bass clef
_SHARPS, _FLATS = (8, 5, 9, 6, 3, 7, 4), (4, 7, 3, 6, 2, 5, 1)


@dataclass(frozen=True, eq=False)
class Engraving:
    """Shapes, the staff lines first; the ink of staff and signs lies within 0..right and bottom..top, but for
    staff lines that go on to the left or right."""

    shapes: tuple[Shape, ...]
    right: float
    bottom: float
    top: float


def engrave(melody: Melody, printing: Printing, rng: Rng, open_left: bool = False) -> Engraving:
    """The shapes of a fragment, whose staff begins at x = 0, or to the left of it if it is `open_left`.

    On the right the staff ends with the last bar line; it goes on beyond the fragment if there is none.
    """
    pen = Pen(load_glyphs()[printing.style])
    x = _prelude(pen, melody, rng)
    notes = _spaced(pen, melody, printing, rng, x)
    draw_stems(pen, melody, printing, notes)
    for note in notes:
        _head(pen, printing, note)
    draw_slurs(pen, printing, rng, notes)
    draw_marks(pen, printing, rng, notes)
    end = _ending(pen, melody, printing, notes)
    _, bottom, right, top = pen.bounds()
    staff = Pen({})
    start = -12.0 if open_left else 0.0
    for line in range(5):
        staff.bar(start, line, end if melody.ending else end + 12.0, line, printing.staff_line)
    return Engraving((*staff.shapes, *pen.shapes), max(right, end), min(bottom, 0.0), max(top, TOP))


def _prelude(pen: Pen, melody: Melody, rng: Rng) -> float:
    """Clef, key and time signature; returns where the music may begin."""
    gap = float(rng.uniform(0.5, 1.1))
    treble = melody.clef == "G"
    x = pen.sign("clefG" if treble else "clefF", gap, 1.0 if treble else 3.0) + gap
    sign, places = ("sharp", _SHARPS) if melody.key > 0 else ("flat", _FLATS)
    for step in places[: abs(melody.key)]:
        x = pen.sign(sign, x, (step if treble else step - 2) / 2) + 0.12
    if melody.key:
        x += gap
    if len(melody.metre) == 1:
        x = pen.sign(melody.metre[0], x, 2.0) + gap
    elif melody.metre:
        widths = [pen.glyphs[name].right for name in melody.metre]
        for name, width, y in zip(melody.metre, widths, (3.0, 1.0), strict=True):
            pen.sign(name, x + (max(widths) - width) / 2, y)
        x += max(widths) + gap
    return x + float(rng.uniform(0.2, 1.0))


def _spaced(pen: Pen, melody: Melody, printing: Printing, rng: Rng, x: float) -> list[Placed]:
    """The events with their places: apart by their lengths, but never in each other's way. Draws rests,
    accidentals, dots and the bar lines between measures."""
    placed: list[Placed] = []
    taken = x - 0.3  # ink so far ends here
    wanted = x
    even = float(rng.uniform(0.0, 0.15))
    for i, event in enumerate(melody.events):
        if i and event.measure != melody.events[i - 1].measure:
            line = max(wanted - 0.6, taken + 0.7)
            pen.bar(line, 0.0, line, TOP, printing.bar)
            taken, wanted = line + 0.4, line + 1.2 * printing.spread
        y = 2.0 if event.step is None else event.step / 2
        name = f"rest{event.value}" if event.step is None else HEADS.get(event.value, "blackHead")
        if event.step is None and event.value == 16:
            y = 3.0  # hangs from the line
        size = 1.0 if event.step is None else printing.size
        width = pen.glyphs[name].right * size
        before = 0.3
        if event.accidental:
            before += pen.glyphs[event.accidental].right * printing.size + 0.15
        at = max(wanted, taken + before)
        if event.accidental:
            sign = pen.glyphs[event.accidental]
            pen.sign(event.accidental, at - 0.2 - sign.right * printing.size, y, printing.size)
        if event.step is None:
            pen.sign(name, at, y)
        taken = at + width
        if event.dotted:
            # beside the head, in a space even where the note is on a line
            above = 0.5 if event.step is not None and event.step % 2 == 0 else 0.0
            taken = pen.sign("dot", taken + 0.35, y + above)
        placed.append(Placed(event, at, y, width, tip=y))
        room = 2.1 + 0.8 * float(np.log2(event.length))
        wanted = at + printing.spread * room * (1 + even * float(rng.standard_normal()))
        # a flag reaches to the right of its stem
        taken += 0.9 if event.step is not None and event.value <= 2 and not printing.beams else 0.0
    return placed


def _head(pen: Pen, printing: Printing, note: Placed) -> None:
    """The head of a note, and its ledger lines."""
    step = note.event.step
    if step is None:
        return
    pen.sign(HEADS.get(note.event.value, "blackHead"), note.x, note.y, printing.size)
    for line in [*range(10, step + 1, 2), *range(-2, step - 1, -2)]:
        pen.bar(note.x - 0.38, line / 2, note.x + note.width + 0.38, line / 2, printing.ledger)


def _ending(pen: Pen, melody: Melody, printing: Printing, notes: Sequence[Placed]) -> float:
    """The last bar line; returns where the staff ends."""
    last = notes[-1]
    end = last.x + last.width + (2.0 if last.event.dotted or last.event.value <= 2 else 1.3)
    bar = printing.bar
    if melody.ending == "final":
        pen.bar(end, 0.0, end, TOP, bar)
        pen.bar(end + 0.7, 0.0, end + 0.7, TOP, 0.5)
        return end + 0.95
    if melody.ending:
        pen.bar(end, 0.0, end, TOP, bar)
        if melody.ending == "double":
            pen.bar(end + 0.45, 0.0, end + 0.45, TOP, bar)
            end += 0.45
        return end + bar / 2
    return end
