"""End-to-end reading and word spotting, as the ICDAR Robust Reading competitions score them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

import numpy as np
from rapidfuzz.distance import Levenshtein

from ..geometry import bounds, box_polygon
from ..labels import Layout, unquote
from ..types import TextInstance
from .detection import Overlap
from .score import Score, precision_recall

SPECIAL_CHARACTERS = "!?.:,*\"()·[]/'"

# The letters of word spotting are those of the competition's script: Latin up to U+027F, Greek from U+0386.
_WORD = re.compile("[-A-Za-zÀ-ÖØ-öø-ƿǄ-ɿΆ-Ͽ]{3,}")


@dataclass(frozen=True)
class Spotting:
    """An end-to-end protocol: a prediction is correct if it matches in place and in text.

    Places match as in detection, before any text is looked at: a match with a wrong text uses up the truth,
    and counts as a false positive and a miss. Case plays no role; double quotes around a text are dropped.

    mode        "end-to-end"      every legible truth counts. A prediction may lack one special character at
                                  the start and one at the end of the truth.
                "word-spotting"   only truth that is a word counts (see `dictionary_word`), the rest is
                                  don't-care; the prediction must be exactly that word.
                "lines"           every legible truth counts. Blanks, punctuation and symbols are left out of
                                  both texts, and full-width characters are half-width ones (Unicode's NFKC).
    layout      how the lines of its truth and result files look. With "box", the upright boxes around all
                polygons are compared.
    vocabulary  what lexicons hold that are made of the truth (see `lexicon_word`): the words of word
                spotting, as those that ICDAR 2013 and 2015 hand out, or all legible texts.
    main        the figure that systems are ranked by.

    one_minus_ned is 1 - (1/N) sum D(a, b) / max(|a|, |b|) over the pairs that match in place, and over each
    truth and each prediction without a partner, which count as 1; D is Levenshtein's distance (ICDAR 2019
    LSVT, MLT). Two empty texts have distance 0.
    """

    name: str
    description: str
    mode: Literal["end-to-end", "word-spotting", "lines"] = "end-to-end"
    overlap: Overlap = field(default_factory=lambda: Overlap(invalid="keep"))
    layout: Layout = "quad"
    vocabulary: Literal["words", "texts"] = "words"
    main: Literal["hmean", "one_minus_ned"] = "hmean"
    task: ClassVar[str] = "spotting"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        correct = located = total = predicted = 0
        closeness = 0.0
        for wanted, found in zip(truth, predictions, strict=True):
            words = [self._wanted(instance) for instance in wanted]
            care = np.array([word is not None for word in words], dtype=bool)
            if self.layout == "box":
                wanted, found = _upright(wanted), _upright(found)
            matching = self.overlap.match(wanted, found, care)
            for t, p in matching.pairs:
                word, read = self._compared(words[t] or ""), self._compared(unquote(found[p].text or ""))
                correct += read in self._accepted(word)
                closeness += 1 - Levenshtein.distance(word, read) / max(len(word), len(read), 1)
            located += len(matching.pairs)
            total += int(matching.truth.sum())
            predicted += int(matching.predictions.sum())
        pairs = total + predicted - located
        return Score(
            self.name,
            {"mode": self.mode, **asdict(self.overlap)},
            precision_recall(correct, total, predicted)
            | {"one_minus_ned": closeness / pairs if pairs else 0.0},
            {
                "images": len(truth),
                "truth": total,
                "predictions": predicted,
                "located": located,
                "correct": correct,
            },
            self.main,
        )

    def lexicon_word(self, text: str) -> str | None:
        """What a legible text of the truth adds to the lexicons that are made of it, or None."""
        return dictionary_word(text) if self.vocabulary == "words" else text

    def _wanted(self, instance: TextInstance) -> str | None:
        """The text to be read, or None for don't-care."""
        if not instance.legible:
            return None
        text = unquote(instance.text or "")
        return dictionary_word(text) if self.mode == "word-spotting" else text

    def _compared(self, text: str) -> str:
        """`text` without what plays no role."""
        if self.mode == "lines":
            text = "".join(c for c in unicodedata.normalize("NFKC", text) if _is_read(c))
        return text.upper()

    def _accepted(self, wanted: str) -> set[str]:
        """The readings that are right for a truth."""
        starts, ends = {0}, {len(wanted)}
        if self.mode == "end-to-end" and wanted:
            if wanted[0] in SPECIAL_CHARACTERS:
                starts.add(1)
            if wanted[-1] in SPECIAL_CHARACTERS:
                ends.add(len(wanted) - 1)
        return {wanted[start:end] for start in starts for end in ends}


def dictionary_word(text: str) -> str | None:
    """The word in `text` that word spotting asks for, or None if it holds none.

    A final 's, hyphens at the ends and special characters at the ends go; what is left must be one word of at
    least three Latin or Greek letters and hyphens. Digits make it no word.
    """
    if text[-2:] in ("'s", "'S"):
        text = text[:-2]
    text = text.strip("-")
    word = "".join(" " if character in SPECIAL_CHARACTERS else character for character in text).strip()
    return word if _WORD.fullmatch(word) else None


def _upright(instances: Sequence[TextInstance]) -> list[TextInstance]:
    return [instance.replace(polygon=box_polygon(*bounds(instance.polygon))) for instance in instances]


def _is_read(character: str) -> bool:
    """Whether it is a letter, a mark on one, or a number."""
    return unicodedata.category(character)[0] in "LMN"
