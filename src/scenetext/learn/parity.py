"""Whether an exported graph puts out what the network does: a claim with a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..codecs.attention import END
from ..errors import TrainingError
from ..types import Graph

TOLERANCE = 1e-3  # of an output value; probabilities and log-probabilities of order 1, points in pixels


def check_parity(
    ours: Graph,
    exported: Graph,
    examples: Sequence[dict[str, np.ndarray]],
    tolerance: float = TOLERANCE,
    end: int = END,
) -> float:
    """The largest difference of any output value. Raises TrainingError if it is over `tolerance`.

    end   the class that ends the texts of a decoder

    Maps (N, C, h, w) may have any range: theirs are shares of the largest value, where that is over 1. Of a
    decoder's steps those count that both graphs reach by the same characters, up to the first end: where
    two classes are as likely, a difference of one rounding sends the two along different paths. Of what was
    searched for ("texts") it counts how likely it is, as the mean logarithm of its steps.
    """
    worst = 0.0
    for inputs in examples:
        expected, found = ours(inputs), exported(inputs)
        steps = [name for name in ("log_probs", "attention") if {"memory", "attention"} & expected.keys()]
        for key, value in expected.items():
            if value.shape != found[key].shape:
                raise TrainingError(
                    f"the exported graph's {key} has shape {found[key].shape}, the network's {value.shape}; "
                    "it is not written"
                )
            if key == "texts":
                difference = np.abs(_likelihood(expected, end) - _likelihood(found, end))
            else:
                difference = np.abs(value - found[key])
            if value.ndim == 4:
                difference = difference / max(1.0, float(np.abs(value).max(initial=0.0)))
            if key in steps:
                difference = difference[_reached(_path(expected), _path(found), end)]
            worst = float(np.maximum(worst, difference.max(initial=0.0)))  # unlike max(), keeps a NaN
    if not worst <= tolerance:  # written so that a NaN fails
        raise TrainingError(f"the exported graph differs from the network by {worst:g}; it is not written")
    return worst


def _path(outputs: dict[str, np.ndarray]) -> np.ndarray:
    """(N, steps): the classes that a decoder went along."""
    path = outputs["texts"] if "texts" in outputs else outputs["log_probs"].argmax(axis=2)
    return path.astype(np.int64)


def _reached(ours: np.ndarray, theirs: np.ndarray, end: int) -> np.ndarray:
    """(N, steps) bool: the steps of two paths up to the first end or the first other character."""
    last = (ours == end) | (ours != theirs)
    return np.asarray(np.cumsum(last, axis=1) - last == 0)


def _likelihood(outputs: dict[str, np.ndarray], end: int) -> np.ndarray:
    """(N,): the mean logarithm of the probability of each path's steps, its end included."""
    path = _path(outputs)
    each = np.take_along_axis(outputs["log_probs"], path[:, :, None], axis=2)[:, :, 0]
    reached = _reached(path, path, end)
    return np.asarray((each * reached).sum(axis=1) / reached.sum(axis=1).clip(1))
