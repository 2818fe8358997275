"""Detection by intersection over union, as the ICDAR Robust Reading competitions score it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

import numpy as np
import shapely

from ..labels import Layout
from ..types import TextInstance
from .score import Score, precision_recall


@dataclass(frozen=True)
class Matching:
    """What became of one image.

    pairs        (truth index, prediction index) of each match, in order of truth.
    truth        (T,) bool: the truth that counts, neither don't-care nor invalid.
    predictions  (P,) bool: the predictions that count.
    """

    pairs: tuple[tuple[int, int], ...]
    truth: np.ndarray
    predictions: np.ndarray


@dataclass(frozen=True)
class Overlap:
    """When a prediction is taken to be the truth.

    iou             a pair matches if its intersection over union is greater than this.
    ignore_overlap  a prediction does not count if more than this part of its area lies in one don't-care.
    whole_pixels    coordinates are cut to integers first, as the official script does.
    invalid         polygons that cross themselves or have no area: "skip" leaves them out on both sides;
                    "keep" intersects them by the even-odd rule, with the shoelace formula for their own area,
                    as scripts do that use the Polygon library.
    prefer          of several pairs that match: "first" takes truth in its order, and for each the
                    predictions in theirs, so that the order of the files plays a role and neither scores nor
                    overlaps do; "best" takes the pair with the highest intersection over union.
    """

    iou: float = 0.5
    ignore_overlap: float = 0.5
    whole_pixels: bool = True
    invalid: Literal["skip", "keep"] = "skip"
    prefer: Literal["first", "best"] = "first"

    def match(
        self,
        truth: Sequence[TextInstance],
        predictions: Sequence[TextInstance],
        care: np.ndarray | None = None,
    ) -> Matching:
        """Matches the predictions of one image.

        care   (T,) bool: the truth that is to be found; by default whatever is legible.
        """
        if care is None:
            care = np.array([instance.legible for instance in truth], dtype=bool)
        truth_shapes, truth_areas, truth_valid = shapes_of(truth, self.whole_pixels, self.invalid)
        shapes, areas, valid = shapes_of(predictions, self.whole_pixels, self.invalid)
        rows, columns, shared = intersections(truth_shapes, shapes)

        in_dont_care = ~care[rows] & truth_valid[rows] & (shared > self.ignore_overlap * areas[columns])
        counts = valid.copy()
        counts[columns[in_dont_care]] = False
        union = truth_areas[rows] + areas[columns] - shared
        good = (shared > self.iou * union) & care[rows] & truth_valid[rows] & counts[columns]

        matches = np.flatnonzero(good)
        if self.prefer == "best":
            matches = matches[np.argsort(-shared[matches] / union[matches], kind="stable")]
        taken_truth, taken, pairs = set(), set(), []
        for t, p in zip(rows[matches].tolist(), columns[matches].tolist(), strict=True):
            if t not in taken_truth and p not in taken:
                taken_truth.add(t)
                taken.add(p)
                pairs.append((t, p))
        return Matching(tuple(sorted(pairs)), care & truth_valid, counts)


@dataclass(frozen=True)
class Detection:
    """A detection protocol: precision, recall and hmean over all images together. Texts play no role.

    layout   how the lines of its truth and result files look.
    """

    name: str
    description: str
    overlap: Overlap = field(default_factory=Overlap)
    layout: Layout = "quad"
    task: ClassVar[str] = "detection"
    main: ClassVar[str] = "hmean"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        correct = total = predicted = 0
        for wanted, found in zip(truth, predictions, strict=True):
            matching = self.overlap.match(wanted, found)
            correct += len(matching.pairs)
            total += int(matching.truth.sum())
            predicted += int(matching.predictions.sum())
        return Score(
            self.name,
            asdict(self.overlap),
            precision_recall(correct, total, predicted),
            {"images": len(truth), "truth": total, "predictions": predicted, "correct": correct},
            self.main,
        )


def shapes_of(
    instances: Sequence[TextInstance],
    whole_pixels: bool = True,
    invalid: Literal["skip", "keep"] = "keep",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The polygons as shapely geometries, their areas, and which of them take part; see Overlap."""
    if not instances:
        return np.zeros(0, dtype=object), np.zeros(0), np.zeros(0, dtype=bool)
    points = np.concatenate([instance.polygon for instance in instances]).astype(np.float64)
    if whole_pixels:
        points = np.trunc(points)
    owners = np.repeat(np.arange(len(instances)), [len(instance.polygon) for instance in instances])
    shapes = shapely.polygons(shapely.linearrings(points, indices=owners))
    areas = shapely.area(shapes)
    valid = shapely.is_valid(shapes)
    if invalid == "keep" and not valid.all():
        shapes = np.where(valid, shapes, shapely.make_valid(shapes))
        valid = np.ones(len(instances), dtype=bool)
    return shapes, areas, valid


def shared_areas(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(len(a), len(b)) the area that each pair of shapes shares."""
    shared = np.zeros((len(a), len(b)))
    rows, columns, values = intersections(a, b)
    shared[rows, columns] = values
    return shared


def intersections(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index in a, index in b and shared area of each pair whose boxes meet, in order of a, then b."""
    if not len(a) or not len(b):
        none = np.zeros(0, dtype=np.intp)
        return none, none, np.zeros(0)
    box_a, box_b = shapely.bounds(a)[:, None], shapely.bounds(b)[None]
    meet = (box_a[..., :2] < box_b[..., 2:]).all(-1) & (box_b[..., :2] < box_a[..., 2:]).all(-1)
    rows, columns = np.nonzero(meet)
    shared = np.zeros(len(rows))
    # An invalid polygon cannot be intersected; it takes no part, so that it may as well share nothing.
    usable = shapely.is_valid(a)[rows] & shapely.is_valid(b)[columns]
    shared[usable] = shapely.area(shapely.intersection(a[rows[usable]], b[columns[usable]]))
    return rows, columns, shared
