"""A sign before it has colours: panels, pictures, lines of words and marks, in pixels of the sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .writer import Line, Word, Writer


@dataclass(frozen=True, eq=False)
class Part:
    """Ink at a place: a line of words, or a mark without any.

    coverage    (h, w) uint8.
    left, top   where its corner lies on the block.
    ground      which of the block's grounds it stands on.
    accent      True: the second of the two ink colours of that ground.
    words       polygons relative to the block.
    size        pixels that shadows and outlines are measured by; 0 for none.
    """

    coverage: np.ndarray
    left: int
    top: int
    ground: int = 0
    accent: bool = False
    words: tuple[Word, ...] = ()
    size: float = 0.0


@dataclass(frozen=True)
class Panel:
    """A filled rectangle: left, top, right, bottom; the plate of a sign, or a stripe on it.

    ground    the number of its colour. Ground 0 without a panel is the photograph itself.
    radius    of the corners; border, the width of a line around it, 0 for none. All in pixels.
    """

    box: tuple[float, float, float, float]
    ground: int = 0
    radius: float = 0.0
    border: float = 0.0


@dataclass(frozen=True, eq=False)
class Block:
    """A sign: panels from back to front, parts on them, and boxes that show a piece of some photograph."""

    width: int
    height: int
    parts: tuple[Part, ...]
    panels: tuple[Panel, ...] = ()
    pictures: tuple[tuple[int, int, int, int], ...] = ()
    curved: bool = False

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in the order of writing."""
        return tuple(word for part in self.parts for word in part.words)


def on_line(line: Line, left: float, top: float, ground: int = 0, accent: bool = False) -> Part:
    """A line of words with its corner at (left, top)."""
    x, y = round(left), round(top)
    return Part(
        line.coverage, x, y, ground, accent, tuple(word.moved(x, y) for word in line.words), line.size
    )


def stack(
    lines: Sequence[Line],
    align: float,
    gaps: Sequence[float],
    *,
    ground: int = 0,
    accents: Sequence[bool] = (),
) -> tuple[list[Part], int, int]:
    """Lines below each other: (parts, width, height).

    align   0 left, 0.5 centred, 1 right.
    gaps    the pixels below each line but the last.
    """
    width = max(line.width for line in lines)
    parts, y = [], 0.0
    for i, line in enumerate(lines):
        accent = bool(accents[i]) if i < len(accents) else False
        parts.append(on_line(line, align * (width - line.width), y, ground, accent))
        y += line.height + (gaps[i] if i < len(lines) - 1 else 0.0)
    return parts, width, int(np.ceil(y))


def moved(parts: Sequence[Part], dx: float, dy: float) -> list[Part]:
    """Parts moved by whole pixels."""
    x, y = round(dx), round(dy)
    return [
        replace(p, left=p.left + x, top=p.top + y, words=tuple(w.moved(x, y) for w in p.words)) for p in parts
    ]


def boarded(
    writer: Writer, parts: Sequence[Part], width: int, height: int, pad: float, ground: int = 0
) -> Block:
    """The parts on one plate, with `pad` pixels around them."""
    rng = writer.rng
    pad_x, pad_y = pad * rng.uniform(0.8, 1.6), pad * rng.uniform(0.6, 1.2)
    w, h = int(width + 2 * pad_x), int(height + 2 * pad_y)
    # beyond 3.4 pads a round corner would cut into the text's own
    roundest = min(0.5 * min(w, h), 3.0 * min(pad_x, pad_y))
    radius = roundest * (rng.uniform(0.1, 1.0) if rng.random() < 0.35 else 0.0)
    border = max(1.0, min(w, h) * rng.uniform(0.01, 0.05)) if rng.random() < 0.4 else 0.0
    return Block(w, h, tuple(moved(parts, pad_x, pad_y)), (Panel((0, 0, w, h), ground, radius, border),))


def bare(parts: Sequence[Part], width: int, height: int, margin: int = 6) -> Block:
    """The parts without a plate; the margin leaves room for shadows and outlines."""
    return Block(width + 2 * margin, height + 2 * margin, tuple(moved(parts, margin, margin)))
