"""Connectionist temporal classification (Graves et al. 2006; CRNN, Shi et al. 2015, section 2.3)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..charset import CHARSETS, Charset
from ..errors import unknown_name

BLANK = 0


@dataclass(frozen=True)
class CTC:
    """Class 0 is the blank, class i + 1 the i-th character.

    charset   a name of `charset.CHARSETS`, or the characters themselves. What resembles a name but is none
              is refused.

    Outputs   "log_probs" (N, T, C) float32, natural logarithms, C = len(charset) + 1
    Targets   "targets" (N, L) int64, padded with the blank; "lengths" (N,) int64
    """

    charset: str = "printable94"

    def __post_init__(self) -> None:
        if self.charset not in CHARSETS and difflib.get_close_matches(self.charset, CHARSETS, cutoff=0.7):
            raise unknown_name("charset", self.charset, CHARSETS)
        _ = self.characters  # checks them

    @cached_property
    def characters(self) -> Charset:
        """The character set."""
        return Charset(CHARSETS.get(self.charset, self.charset))

    @property
    def classes(self) -> int:
        """Number of classes a network has to put out."""
        return len(self.characters) + 1

    def encode(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Targets of a batch of texts; characters outside the set are dropped."""
        rows = [self.characters.indices(text) for text in texts]
        targets = np.full((len(rows), max((len(row) for row in rows), default=0)), BLANK, dtype=np.int64)
        for target, row in zip(targets, rows, strict=True):
            target[: len(row)] = np.asarray(row, dtype=np.int64) + 1
        return {"targets": targets, "lengths": np.array([len(row) for row in rows], dtype=np.int64)}

    def frames_needed(self, text: str) -> int:
        """The fewest frames that can spell `text`: its length, and a blank between equal neighbours.

        With fewer frames no path exists and the loss is infinite.
        """
        row = self.characters.indices(text)
        return len(row) + sum(a == b for a, b in pairwise(row))

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[tuple[str, float]]:
        """Greedy best path: merge repeats, then drop blanks (CRNN, section 2.3.2).

        The score is the mean over the characters read of the highest probability in each one's run of
        frames, so that it does not fall with the length of the word; an empty reading has score 0.
        """
        log_probs = outputs["log_probs"]
        best = log_probs.argmax(axis=2)
        peak = log_probs.max(axis=2)
        readings = []
        for classes, logs in zip(best, peak, strict=True):
            starts = np.flatnonzero(np.diff(classes, prepend=-1))  # the first frame of each run
            if len(starts) == 0:  # no frames at all
                readings.append(("", 0.0))
                continue
            runs = classes[starts]
            read = runs != BLANK
            scores = np.exp(np.maximum.reduceat(logs, starts)[read])
            text = "".join(self.characters.characters[c - 1] for c in runs[read])
            readings.append((text, float(min(scores.mean(), 1.0)) if text else 0.0))
        return readings
