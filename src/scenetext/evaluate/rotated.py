"""Detection of text lines as rotated rectangles (MSRA-TD500; Yao et al., CVPR 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from ..geometry import min_area_rectangle
from ..labels import Layout
from ..types import TextInstance
from .detection import intersections, shapes_of
from .score import Score, shares


@dataclass(frozen=True)
class Rotated:
    """A truth is found if a prediction overlaps it enough and runs in nearly the same direction.

    Both are taken as their smallest rotated rectangles. A prediction may find several lines. A line marked
    difficult (not legible) that is missed is not missed; found, it counts as any other. Precision is the
    number of lines found over that of predictions.

    iou      least intersection over union. The paper turns the prediction to the angle of the truth before it
             intersects the two; here they are intersected as they lie, as the scripts in use do.
    angle    largest angle between the two, degrees; the paper asks for less than pi / 8. Scripts that are in
             use (PSENet's) leave it out: 90.
    """

    name: str
    description: str
    iou: float = 0.5
    angle: float = 22.5
    layout: Layout = "polygon"
    task: ClassVar[str] = "detection"
    main: ClassVar[str] = "hmean"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        hits = total = predicted = 0
        for wanted, found in zip(truth, predictions, strict=True):
            care = np.array([instance.legible for instance in wanted], dtype=bool)
            hit = self._found(_rectangles(wanted), _rectangles(found))
            hits += int(hit.sum())
            total += int((care | hit).sum())
            predicted += len(found)
        return Score(
            self.name,
            {key: value for key, value in asdict(self).items() if key in ("iou", "angle")},
            shares(hits, total, hits, predicted),
            {"images": len(truth), "truth": total, "predictions": predicted, "correct": hits},
            self.main,
        )

    def _found(self, truth: list[TextInstance], found: list[TextInstance]) -> np.ndarray:
        """(T,) bool: which of the truth is found."""
        shapes, areas, _ = shapes_of(truth, whole_pixels=False)
        others, other_areas, _ = shapes_of(found, whole_pixels=False)
        rows, columns, shared = intersections(shapes, others)
        enough = shared >= self.iou * (areas[rows] + other_areas[columns] - shared)
        apart = np.abs(_angles(truth)[rows] - _angles(found)[columns])
        enough &= np.minimum(apart, 180 - apart) <= self.angle
        hit = np.zeros(len(truth), dtype=bool)
        hit[rows[enough]] = True
        return hit


def _rectangles(instances: Sequence[TextInstance]) -> list[TextInstance]:
    return [instance.replace(polygon=min_area_rectangle(instance.polygon)) for instance in instances]


def _angles(rectangles: Sequence[TextInstance]) -> np.ndarray:
    """The direction of the long side of each, degrees in [0, 180)."""
    sides = np.array([np.diff(r.polygon[:3], axis=0) for r in rectangles], dtype=np.float64).reshape(-1, 2, 2)
    longer = sides[np.arange(len(sides)), np.linalg.norm(sides, axis=2).argmax(axis=1)]
    return np.asarray(np.degrees(np.arctan2(longer[:, 1], longer[:, 0])) % 180)
