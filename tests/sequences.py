"""Outputs of decoders of sequences that write given texts."""

import numpy as np

from scenetext.codecs.spelling import CLASSES, END, text_classes


def paths(*texts, steps=8):
    """The classes of texts, each up to its end, which fills the rest."""
    found = np.full((len(texts), steps), END, np.float32)
    for row, text in zip(found, texts, strict=True):
        numbers = text_classes(text)[:steps]
        row[: len(numbers)] = numbers
    return found


def log_probs(*texts, steps=8, sure=0.9):
    """Sequences that write texts, each step as sure."""
    found = np.full((len(texts), steps, CLASSES), (1 - sure) / (CLASSES - 1))
    for row, text in zip(found, texts, strict=True):
        for step, number in enumerate([*text_classes(text), END][:steps]):
            row[step] = (1 - sure) / (CLASSES - 1)
            row[step, number] = sure
    return np.log(found).astype(np.float32)
