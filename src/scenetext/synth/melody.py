"""What a fragment of a score says: clef, key, metre, and notes and rests in measures, made up at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

Rng = np.random.Generator

LOWEST, HIGHEST = -6, 14  # steps of the staff: three ledger lines below and above

# The steps from C0 up to the bottom line of the staff.
_BOTTOM_LINE = {"G": 4 * 7 + 2, "F": 2 * 7 + 4}  # E4 under the treble clef, G2 under the bass clef

# (share, signs of the time signature, measure, beat), lengths in sixteenths
_METRES: tuple[tuple[int, tuple[str, ...], int, int], ...] = (
    (30, ("time4", "time4"), 16, 4), (14, ("timeCommon",), 16, 4), (20, ("time3", "time4"), 12, 4),
    (14, ("time2", "time4"), 8, 4), (10, ("time6", "time8"), 12, 6), (4, ("time3", "time8"), 6, 6),
    (4, ("time9", "time8"), 18, 6), (4, ("timeCut",), 16, 8), (3, ("time2", "time2"), 16, 8),
)  # fmt: skip
_INTERVALS = (0, 1, 2, 3, 4, 5, 7)
_INTERVAL_SHARES = (0.13, 0.41, 0.20, 0.11, 0.07, 0.04, 0.04)
_MARKS = ("staccato", "tenuto", "accent", "marcato", "fermata", "trill")
_MARK_SHARES = (0.45, 0.15, 0.22, 0.06, 0.07, 0.05)


@dataclass(frozen=True)
class Event:
    """A note or a rest.

    step         of the note on the staff: 0 the bottom line, 1 the space above it; None: a rest
    value        of the sign without its dot, in sixteenths: 16 (whole), 8, 4, 2 or 1
    dotted       half as long again
    measure      number of the measure, from 0
    start        in the measure, in sixteenths
    accidental   before the note: "", "sharp", "flat" or "natural"
    mark         at the note: "" or an articulation
    tied         to the next note, which has the same step
    """

    step: int | None
    value: int
    dotted: bool
    measure: int
    start: int
    accidental: str = ""
    mark: str = ""
    tied: bool = False

    @property
    def length(self) -> int:
        """In sixteenths."""
        return self.value * 3 // 2 if self.dotted else self.value


@dataclass(frozen=True)
class Melody:
    """A fragment of one voice.

    clef     "G" (treble) or "F" (bass)
    key      signs of the key signature: sharps if positive, flats if negative
    metre    signs of the time signature, top first; () if the fragment shows none
    beat     in sixteenths
    ending   after the last event: "" (the staff goes on), "single", "double" or "final" bar line
    """

    clef: Literal["G", "F"]
    key: int
    metre: tuple[str, ...]
    beat: int
    events: tuple[Event, ...]
    ending: str

    @property
    def pitches(self) -> tuple[str, ...]:
        """The name of each note as its place on the staff gives it, as if in C major: "C4" is middle C.

        Neither accidentals nor the key signature change it, and rests have none.
        """
        return tuple(pitch_name(self.clef, event.step) for event in self.events if event.step is not None)


def pitch_name(clef: str, step: int) -> str:
    """The note of C major at a step of the staff."""
    octave, letter = divmod(_BOTTOM_LINE[clef] + step, 7)
    return f"{'CDEFGAB'[letter]}{octave}"


def compose(rng: Rng, notes: int) -> Melody:
    """A made-up melody of so many notes: in measures that add up, moving mostly by step."""
    _, signs, measure, beat = _METRES[pick(rng, [share for share, *_ in _METRES])]
    key = 0 if rng.random() < 0.35 else int(np.clip(round(rng.normal(0, 2.6)), -7, 7))
    return Melody(
        "G" if rng.random() < 0.72 else "F",
        key,
        signs if rng.random() < 0.5 else (),
        beat,
        tuple(_measures(rng, notes, measure, beat)),
        ("", "single", "double", "final")[pick(rng, (0.45, 0.35, 0.08, 0.12))],
    )


def pick(rng: Rng, shares: Sequence[float]) -> int:
    """An index, in proportion to the shares. (`Generator.choice` takes ten times as long.)"""
    rest = rng.random() * sum(shares)
    for index, share in enumerate(shares):
        rest -= share
        if rest < 0:
            return index
    return len(shares) - 1


def _measures(rng: Rng, notes: int, measure: int, beat: int) -> list[Event]:
    steps = iter(_steps(rng, notes))
    pace = float(rng.uniform(-0.1, 3.1))  # the usual length, as a power of two of sixteenths
    rests = (0.0, 0.08, 0.2)[pick(rng, (0.3, 0.5, 0.2))]
    dots = float(rng.uniform(0.02, 0.4))
    altered = (0.0, 0.06, 0.15, 0.35)[pick(rng, (0.3, 0.4, 0.2, 0.1))]
    marks = 0.0 if rng.random() < 0.7 else float(rng.uniform(0.1, 0.9))
    usual = _MARKS[pick(rng, _MARK_SHARES)]
    number, now = 0, 0
    if rng.random() < 0.3:  # an upbeat, or a measure that began before the fragment
        now = int(rng.integers(1, measure // 2)) * 2
    events: list[Event] = []
    while notes:
        length = _length(rng, now, measure, beat, pace, dots)
        dotted = length % 3 == 0
        value = length * 2 // 3 if dotted else length
        if not dotted and rng.random() < rests:
            events.append(Event(None, value, False, number, now))
        else:
            notes -= 1
            sign = ("sharp", "flat", "natural")[int(rng.integers(3))] if rng.random() < altered else ""
            mark = ""
            if rng.random() < marks:
                mark = usual if rng.random() < 0.85 else _MARKS[pick(rng, _MARK_SHARES)]
            events.append(Event(next(steps), value, dotted, number, now, sign, mark))
        now += length
        if now >= measure:
            number, now = number + 1, 0
    for i, (event, following) in enumerate(pairwise(events)):
        if event.step is not None and event.step == following.step and rng.random() < 0.25:
            events[i] = replace(event, tied=True)
    return events


def _length(rng: Rng, now: int, measure: int, beat: int, pace: float, dots: float) -> int:
    """The length of the next event, in sixteenths: it fits into the measure, and keeps to the beats."""
    if now % 2:
        lengths = [1, 3] if beat - now % beat >= 3 else [1]
    elif now % beat:
        lengths = [length for length in (1, 2, 3, 4, 6) if length <= beat - now % beat]
    else:
        lengths = [
            length
            for length in (1, 2, 3, 4, 6, 8, 12, 16)
            if length <= measure - now and (length <= beat or length % (beat // 2) == 0)
        ]
    shares = [math.exp(-((math.log2(length) - pace) ** 2) / 1.4) for length in lengths]
    if beat != 6:  # in compound metres the beat itself is dotted
        shares = [share * (dots if n % 3 == 0 else 1) for share, n in zip(shares, lengths, strict=True)]
    return lengths[pick(rng, shares)]


def _steps(rng: Rng, notes: int) -> list[int]:
    """A walk on the staff around some height; now and then notes from anywhere."""
    if rng.random() < 0.08:
        return [int(step) for step in rng.integers(LOWEST, HIGHEST + 1, notes)]
    home = float(rng.normal(4, 2.5)) if rng.random() < 0.7 else float(rng.uniform(LOWEST, HIGHEST))
    step = round(home + float(rng.normal(0, 2)))
    steps = []
    for _ in range(notes):
        step = min(max(step, LOWEST), HIGHEST)
        steps.append(step)
        up = rng.random() < 1 / (1 + math.exp((step - home) / 2.5))
        step += _INTERVALS[pick(rng, _INTERVAL_SHARES)] * (1 if up else -1)
    return steps
