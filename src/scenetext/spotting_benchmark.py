"""The benchmark of spotters: data sets of photos, scored for what is located and for what is read, and the
time needed.

A photo is looked at once to locate, once to read freely, and once with each lexicon; all protocols score the
same findings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import SettingsError
from .evaluate.lexicons import Lexicons
from .evaluate.protocols import Protocol, find_protocol
from .evaluate.score import Score
from .evaluate.spotting import Spotting
from .judge import judge_by
from .spotter import Cascade
from .types import Sample, TextInstance

PROTOCOLS = "icdar2015-detection", "icdar2015-end-to-end"
FREELY = ""  # in place of the name of a lexicon


@dataclass(frozen=True)
class Photos:
    """A data set, and the lexicons, by name, with which its photos are also read."""

    samples: Sequence[Sample]
    lexicons: Mapping[str, Lexicons] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """How one spotter did.

    scores         by (data set, protocol, lexicon); the lexicon is FREELY where texts were read without one,
                   or only located.
    milliseconds   by data set: from a photo in memory to its texts, read freely, the mean over the photos.
    """

    scores: Mapping[tuple[str, str, str], Score]
    milliseconds: Mapping[str, float]


def find_protocols(names: Sequence[str]) -> list[Protocol]:
    """The protocols of these names, of detection or spotting.

    Raises SettingsError for an unknown one, one for another task, or if none is for spotting.
    """
    protocols = [find_protocol(name) for name in names]
    for protocol in protocols:
        if protocol.task == "recognition":
            raise SettingsError(f"protocol {protocol.name} scores recognition, not what is found in photos")
    if not any(protocol.task == "spotting" for protocol in protocols):
        raise SettingsError(f"name a protocol for spotting, too, such as {PROTOCOLS[1]}")
    return protocols


def lexicon_word(protocols: Sequence[Protocol]) -> Callable[[str], str | None]:
    """What a legible text of the truth adds to the lexicons that are made of it.

    Raises SettingsError if the protocols of spotting make them of different words, so that one lexicon would
    not serve all.
    """
    spotting = [protocol for protocol in protocols if isinstance(protocol, Spotting)]
    for protocol in spotting[1:]:
        if protocol.vocabulary != spotting[0].vocabulary:
            raise SettingsError(
                f"{spotting[0].name} and {protocol.name} make their lexicons of different words "
                f"({spotting[0].vocabulary}, {protocol.vocabulary}); ask for one of them at a time"
            )
    return spotting[0].lexicon_word


def stand(
    model: Any,
    sets: Mapping[str, Photos],
    protocols: Sequence[Protocol],
    progress: Callable[[int], object] = lambda done: None,
) -> Standing:
    """Tests a `Cascade`, or a model that has .spot(image, seconds, lexicon) and .detect(image), on all sets.

    progress   called with the number of photos done since the last call; see `looks`

    What is located is what the detector of a cascade finds, and all that a model finds which does both,
    whether it can be read or not.
    """
    locating = [protocol for protocol in protocols if protocol.task == "detection"]
    reading = [protocol for protocol in protocols if protocol.task == "spotting"]
    detector = model.detector if isinstance(model, Cascade) else model
    scores: dict[tuple[str, str, str], Score] = {}
    milliseconds = {}
    for name, photos in sets.items():
        if locating:
            found = judge_by(detector, photos.samples, locating, progress)
            scores |= {(name, protocol, FREELY): score for protocol, score in found.items()}
        if len(photos.samples):
            model.spot(photos.samples[0].image)  # the first photo of a graph takes longer
        freely = _Timed(model)
        found = judge_by(freely, photos.samples, reading, progress)
        scores |= {(name, protocol, FREELY): score for protocol, score in found.items()}
        milliseconds[name] = 1000 * sum(freely.seconds.values()) / max(1, len(photos.samples))
        for choice, lexicons in photos.lexicons.items():
            found = judge_by(model, photos.samples, reading, progress, lexicons)
            scores |= {(name, protocol, choice): score for protocol, score in found.items()}
    return Standing(scores, milliseconds)


def looks(sets: Mapping[str, Photos], protocols: Sequence[Protocol]) -> int:
    """How many photos `stand` does, those counted again that it looks at again."""
    located = any(protocol.task == "detection" for protocol in protocols)
    return sum(len(photos.samples) * (located + 1 + len(photos.lexicons)) for photos in sets.values())


class _Timed:
    """A spotter that reads freely, and adds up the seconds of its stages."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.seconds: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)  # what is told of a score, such as min_score

    def spot(self, image: np.ndarray) -> list[TextInstance]:
        found: list[TextInstance] = self.model.spot(image, self.seconds)
        return found
