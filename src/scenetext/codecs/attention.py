"""Attention decoding: one character a step (RARE, Shi et al. 2016; Baek et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rapidfuzz.distance import Levenshtein

from ..charset import Charset, find_charset
from ..errors import SettingsError
from ..lexicon import Lexicon, fold_case, for_each, word_score
from ..types import Graph
from .beam import END as END
from .beam import SPECIAL, Found, search_texts, search_words
from .beam import START as START
from .stitch import Windows, join_texts


@dataclass(frozen=True)
class Attention:
    """Class 0 is the start and the padding, class 1 the end, class i + 2 the i-th character.

    charset   a name of `charset.CHARSETS`, or the characters themselves. What resembles a name but is none
              is refused.
    length    characters of the longest text; the network takes one step more, for the end.
    beam      texts that are kept at each step of reading without a lexicon; 1 is greedy.

    Outputs   "log_probs" (N, length + 1, C) float32, natural logarithms, C = len(charset) + 2: of each step
              of the greedy path, on which every step sees the likeliest character of the one before it.
              What follows the first end has no meaning. "memory" (N, T, M) and the "state_*" (N, ...) before
              the first step, which a search needs
    Targets   "targets" (N, L) int64: the characters, the end, and padding; L - 1 is the longest text of the
              batch.
    """

    charset: str = "printable94"
    length: int = 25
    beam: int = 1

    def __post_init__(self) -> None:
        _ = self.characters  # checks them
        for name in ("length", "beam"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")

    @cached_property
    def characters(self) -> Charset:
        """The character set."""
        return find_charset(self.charset)

    @property
    def classes(self) -> int:
        """Number of classes a network has to put out."""
        return len(self.characters) + SPECIAL

    def encode(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Targets of a batch of texts; characters outside the set are dropped."""
        rows = [self.characters.indices(text) for text in texts]
        targets = np.full((len(rows), max(map(len, rows), default=0) + 1), START, dtype=np.int64)
        for target, row in zip(targets, rows, strict=True):
            target[: len(row)] = np.asarray(row, dtype=np.int64) + SPECIAL
            target[len(row)] = END
        return {"targets": targets}

    def fits(self, text: str, frames: int) -> bool:
        """Whether the steps suffice to write `text`; any number of frames does."""
        del frames
        return len(self.characters.indices(text)) <= self.length

    def decode(
        self,
        outputs: Mapping[str, np.ndarray],
        lexicon: Lexicon | Sequence[Lexicon | None] | None = None,
        step: Graph | None = None,
    ) -> list[tuple[str, float]]:
        """Text and score in [0, 1] of each crop.

        lexicon   for all rows, or one or None for each
        step      one step of the decoder: {"memory", "previous" (N,) int64, "state_*"} ->
                  {"log_probs" (N, C), "next_*"}, the states of the next one. Beams and lexicons need it.

        Without a lexicon and with beam 1: the likeliest class of each step, up to the first end; all steps if
        there is none. The score is the mean probability of the characters and the end, so that it does not
        fall with the length of the word; an empty reading has score 0.

        With a lexicon, the word with the highest p(word | outputs): of all words of a small one, otherwise of
        those that a beam along its prefixes meets (RARE, section 2.4). The classes of a letter in either case
        count as one. Where no word is possible, the row is read as without a lexicon. The score of whatever
        was searched for is `word_score` of p, the end counting as a character.

        Raises SettingsError if a step is needed but not given.
        """
        rows: dict[Lexicon | None, list[int]] = {}  # of equal lexicon, which go through the steps together
        for i, words in enumerate(for_each(lexicon, len(outputs["log_probs"]))):
            if words is not None or self.beam > 1:
                rows.setdefault(words, []).append(i)
        readings = self._greedy(outputs["log_probs"])
        if rows and step is None:
            raise SettingsError(
                "this attention model has no step graph, which lexicons and beams need; export it again"
            )
        for words, chosen in rows.items():
            assert step is not None  # for mypy; checked above
            some = {name: array[chosen] for name, array in outputs.items()}
            for i, reading in zip(chosen, self._search(step, some, words), strict=True):
                readings[i] = reading or readings[i]
        return readings

    def _search(
        self, step: Graph, outputs: Mapping[str, np.ndarray], lexicon: Lexicon | None
    ) -> list[tuple[str, float] | None]:
        if lexicon is None:
            texts = search_texts(step, outputs, self.beam, self.length)
            return [None if text is None else (self._written(text.classes), _score(text)) for text in texts]
        table = lexicon.table(self.characters)
        exhaustive = len(table) <= lexicon.small
        words = search_words(step, outputs, table, lexicon.beam, self.length, exhaustive)
        return [
            None if word is None else (lexicon.words[table.spelt[table.trie.word[word.node]]], _score(word))
            for word in words
        ]

    def _greedy(self, log_probs: np.ndarray) -> list[tuple[str, float]]:
        best = log_probs.argmax(axis=2)
        peak = np.exp(log_probs.max(axis=2))
        ended = best == END
        lengths = np.where(ended.any(axis=1), ended.argmax(axis=1), best.shape[1])
        readings = []
        for classes, probabilities, length in zip(best, peak, lengths, strict=True):
            text = self._written(classes[:length])
            score = float(min(probabilities[: length + 1].mean(), 1.0)) if text else 0.0
            readings.append((text, score))
        return readings

    def _written(self, classes: np.ndarray) -> str:
        return self.characters.text(classes[classes >= SPECIAL] - SPECIAL)

    def unfinished(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N,) bool: rows without an end, whose text may go on beyond what was put out."""
        return np.asarray((outputs["log_probs"].argmax(axis=2) != END).all(axis=1))

    def stitch(
        self,
        outputs: Mapping[str, np.ndarray],
        windows: Windows,
        lexicon: Lexicon | None = None,
        step: Graph | None = None,
    ) -> tuple[str, float]:
        """The reading of one long crop, of which the rows are overlapping windows.

        Each window is read without a lexicon, and the texts are joined where they agree; the score is the
        mean over their characters. No window sees a whole word, so that of a lexicon the word is taken that
        is nearest to the joined text, if one is within its `delta`.
        """
        readings = self.decode(outputs, step=step)
        parts = [self.characters.split(part) for part, _ in readings]
        text = self.characters.join(join_texts(parts, windows))
        if not text:
            return "", 0.0
        total = sum(len(part) * score for part, (_, score) in zip(parts, readings, strict=True))
        score = total / sum(len(part) for part in parts)
        return (text if lexicon is None else self._nearest(lexicon, text)), score

    def _nearest(self, lexicon: Lexicon, text: str) -> str:
        table = lexicon.table(self.characters)
        key = "".join(symbol for symbol in fold_case(text) if symbol in table.symbols)
        near = table.near(key, lexicon.delta)
        order = [(Levenshtein.distance(key, table.texts[place]), table.spelt[place]) for place in near]
        return lexicon.words[min(order)[1]] if order else text


def _score(found: Found) -> float:
    """The score of what was searched for; 0 for no text."""
    return word_score(found.total, len(found.classes) + 1) if len(found.classes) else 0.0
