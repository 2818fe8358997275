"""Lines and reading order, for pages and scenes turned any way.

Words are chained into lines in their own local direction, lines are stacked into blocks, and blocks are read
in columns from left to right and top to bottom, all relative to the direction in which most of the text runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .rectify import sides

_SAME_DIRECTION = np.cos(np.radians(25))
_WORD_GAP = 1.6  # widest space within a line, in text heights; wider ones separate signs and columns
_LINE_GAP = 1.8  # widest space between the lines of a block, in text heights
_SHORT = 2.2  # words not longer than this many heights: single letters lie on their side on a turned page
_SIZE_RATIO = 2.5  # words of a line, and lines of a block, differ by less than this in height


@dataclass(frozen=True, eq=False)
class _Words:
    """The words of an image as arrays: the ends of their middle lines, (n, 2) each, and heights (n,)."""

    starts: np.ndarray
    ends: np.ndarray
    first: np.ndarray  # unit direction at the start
    last: np.ndarray  # unit direction at the end
    heights: np.ndarray


def reading_order(polygons: Sequence[np.ndarray]) -> tuple[list[int], list[int]]:
    """(order, lines): the indices of the polygons in reading order, and their line numbers in that order.

    polygons   each (N, 2), clockwise from the start of reading, pixels.
    Line numbers start at 0 and never fall.
    """
    if not polygons:
        return [], []
    words, direction = _measure(polygons)
    turn = np.array([[direction[0], -direction[1]], [direction[1], direction[0]]])  # direction -> (1, 0)
    turned = [np.asarray(polygon, dtype=np.float64) @ turn for polygon in polygons]
    boxes = np.array([[*polygon.min(axis=0), *polygon.max(axis=0)] for polygon in turned])
    lines = _chain(words)
    heights = [float(np.median(words.heights[line])) for line in lines]
    extents = np.array([_union(boxes[line]) for line in lines])
    blocks = _stack(extents, heights)
    ordered = [block[i] for block in blocks for i in _topological(extents[block])]
    order = [word for line in ordered for word in lines[line]]
    numbers = [number for number, line in enumerate(ordered) for _ in lines[line]]
    return order, numbers


def _measure(polygons: Sequence[np.ndarray]) -> tuple[_Words, np.ndarray]:
    """The words, and the unit direction in which most of them read."""
    upper, lower = zip(*(sides(polygon) for polygon in polygons), strict=True)
    # the corners: start of the upper line, its end, end of the lower line, its start
    quads = np.array(
        [[a[0], a[-1], b[-1], b[0]] for a, b in zip(upper, lower, strict=True)], dtype=np.float64
    )
    first = np.array([a[1] + b[1] - a[0] - b[0] for a, b in zip(upper, lower, strict=True)])
    last = np.array([a[-1] + b[-1] - a[-2] - b[-2] for a, b in zip(upper, lower, strict=True)])
    across = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
    down = quads[:, 3] + quads[:, 2] - quads[:, 0] - quads[:, 1]
    lengths, heights = np.linalg.norm(across, axis=1) / 2, np.linalg.norm(down, axis=1) / 2
    direction = _dominant(across, lengths)
    agreeing = _unit(across) @ direction > _SAME_DIRECTION
    page = lengths[agreeing].sum() > 0.5 * lengths.sum()  # and not an arch, or signs at all angles
    for i in np.flatnonzero(page & ~agreeing & (lengths < _SHORT * heights)):
        # the shape of a short word does not tell which way it reads: it goes with the others
        turns = [np.roll(quads[i], -k, axis=0) for k in range(4)]
        best = max(turns, key=lambda quad: float((quad[1] + quad[2] - quad[0] - quad[3]) @ direction))
        if _unit(best[1] + best[2] - best[0] - best[3]) @ direction < _SAME_DIRECTION:
            continue  # it stands askew
        quads[i] = best
        first[i] = last[i] = best[1] + best[2] - best[0] - best[3]
        heights[i] = np.linalg.norm(best[3] + best[2] - best[0] - best[1]) / 2
    starts, ends = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    return _Words(starts, ends, _unit(first), _unit(last), np.maximum(heights, 1.0)), direction


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.where(lengths > 1e-6, vectors / np.maximum(lengths, 1e-6), [1.0, 0.0]))


def _dominant(across: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The direction that has the greatest length of text within 15 degrees of it."""
    unit = _unit(across)
    near = unit @ unit.T > np.cos(np.radians(15))
    best = int((near * lengths).sum(axis=1).argmax())
    return np.asarray(_unit((unit * lengths[:, None])[near[best]].sum(axis=0)))


