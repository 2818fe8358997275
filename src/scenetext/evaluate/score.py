"""What a protocol returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """The figures of one system on one set of images, with the protocol that gave them.

    protocol     name in PROTOCOLS.
    parameters   the settings of the protocol.
    values       figure -> value: shares in [0, 1], and mean distances, which have no upper limit.
    counts       what the figures were computed from: whole numbers.
    main         the key of `values` by which systems are ranked.
    """

    protocol: str
    parameters: Mapping[str, Any]
    values: Mapping[str, float]
    counts: Mapping[str, int]
    main: str

    @property
    def figure(self) -> float:
        """The value by which systems are ranked, in [0, 1]."""
        return self.values[self.main]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; values rounded to six digits."""
        return {
            "protocol": self.protocol,
            "parameters": dict(self.parameters),
            "values": {name: round(value, 6) for name, value in self.values.items()},
            "counts": dict(self.counts),
            "main": self.main,
        }

    def __str__(self) -> str:
        settings = ", ".join(f"{name} {value}" for name, value in self.parameters.items())
        width = max(len(name) for name in [*self.values, *self.counts])
        lines = [f"{self.protocol}  ({settings})"]
        lines += [f"{name:{width}}  {value:.4f}" for name, value in self.values.items()]
        lines += [f"{name:{width}}  {count}" for name, count in self.counts.items()]
        return "\n".join(lines)


def precision_recall(correct: int, truth: int, predictions: int) -> dict[str, float]:
    """precision, recall and hmean over all images together; a figure with nothing to divide by is 0."""
    return shares(correct, truth, correct, predictions)


def shares(found: float, truth: int, right: float, predictions: int) -> dict[str, float]:
    """As `precision_recall`, where truth found and predictions that are right may differ in number."""
    precision = right / predictions if predictions else 0.0
    recall = found / truth if truth else 0.0
    total = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "hmean": 2 * precision * recall / total if total else 0.0,
    }
