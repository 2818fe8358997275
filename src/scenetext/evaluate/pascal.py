"""Detection in the manner of Pascal VOC, as Total-Text offers it beside DetEval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..labels import Layout
from ..types import TextInstance
from .detection import shapes_of, shared_areas
from .score import Score, precision_recall


@dataclass(frozen=True)
class Pascal:
    """Each prediction, in order, is right if the truth that it overlaps most is still free.

    iou             a pair matches if its intersection over union is at least this.
    ignore_overlap  a prediction does not count if more than this part of its area lies in one don't-care.

    Unlike `Detection`, which takes the first match and asks for more than 0.5, a prediction whose best truth
    is taken is wrong, even if it overlaps a second one enough.
    """

    name: str
    description: str
    iou: float = 0.5
    ignore_overlap: float = 0.5
    layout: Layout = "polygon"
    task: ClassVar[str] = "detection"
    main: ClassVar[str] = "hmean"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        correct = total = predicted = 0
        for wanted, found in zip(truth, predictions, strict=True):
            care = np.array([instance.legible for instance in wanted], dtype=bool)
            shapes, areas, _ = shapes_of(wanted)
            others, other_areas, _ = shapes_of(found)
            shared = shared_areas(shapes, others)
            counts = ~(shared[~care] > self.ignore_overlap * other_areas).any(axis=0)
            overlap = shared / np.maximum(areas[:, None] + other_areas[None] - shared, 1e-9)
            overlap = overlap[care][:, counts]
            free = np.ones(len(overlap), dtype=bool)
            if overlap.size:
                for best, value in zip(overlap.argmax(axis=0), overlap.max(axis=0), strict=True):
                    if value >= self.iou and free[best]:
                        free[best] = False
            correct += int((~free).sum())
            total += int(care.sum())
            predicted += int(counts.sum())
        return Score(
            self.name,
            {"iou": self.iou, "ignore_overlap": self.ignore_overlap},
            precision_recall(correct, total, predicted),
            {"images": len(truth), "truth": total, "predictions": predicted, "correct": correct},
            self.main,
        )
