"""Runs a model over labelled samples and scores what it finds, for training, export and evaluate alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .errors import SettingsError
from .evaluate.lexicons import Lexicons
from .evaluate.protocols import Protocol
from .evaluate.retrieval import Match, Retrieval
from .evaluate.score import Score
from .types import Sample, TextInstance

_CHUNK = 256  # crops decoded at once


@dataclass(frozen=True)
class Judgement:
    """A score and what it is of: one entry of truth and of predictions for each sample, in order.

    For recognition an entry is a text; for pre-training the words of an image, and a Match; otherwise a tuple
    of instances.
    """

    score: Score
    names: tuple[str, ...]
    truth: tuple[Any, ...]
    predictions: tuple[Any, ...]

    def examples(self, count: int) -> list[str]:
        """Lines that show `count` samples, spread evenly: truth beside prediction."""
        total = len(self.names)
        chosen = [i * total // count for i in range(count)] if total > count else list(range(total))
        return [
            f"{self.names[i]}  truth: {_shown(self.truth[i])}  found: {_shown(self.predictions[i])}"
            for i in chosen
        ]


def judge(
    model: Any,
    samples: Sequence[Sample],
    protocol: Protocol,
    progress: Callable[[int], object] = lambda done: None,
    lexicons: Lexicons | None = None,
) -> Judgement:
    """Scores `model` on `samples`.

    model      has .recognize(crops), .detect(image), .spot(image) or, pre-trained, .match(samples, batch), as
               the protocol's task asks
    progress   called with the number of samples done since the last call
    lexicons   the lexicon that each sample is read with

    Their description, and the least score that a spotter asks of a reading, join the parameters of the score.

    Raises SettingsError if the model cannot do the task, recognition meets a sample that is no word crop, or
    there are lexicons for a task without texts; BadImageError for a sample that cannot be decoded.
    """
    methods = {"recognition": "recognize", "detection": "detect", "spotting": "spot", "pretraining": "match"}
    method = methods[protocol.task]
    run = getattr(model, method, None)
    if run is None:
        raise SettingsError(
            f"protocol {protocol.name} scores {protocol.task}; {type(model).__name__} cannot do that"
        )
    if lexicons is not None and protocol.task in ("detection", "pretraining"):
        raise SettingsError(f"protocol {protocol.name} compares no texts; leave out the lexicon")
    names = tuple(sample.name for sample in samples)
    truth: list[Any] = []
    predictions: list[Any] = []
    if protocol.task == "recognition":
        for start in range(0, len(samples), _CHUNK):
            chunk = [samples[i] for i in range(start, min(start + _CHUNK, len(samples)))]
            truth += [word_of(sample, protocol) for sample in chunk]
            crops = [sample.image for sample in chunk]
            choice = {} if lexicons is None else {"lexicon": [lexicons.of(sample) for sample in chunk]}
            predictions += [text for text, _ in run(crops, **choice)]
            progress(len(chunk))
    elif isinstance(protocol, Retrieval):
        truth, predictions = run(samples, protocol.batch, progress)
    else:
        for sample in samples:
            held = {} if lexicons is None else {"lexicon": lexicons.of(sample)}
            truth.append(sample.instances)
            predictions.append(tuple(run(sample.image, **held)))
            progress(1)
    score = _scored(protocol, truth, predictions, model, lexicons)
    return Judgement(score, names, tuple(truth), tuple(predictions))


def judge_by(
    model: Any,
    samples: Sequence[Sample],
    protocols: Sequence[Protocol],
    progress: Callable[[int], object] = lambda done: None,
    lexicons: Lexicons | None = None,
) -> dict[str, Score]:
    """The scores by several protocols of one task, at least one, by their names. Each sample is seen once.

    Arguments and errors are those of `judge`.
    """
    first = judge(model, samples, protocols[0], progress, lexicons)
    scores = {protocols[0].name: first.score}
    for protocol in protocols[1:]:
        scores[protocol.name] = _scored(protocol, first.truth, first.predictions, model, lexicons)
    return scores


def _scored(protocol: Protocol, truth: Any, predictions: Any, model: Any, lexicons: Lexicons | None) -> Score:
    """The score, among whose parameters are what a spotter drops, and the lexicon that was read with."""
    score: Score = protocol(truth, predictions)
    added: dict[str, Any] = {}
    if protocol.task == "spotting" and hasattr(model, "min_score"):
        added["min_score"] = model.min_score
    if lexicons is not None:
        added["lexicon"] = lexicons.description
    return replace(score, parameters={**score.parameters, **added})


def word_of(sample: Sample, protocol: Protocol) -> str:
    """The text of a word crop. Raises SettingsError for a sample that is none."""
    if len(sample.instances) != 1:
        raise SettingsError(
            f"protocol {protocol.name} scores word crops, but {sample.name} holds {len(sample.instances)} "
            "instances; name a data set of word crops, such as icdar2015-words"
        )
    return sample.instances[0].text or ""


def _shown(entry: str | Match | Sequence[str] | Sequence[TextInstance]) -> str:
    if isinstance(entry, str):
        return repr(entry)
    if isinstance(entry, Match):
        entry = entry.guesses
    known = [each for each in entry if isinstance(each, str) or each.legible]
    texts = [text for each in known if (text := each if isinstance(each, str) else each.text)]
    return f"{len(known)} words" + (f" ({' '.join(texts[:8])})" if texts else "")
