"""Connectionist temporal classification (Graves et al. 2006; CRNN, Shi et al. 2015, section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..charset import Charset, find_charset
from ..lexicon import Lexicon, for_each, word_score
from ..types import Graph
from .forward import BLANK as BLANK
from .forward import log_probabilities, upper_bounds
from .stitch import Windows, join_frames

_FIRST = 16  # words that are scored at first, and as many times more with each round
_MOST = 512
_SLACK = 1e-6  # of bounds and scores, which are rounded


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
        _ = self.characters  # checks them

    @cached_property
    def characters(self) -> Charset:
        """The character set."""
        return find_charset(self.charset)

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

    def fits(self, text: str, frames: int) -> bool:
        """Whether this many frames can spell `text`."""
        return self.frames_needed(text) <= frames

    def decode(
        self,
        outputs: Mapping[str, np.ndarray],
        lexicon: Lexicon | Sequence[Lexicon | None] | None = None,
        step: Graph | None = None,
    ) -> list[tuple[str, float]]:
        """Text and score in [0, 1] of each crop.

        Without a lexicon, the best path: repeats are merged, then blanks dropped (CRNN, section 2.3.2). The
        score is the mean over the characters read of the highest probability in each one's run of frames, so
        that it does not fall with the length of the word; an empty reading has score 0.

        With one (for all rows, or one for each), the word with the highest p(word | outputs): of all words of
        a small lexicon; of a large one, of those within its `delta` of the best path (CRNN, section 2.3.3).
        The classes of a letter in either case count as one, and punctuation that no word has counts as blank,
        in all of it. The score is `word_score` of p. Where no word is near enough, or none fits into the
        frames, the row is read as without a lexicon.
        """
        del step  # all of a text is put out at once
        log_probs = outputs["log_probs"]
        readings = self._best_paths(log_probs)
        for i, words in enumerate(for_each(lexicon, len(log_probs))):
            if words is not None:
                readings[i] = self._choose(words, log_probs[i]) or readings[i]
        return readings

    def unfinished(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N,) bool: rows whose text may go on beyond what was put out. None: it ends where the frames do."""
        return np.zeros(len(outputs["log_probs"]), dtype=bool)

    def stitch(
        self,
        outputs: Mapping[str, np.ndarray],
        windows: Windows,
        lexicon: Lexicon | None = None,
        step: Graph | None = None,
    ) -> tuple[str, float]:
        """As `decode`, of one long crop, of which the rows are overlapping windows."""
        joined = join_frames(outputs["log_probs"], windows)
        return self.decode({"log_probs": joined[None]}, lexicon, step)[0]

    def _best_paths(self, log_probs: np.ndarray) -> list[tuple[str, float]]:
        # all rows at once, end to end: each row begins a run of its own
        count, frames, _ = log_probs.shape
        if count * frames == 0:
            return [("", 0.0)] * count
        paths = log_probs.argmax(axis=2)
        peaks = np.take_along_axis(log_probs, paths[..., None], axis=2).ravel()
        begins = np.ones(paths.shape, dtype=bool)
        begins[:, 1:] = paths[:, 1:] != paths[:, :-1]
        starts = np.flatnonzero(begins)
        classes = paths.ravel()[starts]
        read = classes != BLANK
        scores = np.exp(np.maximum.reduceat(peaks, starts)[read])
        rows = starts[read] // frames
        lengths = np.bincount(rows, minlength=count)
        means = np.bincount(rows, scores, count) / np.maximum(lengths, 1)
        characters, ends = (classes[read] - 1).tolist(), np.cumsum(lengths)
        spans = zip((ends - lengths).tolist(), ends.tolist(), means.clip(max=1.0).tolist(), strict=True)
        return [(self.characters.text(characters[start:end]), mean) for start, end, mean in spans]

    def _choose(self, lexicon: Lexicon, log_probs: np.ndarray) -> tuple[str, float] | None:
        """The most probable word of a lexicon that comes into question, and its score."""
        table = lexicon.table(self.characters)
        logs = _merge_classes(log_probs, np.concatenate([[BLANK], table.fold]))
        if len(table) <= lexicon.small:
            read, places = None, np.arange(len(table))
        else:
            path = logs.argmax(axis=1)
            row = path[_runs(path)]
            row = row[row != BLANK]
            read, places = table.text(row), table.plausible(row, lexicon.delta)
        bounds = upper_bounds(logs, table.rows(places))
        order = np.argsort(-bounds)
        places, bounds = places[order], bounds[order]
        # The likeliest come first, until what is left cannot be better: the result is that of scoring all.
        best, word, start, size = -np.inf, -1, 0, _FIRST
        while start < len(places) and bounds[start] > -np.inf and bounds[start] >= best - _SLACK:
            chunk = places[start : start + size][bounds[start : start + size] >= best - _SLACK]
            if read is not None:
                chunk = table.within(chunk, read, lexicon.delta)
            if len(chunk):
                scores = log_probabilities(logs, table.rows(chunk), table.lengths[chunk])
                first = np.lexsort([table.spelt[chunk], -scores])[0]  # of equals, the first of the lexicon
                if (scores[first], -table.spelt[chunk[first]]) > (best, -table.spelt[word]):
                    best, word = scores[first], chunk[first]
            start, size = start + size, min(size * 4, _MOST)
        if best == -np.inf:
            return None
        return lexicon.words[table.spelt[word]], word_score(best, table.lengths[word])


def _runs(path: np.ndarray) -> np.ndarray:
    """The first frame of each run of equal classes (T,)."""
    return np.flatnonzero(np.diff(path, prepend=-1))


def _merge_classes(log_probs: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(T, C) -> (T, max(fold) + 1): the classes that `fold` (C,) gives one number become one class."""
    order = np.argsort(fold, kind="stable")
    starts = np.flatnonzero(np.diff(fold[order], prepend=-1))
    merged: np.ndarray = np.logaddexp.reduceat(log_probs[:, order].astype(np.float64), starts, axis=1)
    return merged
