"""The probability of given texts under CTC (Graves et al. 2006, section 4.1; CRNN, section 2.2.2)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

BLANK = 0

_LEAST = 1e-290  # below, what was lost to underflow on the way may count

_Operation = Callable[..., np.ndarray]


def log_probabilities(log_probs: np.ndarray, labels: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """ln p(text | outputs) of n texts, (n,) float64: the sum over all paths that spell it; -inf if none does.

    log_probs   (T, C) natural logarithms; class 0 is the blank.
    labels      (n, L) classes, of which the first `lengths` (n,) of each row are the text.
    """
    labels = np.ascontiguousarray(labels.T)
    repeats = labels[1:] == labels[:-1]
    logs = log_probs.astype(np.float64)
    # Relative to the best path, which then has probability 1, likely texts cannot underflow.
    peaks = logs.max(axis=1, initial=-np.inf, keepdims=True)
    peaks[np.isinf(peaks)] = 0.0
    probs = np.exp(logs - peaks)
    relative = _sum_paths(probs, labels, lengths, np.where(repeats, 0.0, 1.0), np.add, np.multiply, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        results: np.ndarray = np.log(relative) + peaks.sum()
    inside = np.arange(1, len(labels))[:, None] < lengths
    unsure = (relative < _LEAST) & (lengths + (repeats & inside).sum(axis=0) <= len(logs))
    if unsure.any():
        skip = np.where(repeats[:, unsure], -np.inf, 0.0)
        results[unsure] = _sum_paths(
            logs, labels[:, unsure], lengths[unsure], skip, np.logaddexp, np.add, -np.inf, 0.0
        )
    return results


def upper_bounds(log_probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Numbers (n,) float64 that ln p(text | outputs) does not exceed, for the price of a look-up a character.

    labels   (n, L) classes, filled up with the blank.

    A path that spells a text puts out each of its characters, every one in a frame of its own. By the union
    bound over these frames, p <= prod_i sum_t y_t(c_i), over any of its characters; those whose sum is below
    1 give the least.
    """
    with np.errstate(divide="ignore"):
        bounds = np.minimum(np.log(np.exp(log_probs.astype(np.float64)).sum(axis=0)), 0.0)
    bounds[BLANK] = 0.0
    total: np.ndarray = bounds[labels].sum(axis=1)
    return total


def _sum_paths(
    frames: np.ndarray,
    labels: np.ndarray,
    lengths: np.ndarray,
    skip: np.ndarray,
    plus: _Operation,
    times: _Operation,
    zero: float,
    one: float,
) -> np.ndarray:
    """The forward algorithm over n texts at once, with probabilities or with their logarithms.

    labels   (L, n); skip (L - 1, n): `one` where a character may follow the one before without a blank.
    """
    count, each = len(labels), np.arange(labels.shape[1])
    # What paths that end in a character, and in the blank before or after one, add up to.
    ending = np.full((count, len(each)), zero)
    resting = np.full((count + 1, len(each)), zero)
    resting[0] = one
    for frame in frames:
        entered = plus(ending, resting[:-1])
        entered[1:] = plus(entered[1:], times(ending[:-1], skip))
        resting[1:] = plus(resting[1:], ending)
        resting = times(resting, frame[BLANK])
        ending = times(entered, frame[labels])
    if count == 0:
        nothing: np.ndarray = resting[0]
        return nothing
    ended = np.where(lengths > 0, ending[lengths - 1, each], zero)
    return plus(resting[lengths, each], ended)
