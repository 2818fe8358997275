"""Windows of one long crop, put together again: by their frames, or by what was read in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, product, takewhile

import numpy as np

_APART = 1.25  # of a pitch cost a character each, more than one: "1111" is not to gain by being moved

Windows = Sequence[tuple[int, int]]
"""The columns (left, right) of the windows: from left to right, overlapping, all of one width."""


def join_frames(log_probs: np.ndarray, windows: Windows) -> np.ndarray:
    """The frames (T, C) of a whole crop from those of its windows (K, t, C).

    The frames of every window are taken to be equally far apart, by the power of two that comes nearest, for
    that is what strides of two make. In the middle of an overlap one window takes over from the other: there,
    both have seen the most of what is around.
    """
    frames = log_probs.shape[1]
    width = windows[0][1] - windows[0][0]
    stride = 2 ** round(math.log2(width / max(frames, 1)))
    kept = []
    start = 0
    for rows, ((left, _), (after, _)) in zip(log_probs, pairwise(windows), strict=False):
        shift = round((after - left) / stride)  # frame t of the next window is frame t + shift of this one
        middle = max(frames - shift, 0) // 2
        kept.append(rows[start : shift + middle])
        start = middle
    kept.append(log_probs[-1, start:])
    return np.concatenate(kept)


def join_texts(texts: Sequence[Sequence[str]], windows: Windows) -> list[str]:
    """The characters of a whole crop from those of its windows.

    Characters are taken to be evenly spread over a window. Two texts are joined at the longest run of
    characters that ends one and begins the other, what a window reads beyond it being the remains of cut
    characters; a run counts for less the farther apart its two places are. Without such a run, the
    characters before the middle of the overlap are the first window's, those after it the second's.
    """
    joined: list[tuple[str, float]] = []  # characters and their centres
    for k, (text, (left, right)) in enumerate(zip(texts, windows, strict=True)):
        pitch = (right - left) / max(len(text), 1)
        further = [(character, left + (i + 0.5) * pitch) for i, character in enumerate(text)]
        if k == 0:
            joined = further
            continue
        before = windows[k - 1][1]
        kept, taken = _seam(joined, further, (left, before), pitch)
        joined = joined[:kept] + further[taken:]
    return [character for character, _ in joined]


def _seam(
    one: Sequence[tuple[str, float]],
    other: Sequence[tuple[str, float]],
    overlap: tuple[float, float],
    pitch: float,
) -> tuple[int, int]:
    """How many characters to keep of the first text, and how many to leave out of the second."""
    left, right = overlap
    middle = (left + right) / 2
    reach = right - left
    tail = [i for i, (_, x) in enumerate(one) if x > left - reach / 2]
    head = [j for j, (_, x) in enumerate(other) if x < right + reach / 2]
    best, seam = 0.0, (sum(x < middle for _, x in one), sum(x < middle for _, x in other))
    for i, j in product(tail, head):
        pairs = zip(one[i:], other[j : head[-1] + 1], strict=False)
        length = sum(1 for _ in takewhile(lambda pair: pair[0][0] == pair[1][0], pairs))
        score = length - _APART * abs(one[i][1] - other[j][1]) / pitch
        if score > best:
            best, seam = score, (i + length, j + length)
    return seam
