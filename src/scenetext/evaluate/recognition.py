"""Reading of cropped words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rapidfuzz.distance import Levenshtein

from ..charset import alphanumeric
from .score import Score


@dataclass(frozen=True)
class Recognition:
    """A recognition protocol: word accuracy and 1-NED over all crops.

    compare   "alphanumeric": both texts lower-cased and stripped to 0-9a-z, the benchmark's rule; a truth of
              which nothing is left asks for a prediction of which nothing is left. "exact": as they are.

    accuracy is the share of equal texts. one_minus_ned is 1 - (1/N) sum D(a, b) / max(|a|, |b|) over the
    compared texts, D being Levenshtein's distance (the definition of ICDAR 2019 LSVT). Two empty texts are
    equal and have distance 0; the benchmark of Baek et al. counts them as wrong in its norm_ED.
    """

    name: str
    description: str
    compare: Literal["alphanumeric", "exact"] = "alphanumeric"
    task: ClassVar[str] = "recognition"
    main: ClassVar[str] = "accuracy"

    def __call__(self, truth: Sequence[str], predictions: Sequence[str]) -> Score:
        """Scores one text for each crop, in the same order."""
        correct = 0
        closeness = 0.0
        for wanted, read in zip(truth, predictions, strict=True):
            if self.compare == "alphanumeric":
                wanted, read = alphanumeric(wanted), alphanumeric(read)
            correct += wanted == read
            closeness += 1 - Levenshtein.distance(wanted, read) / max(len(wanted), len(read), 1)
        count = len(truth)
        return Score(
            self.name,
            {"compare": self.compare},
            {
                "accuracy": correct / count if count else 0.0,
                "one_minus_ned": closeness / count if count else 0.0,
            },
            {"words": count, "correct": correct},
            self.main,
        )
