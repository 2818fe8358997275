"""oCLIP (Xue et al., ECCV 2022): the words of an image as a bag: what stands there, and not where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..charset import Charset, find_charset
from ..types import TextInstance

PAD = 0
"""The class of places without a character."""


@dataclass(frozen=True)
class OCLIP:
    """Settings of the bag.

    charset   a name of charset.CHARSETS, or the characters themselves. Words that it cannot write are left
              out: a bag need not be complete
    length    characters of a word, the end included: 25 in the paper. A longer word is cut, and then has
              its end in the last place
    words     of an image, at most, the first ones: 32 in the authors' code, 3 by an account of the paper
    shortest  characters that a word has at least; 2 in the authors' converter of LSVT

    A text of several words, as annotations of lines are, gives each of them. Classes: 0 no character, then
    the characters, the mask, and the end of a word.
    """

    charset: str = "printable94"
    length: int = 25
    words: int = 32
    shortest: int = 1

    def __post_init__(self) -> None:
        if self.length < 2 or self.words < 1 or self.shortest < 1:
            raise ValueError("length is at least 2, words and shortest at least 1")
        if self.characters.of_tokens:
            raise ValueError("oclip's charset has characters, not tokens")

    @cached_property
    def characters(self) -> Charset:
        """The characters that a word may have."""
        return find_charset(self.charset)

    @property
    def mask(self) -> int:
        """The class that stands for a hidden character."""
        return len(self.characters) + 1

    @property
    def end(self) -> int:
        """The class after the last character of a word; the largest."""
        return len(self.characters) + 2

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.characters) + 3

    def bag(self, instances: Sequence[TextInstance]) -> list[str]:
        """The words of an image that a network is shown, as it can write them: in lower case if the charset
        folds case, cut if they are too long.

        An instance that is a don't-care gives its words too, if it has any: the pictures of `lsvt:weak` have
        no other ones. What cannot be read in a view has no text by then (`learn.bag.BagAugment`).
        """
        texts = [word for instance in instances for word in (instance.text or "").split()]
        known = [word for word in texts if not self.characters.unknown(word) and len(word) >= self.shortest]
        return [self.written(word) for word in known[: self.words]]

    def written(self, word: str) -> str:
        """A word as it comes back: characters outside the charset dropped, and those over the length."""
        return self.characters.text(self.characters.indices(word)[: self.length - 1])

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """{"words": (words, length) int64}: the classes of each word and its end, PAD from there on.

        size   of the view; where words are does not matter.
        """
        rows = self.encode_words(self.bag(instances))
        room = np.full((self.words - len(rows), self.length), PAD, dtype=np.int64)
        return {"words": np.concatenate([rows, room])}

    def encode_words(self, words: Sequence[str]) -> np.ndarray:
        """(len(words), length) int64. Characters outside the charset are dropped."""
        rows = np.full((len(words), self.length), PAD, dtype=np.int64)
        for row, word in zip(rows, words, strict=True):
            indices = self.characters.indices(word)[: self.length - 1]
            row[: len(indices) + 1] = [*(index + 1 for index in indices), self.end]
        return rows

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[tuple[str, float]]:
        """The words with their hidden characters guessed, and how sure each guess is.

        outputs   "words" (W, length) int64, and "log_probs" (W, classes) of the character that is hidden. A
                  word in which none is hidden has the score 1.
        """
        found = []
        for row, log_probs in zip(outputs["words"], outputs["log_probs"], strict=True):
            best = int(log_probs[1 : self.mask].argmax()) + 1
            score = float(np.exp(log_probs[best])) if (row == self.mask).any() else 1.0
            guessed = np.where(row == self.mask, best, row)
            kept = guessed[(guessed > PAD) & (guessed < self.mask)]
            found.append((self.characters.text((kept - 1).tolist()), score))
        return found
