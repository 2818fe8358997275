"""Reading of sequences of tokens, such as the pitches of a fragment of music."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rapidfuzz.distance import Levenshtein

from .score import Score


@dataclass(frozen=True)
class Fragments:
    """The music protocol (CRNN, Shi et al. 2015, section 3.4): texts are tokens with blanks between them.

    accuracy is the share of fragments of which every token is right. edit_distance is the mean over the
    fragments of Levenshtein's distance in tokens: how many of them to put in, take out or change.
    """

    name: str
    description: str
    task: ClassVar[str] = "recognition"
    main: ClassVar[str] = "accuracy"

    def __call__(self, truth: Sequence[str], predictions: Sequence[str]) -> Score:
        """Scores one text for each fragment, in the same order."""
        correct = edits = tokens = 0
        for wanted, read in zip(truth, predictions, strict=True):
            distance = Levenshtein.distance(wanted.split(), read.split())
            correct += distance == 0
            edits += distance
            tokens += len(wanted.split())
        count = len(truth)
        return Score(
            self.name,
            {"unit": "token"},
            {
                "accuracy": correct / count if count else 0.0,
                "edit_distance": edits / count if count else 0.0,
            },
            {"fragments": count, "correct": correct, "tokens": tokens, "edits": edits},
            self.main,
        )