def _chain(words: _Words) -> list[list[int]]:
    """Lines as lists of word indices: each word is joined to the nearest one that continues it."""
    between = words.starts[None] - words.ends[:, None]  # [a, b]: from the end of a to the start of b
    along = (between * words.last[:, None]).sum(axis=2)
    beside = np.abs(between[..., 1] * words.last[:, None, 0] - between[..., 0] * words.last[:, None, 1])
    taller = np.maximum(words.heights[:, None], words.heights)
    smaller = np.minimum(words.heights[:, None], words.heights)
    possible = (
        (words.last @ words.first.T > _SAME_DIRECTION)
        & (taller < _SIZE_RATIO * smaller)
        & (along > -0.6 * taller)
        & (along < _WORD_GAP * taller)
        & (beside < 0.45 * taller)
    )
    np.fill_diagonal(possible, False)
    a, b = np.nonzero(possible)
    cost = (np.abs(along) + 2 * beside)[a, b]
    follower: dict[int, int] = {}
    leader: dict[int, int] = {}
    line_of = list(range(len(words.starts)))
    for i in np.argsort(cost, kind="stable"):
        one, two = int(a[i]), int(b[i])
        if one in follower or two in leader or line_of[one] == line_of[two]:
            continue
        follower[one], leader[two] = two, one
        joined, kept = line_of[two], line_of[one]
        line_of = [kept if line == joined else line for line in line_of]
    lines = []
    for word in range(len(line_of)):
        if word not in leader:
            line = [word]
            while line[-1] in follower:
                line.append(follower[line[-1]])
            lines.append(line)
    return lines


def _union(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _stack(extents: np.ndarray, heights: Sequence[float]) -> list[np.ndarray]:
    """Blocks in reading order: lines (their indices) close above one another and of similar size."""
    count = len(extents)
    tall = np.array(heights)
    taller, smaller = np.maximum(tall[:, None], tall), np.minimum(tall[:, None], tall)
    gap = -_overlap(extents, 1)
    narrow = np.minimum(extents[:, 2] - extents[:, 0], (extents[:, 2] - extents[:, 0])[:, None])
    joined = (
        (_overlap(extents, 0) > 0.3 * narrow) & (gap < _LINE_GAP * smaller) & (taller < _SIZE_RATIO * smaller)
    )
    block = np.arange(count)
    for i, j in zip(*np.nonzero(np.triu(joined, 1)), strict=True):
        if block[i] != block[j]:
            block[block == block[j]] = block[i]
    blocks = [np.flatnonzero(block == b) for b in dict.fromkeys(block.tolist())]
    order = _topological(np.array([_union(extents[b]) for b in blocks]))
    return [blocks[i] for i in order]


def _overlap(boxes: np.ndarray, axis: int) -> np.ndarray:
    """Shared length of all pairs of boxes along an axis, (n, n); negative where there is a gap."""
    low, high = boxes[:, axis], boxes[:, axis + 2]
    return np.asarray(np.minimum(high[:, None], high) - np.maximum(low[:, None], low))


def _topological(boxes: np.ndarray) -> list[int]:
    """The order of boxes (n, 4): of two in a column the upper comes first, of two in a row the left.

    Where these rules leave a choice, or contradict each other in a circle, the topmost comes first.
    """
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    share_columns = _overlap(boxes, 0) / np.maximum(np.minimum(width[:, None], width), 1e-6)
    share_rows = _overlap(boxes, 1) / np.maximum(np.minimum(height[:, None], height), 1e-6)
    above = (share_columns > 0.1) & (share_columns >= share_rows) & (middle[:, None, 1] < middle[None, :, 1])
    left = (share_rows > 0.3) & (share_rows > share_columns) & (middle[:, None, 0] < middle[None, :, 0])
    before = above | left
    waiting = before.sum(axis=0)
    remaining = set(range(len(boxes)))
    order: list[int] = []
    while remaining:
        free = [i for i in remaining if waiting[i] == 0] or list(remaining)
        best = min(free, key=lambda i: (boxes[i, 1], boxes[i, 0]))
        order.append(best)
        remaining.discard(best)
        waiting -= before[best]
    return order
