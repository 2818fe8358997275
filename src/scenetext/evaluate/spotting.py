"""End-to-end reading and word spotting, as the ICDAR Robust Reading competitions score them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

import numpy as np

from ..labels import Layout, unquote
from ..types import TextInstance
from .detection import Overlap
from .score import Score, precision_recall

SPECIAL_CHARACTERS = "!?.:,*\"()·[]/'"

_SHORTEST_WORD = 3  # of word spotting


@dataclass(frozen=True)
class Spotting:
    """An end-to-end protocol: a prediction is correct if it matches in place and in text.

    Places match as in detection, before any text is looked at: a match with a wrong text uses up the truth,
    and counts as a false positive and a miss. Case plays no role; double quotes around a text are dropped.

    mode    "end-to-end"      every legible truth counts. A prediction may lack one special character at the
                              start and one at the end of the truth.
            "word-spotting"   only truth that is a word counts (see `dictionary_word`), the rest is
                              don't-care; the prediction must be exactly that word.
    layout  how the lines of its truth and result files look.
    """

    name: str
    description: str
    mode: Literal["end-to-end", "word-spotting"] = "end-to-end"
    overlap: Overlap = field(default_factory=Overlap)
    layout: Layout = "quad"
    task: ClassVar[str] = "spotting"
    main: ClassVar[str] = "hmean"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        correct = located = total = predicted = 0
        for wanted, found in zip(truth, predictions, strict=True):
            words = [self._wanted(instance) for instance in wanted]
            care = np.array([word is not None for word in words], dtype=bool)
            matching = self.overlap.match(wanted, found, care)
            located += len(matching.pairs)
            correct += sum(self._same(words[t] or "", found[p].text or "") for t, p in matching.pairs)
            total += int(matching.truth.sum())
            predicted += int(matching.predictions.sum())
        parameters = {"mode": self.mode, **asdict(self.overlap)}
        counts = {
            "images": len(truth),
            "truth": total,
            "predictions": predicted,
            "located": located,
            "correct": correct,
        }
        return Score(self.name, parameters, precision_recall(correct, total, predicted), counts, self.main)

    def _wanted(self, instance: TextInstance) -> str | None:
        """The text to be read, or None for don't-care."""
        if not instance.legible:
            return None
        text = unquote(instance.text or "")
        return dictionary_word(text) if self.mode == "word-spotting" else text

    def _same(self, wanted: str, read: str) -> bool:
        wanted, read = wanted.upper(), unquote(read).upper()
        if self.mode == "word-spotting":
            return wanted == read
        return read in _accepted(wanted)


def dictionary_word(text: str) -> str | None:
    """The word in `text` that word spotting asks for, or None if it holds none.

    A final 's, hyphens at the ends and special characters at the ends go; what is left must be one word of at
    least three Latin or Greek letters and hyphens. Digits make it no word.
    """
    if text[-2:] in ("'s", "'S"):
        text = text[:-2]
    text = text.strip("-")
    word = "".join(" " if character in SPECIAL_CHARACTERS else character for character in text).strip()
    if len(word) < _SHORTEST_WORD or not all(_is_letter(character) for character in word):
        return None
    return word


def _accepted(wanted: str) -> set[str]:
    """The readings that end-to-end accepts for a truth."""
    starts, ends = {0}, {len(wanted)}
    if wanted and wanted[0] in SPECIAL_CHARACTERS:
        starts.add(1)
    if wanted and wanted[-1] in SPECIAL_CHARACTERS:
        ends.add(len(wanted) - 1)
    return {wanted[start:end] for start in starts for end in ends}


def _is_letter(character: str) -> bool:
    script = unicodedata.name(character, "").split(" ")[0]
    return character == "-" or (character.isalpha() and script in ("LATIN", "GREEK"))
