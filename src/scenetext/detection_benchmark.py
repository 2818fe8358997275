"""The benchmark of detectors: data sets of photos, scored by one or several protocols, and the time needed.

A photo is looked at once; all protocols score the same findings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import SettingsError
from .evaluate.protocols import Protocol, find_protocol
from .evaluate.score import Score
from .judge import judge_by
from .types import Sample, TextInstance

PROTOCOL = "icdar2015-detection"


@dataclass(frozen=True)
class Standing:
    """How one detector did.

    scores         by (data set, protocol).
    milliseconds   by data set: from a photo in memory to its polygons, the mean over the photos.
    """

    scores: Mapping[tuple[str, str], Score]
    milliseconds: Mapping[str, float]


def find_protocols(names: Sequence[str]) -> list[Protocol]:
    """The protocols of these names. Raises SettingsError for an unknown one, or one for another task."""
    protocols = [find_protocol(name) for name in names]
    for protocol in protocols:
        if protocol.task != "detection":
            raise SettingsError(f"protocol {protocol.name} scores {protocol.task}, not detection")
    return protocols


def stand(
    model: Any,
    sets: Mapping[str, Sequence[Sample]],
    protocols: Sequence[Protocol],
    progress: Callable[[int], object] = lambda done: None,
) -> Standing:
    """Tests a model that has .detect(image) on all data sets, by all protocols.

    progress   called with the number of photos done since the last call
    """
    scores: dict[tuple[str, str], Score] = {}
    milliseconds = {}
    for name, samples in sets.items():
        timed = _Timed(model)
        if len(samples):
            model.detect(samples[0].image)  # the first photo of a graph takes longer
        for protocol, score in judge_by(timed, samples, protocols, progress).items():
            scores[name, protocol] = score
        milliseconds[name] = 1000 * timed.seconds / max(1, len(samples))
    return Standing(scores, milliseconds)


class _Timed:
    """A detector that adds up the time of its calls."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.seconds = 0.0

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        began = time.perf_counter()
        found: list[TextInstance] = self.model.detect(image)
        self.seconds += time.perf_counter() - began
        return found
