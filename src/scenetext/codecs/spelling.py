"""How Mask TextSpotter spells: its classes, and texts with what is known of each of their characters."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from ..charset import Charset

CHARACTERS = Charset.named("alphanumeric36")
FIRST = 1
"""The class of the first character; 0 is the background of maps, and what a decoder begins from."""
END = len(CHARACTERS) + FIRST
CLASSES = END + 1
"""Classes of the sequence; maps of characters have one less, for they have no end."""


@dataclass(frozen=True, eq=False)
class Spelling:
    """A reading: its text, its score in [0, 1] as published, the mean probability of its characters and, of a
    sequence, its end, the probabilities (n, 36) of each of its characters, and the steps (n,) that wrote
    them, of a sequence."""

    text: str
    score: float
    mean: float
    probabilities: np.ndarray
    steps: np.ndarray | None = None


def read_sequence(path: np.ndarray, log_probs: np.ndarray) -> Spelling:
    """The reading of the classes of a path (steps,), of any dtype, up to its first end.

    log_probs   (steps, 38) of each step
    """
    classes = path.astype(np.int64)
    length = int((classes == END).argmax()) if (classes == END).any() else len(classes)
    steps = np.flatnonzero((classes[:length] >= FIRST) & (classes[:length] < END))
    taken = np.take_along_axis(log_probs, classes[:, None], axis=1)[: length + 1, 0]
    each = np.exp(taken.clip(max=0).astype(np.float64))
    text = CHARACTERS.text((classes[steps] - FIRST).tolist())
    probabilities = np.exp(log_probs[steps, FIRST:END].astype(np.float64))
    if not text:
        return Spelling("", 0.0, 0.0, probabilities, steps)
    return Spelling(text, float(each.prod()), float(each.mean()), probabilities, steps)


def text_classes(text: str) -> list[int]:
    """The classes of the letters and digits of a text; of those with accents, of the letters under them."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return [index + FIRST for character in plain for index in CHARACTERS.indices(character)]
