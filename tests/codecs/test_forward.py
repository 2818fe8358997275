"""The probability of a text under CTC, against the sum over all paths written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scenetext.codecs.forward import BLANK, log_probabilities, upper_bounds


def labels_of(texts: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Texts as rows of classes, filled up with the blank, and their lengths."""
    lengths = np.array([len(text) for text in texts])
    labels = np.zeros((len(texts), max(lengths, default=0)), np.uint8)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = text
    return labels, lengths


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """Repeats merged, then blanks dropped."""
    return tuple(label for label, _ in itertools.groupby(path) if label != BLANK)


def enumerated(probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """p of every text that has any, path by path."""
    total: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(probs.shape[1]), repeat=len(probs)):
        text = collapsed(path)
        total[text] = total.get(text, 0.0) + float(
            np.prod([row[k] for row, k in zip(probs, path, strict=True)])
        )
    return total


def random_probs(rng: np.random.Generator, frames: int, classes: int, sharpness: float) -> np.ndarray:
    logits = rng.normal(size=(frames, classes)) * sharpness
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(probs / probs.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("frames", "text", "expected"),
    [(3, (1,), 0.75), (3, (1, 1), 0.125), (3, (), 0.125), (2, (1, 1), 0.0), (2, (1,), 0.75), (0, (), 1.0)],
)
def test_known_probabilities_of_two_uniform_classes(frames, text, expected):
    labels, lengths = labels_of([text])
    found = np.exp(log_probabilities(np.log(np.full((frames, 2), 0.5)), labels, lengths))
    assert found == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_the_forward_algorithm_sums_over_all_paths(seed):
    rng = np.random.default_rng(seed)
    probs = random_probs(rng, frames=int(rng.integers(1, 7)), classes=3, sharpness=float(rng.uniform(0, 8)))
    paths = enumerated(probs)
    texts = [text for n in range(5) for text in itertools.product((1, 2), repeat=n)]
    labels, lengths = labels_of(texts)
    found = np.exp(log_probabilities(np.log(probs), labels, lengths))
    assert found == pytest.approx([paths.get(text, 0.0) for text in texts], rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("seed", range(12))
def test_no_text_is_likelier_than_its_bound(seed):
    rng = np.random.default_rng(seed)
    probs = random_probs(rng, frames=12, classes=4, sharpness=float(rng.uniform(0, 8)))
    labels, lengths = labels_of([text for n in range(5) for text in itertools.product((1, 2, 3), repeat=n)])
    logs = np.log(probs)
    assert (log_probabilities(logs, labels, lengths) <= upper_bounds(logs, labels) + 1e-9).all()


def test_what_is_too_unlikely_for_a_float_still_has_a_probability():
    logs = np.full((60, 3), -40.0)  # 60 frames, every one against the text
    logs[:, 2] = 0.0
    labels, lengths = labels_of([(1,), (1, 1), (2,)])
    found = log_probabilities(logs, labels, lengths)
    assert found[0] == pytest.approx(-2400 + np.log(60 * 61 / 2), abs=1e-6)  # where it starts and ends
    assert np.isfinite(found).all()
    assert found[2] == pytest.approx(0.0, abs=1e-6)


def test_impossible_classes_and_too_few_frames_give_nothing():
    with np.errstate(divide="ignore"):
        logs = np.log(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]], np.float32))
    labels, lengths = labels_of([(1,), (2,), (1, 2), (1, 1, 1)])
    assert np.exp(log_probabilities(logs, labels, lengths)).tolist() == pytest.approx([0.75, 0, 0, 0])
    assert upper_bounds(logs, labels)[1] == -np.inf
