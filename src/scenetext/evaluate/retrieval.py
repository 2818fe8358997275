"""What a network that was pre-trained on bags of words knows of images: sanity checks of a run.

No paper scores its pre-training this way; what counts there is the detector that is trained from it. These
figures tell in minutes whether a run learns anything from its images.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .score import Score


@dataclass(frozen=True, eq=False)
class Match:
    """What a network makes of one image, among those of a batch.

    guesses    the words of the image, of each of which the middle character was hidden and guessed
    blind      the same, guessed while another image of the batch was looked at; none if there is no other
    text       whether the image's own text was nearer to it than each other of the batch, those of the same
               words left out; None if it has none, or there is no other
    image      likewise, whether the image was nearer to its text than other images
    word       whether the first of its words was nearer than a word of each other image that it does not have
    scores     (cells,) how much a linear probe takes each cell of the image for text; empty if nothing is
               known of where text is
    truth      (cells,) bool: whether the cell lies in text
    """

    guesses: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    text: bool | None = None
    image: bool | None = None
    word: bool | None = None
    scores: np.ndarray | None = None
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Retrieval:
    """The protocol of pre-training; figures are shares of what was right.

    batch   images that are told from each other

    text_of_image, image_of_text, word_of_image   the nearest one of the batch is the right one: by chance
               1 / batch
    characters, blind   hidden characters guessed with the image, and with a wrong one. What lies between the
               two was read
    probe      average precision of a linear probe that tells text from other places, fitted to half of the
               images and scored on the others

    Systems are ranked by the probe, which is nearest to what the backbone is for; where nothing is known of
    where text is, by the mean of text_of_image and image_of_text.
    """

    name: str
    description: str
    batch: int = 32
    task: ClassVar[str] = "pretraining"
    main: ClassVar[str] = "probe"

    def __call__(self, truth: Sequence[Sequence[str]], predictions: Sequence[Match]) -> Score:
        """Scores the words of each image, and what was made of it."""
        pairs = list(zip(truth, predictions, strict=True))
        values = {
            "text_of_image": _share(m.text for m in predictions),
            "image_of_text": _share(m.image for m in predictions),
            "word_of_image": _share(m.word for m in predictions),
            "characters": _share(a == b for words, m in pairs for a, b in zip(words, m.guesses, strict=True)),
            "blind": _share(
                a == b for words, m in pairs if m.blind for a, b in zip(words, m.blind, strict=True)
            ),
        }
        probed = [(m.scores, m.truth) for m in predictions if m.scores is not None and m.truth is not None]
        cells = sum(len(labels) for _, labels in probed)
        if cells:
            scores, labels = (np.concatenate(parts) for parts in zip(*probed, strict=True))
            values["probe"] = average_precision(scores, labels)
            main = self.main
        else:
            values["retrieval"] = (values["text_of_image"] + values["image_of_text"]) / 2
            main = "retrieval"
        counts = {"images": len(pairs), "words": sum(len(words) for words in truth), "cells": cells}
        return Score(self.name, {"batch": self.batch}, values, counts, main)


def _share(answers: Iterable[bool | None]) -> float:
    known = [answer for answer in answers if answer is not None]
    return sum(known) / len(known) if known else 0.0


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """The mean, over all that is true, of the precision at its score: what scores as high counts as found.

    scores (n,) float, truth (n,) bool; 0 if nothing is true.
    """
    if not truth.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], truth[order]
    found = np.cumsum(right)
    # equal scores share the precision at the last of them
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    precision = found[last] / (last + 1)
    return float(precision[right].mean())
