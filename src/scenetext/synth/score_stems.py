"""Stems of notes, their flags, and the beams that join them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .melody import Melody
from .score_pen import Pen, Placed, Printing


def draw_stems(pen: Pen, melody: Melody, printing: Printing, notes: Sequence[Placed]) -> None:
    """Stems, flags and beams; sets the direction and the tip of each note's stem."""
    for group in _beam_groups(melody, printing, notes):
        _beam(pen, printing, group)
    for note in notes:
        event = note.event
        if event.step is None or note.beamed:
            continue
        note.up = _points_up(printing, [event.step])
        if event.value == 16:
            continue
        reach = printing.stem_length + (0.4 if event.value == 1 else 0.0)
        # the stems of notes far off the staff reach its middle line
        note.tip = max(note.y + reach, 2.0) if note.up else min(note.y - reach, 2.0)
        x = _stem(pen, printing, note)
        if event.value <= 2:
            flag = ("flag8" if event.value == 2 else "flag16") + ("Up" if note.up else "Down")
            pen.sign(flag, x - printing.stem / 2, note.tip)


def _points_up(printing: Printing, steps: Sequence[int]) -> bool:
    """Whether the stem of a note, or of notes under one beam, points up: away from the farthest one."""
    if printing.stems != "turned":
        return printing.stems == "up"
    return max(steps) - 4 < 4 - min(steps)


def _stem_x(printing: Printing, note: Placed) -> float:
    return note.x + note.width - printing.stem / 2 if note.up else note.x + printing.stem / 2


def _stem(pen: Pen, printing: Printing, note: Placed) -> float:
    """Draws a stem from its head to its tip; returns its x."""
    x = _stem_x(printing, note)
    pen.bar(x, note.y + (0.16 if note.up else -0.16), x, note.tip, printing.stem)
    return x


def _beam_groups(melody: Melody, printing: Printing, notes: Sequence[Placed]) -> list[list[Placed]]:
    """Neighbouring notes with flags, within a few beats of a measure, without a rest between."""
    groups: list[list[Placed]] = []
    last = None
    for note in notes:
        event = note.event
        span = melody.beat * (printing.beam_span if melody.beat == 4 else 1)
        place = (event.measure, event.start // span)
        if not printing.beams or event.step is None or event.value > 2:
            last = None
            continue
        if place != last:
            groups.append([])
        groups[-1].append(note)
        last = place
    return [group for group in groups if len(group) > 1]


def _beam(pen: Pen, printing: Printing, group: Sequence[Placed]) -> None:
    """Joins a group: one beam for all, a second one for sixteenths."""
    steps = [note.event.step or 0 for note in group]
    up = _points_up(printing, steps)
    away = 1.0 if up else -1.0
    for note in group:
        note.up, note.beamed = up, True
    x = np.array([_stem_x(printing, note) for note in group])
    y = np.array([note.y for note in group])
    # the beam follows the melody, much flattened, and lies level where the middle notes stick out
    rise = float(np.clip((y[-1] - y[0]) * 0.4, -1.25, 1.25))
    inner = away * y[1:-1]
    if len(inner) and inner.max() > max(away * y[0], away * y[-1]):
        rise *= 0.2
    slope = float(np.clip(rise / (x[-1] - x[0]), -0.25, 0.25))
    line = slope * (x - x[0])
    shortest = 2.6 if min(note.event.value for note in group) == 2 else 3.0
    height = max(float((away * (y - line)).max()) + shortest, float((away * (2.0 - line)).max()))
    height = max(height, away * float(y[0]) + printing.stem_length - 0.3)
    tips = away * height + line
    for note, tip in zip(group, tips, strict=True):
        note.tip = float(tip)
        _stem(pen, printing, note)
    half = printing.beam / 2 * away  # the outer edge of the beam is at the tips
    pen.bar(float(x[0]), float(tips[0]) - half, float(x[-1]), float(tips[-1]) - half, printing.beam)
    second = -half - away * (printing.beam + 0.26)
    short = [note.event.value == 1 for note in group]
    for i in np.flatnonzero(short):
        at, tip = float(x[i]), float(tips[i]) + second
        if i + 1 < len(group) and short[i + 1]:
            pen.bar(at, tip, float(x[i + 1]), float(tips[i + 1]) + second, printing.beam)
        elif i == 0:
            pen.bar(at, tip, at + 1.1, tip + 1.1 * slope, printing.beam)
        elif not short[i - 1]:
            pen.bar(at - 1.1, tip - 1.1 * slope, at, tip, printing.beam)
