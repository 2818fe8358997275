"""Detection by covered areas, splits and merges included (DetEval; Wolf and Jolion, IJDAR 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..labels import Layout
from ..types import TextInstance
from .detection import shapes_of, shared_areas
from .score import Score, shares

_SHARE = 0.8  # of a find whose parts are several


@dataclass(frozen=True)
class DetEval:
    """Precision, recall and hmean of sums in which parts of words and joined words count partly.

    Of each truth g and prediction d two shares decide: sigma, of g's area that d covers, and tau, of d's area
    that lies in g. First one is matched with one, then a truth with its parts, then a prediction with the
    words that it joins; whatever was matched is out of the game.

    recall      least sigma (t_r): 0.8 for ICDAR 2013, 0.7 recommended for Total-Text.
    precision   least tau (t_p): 0.4 for ICDAR 2013, 0.6 recommended for Total-Text.
    form        "icdar2013": upright boxes in whole pixels, their last row and column included, as the
                competition's script does it under the name DetEval. One with one: sigma and tau suffice, for
                no other pair of the two, nothing else touches them, and their centres are close. Parts give
                0.8 of a find, joined words a whole find each.
                "totaltext": polygons, sigma and tau rounded to two digits, as the script of Total-Text does
                it. One with one: of the truth, one prediction has a sufficient sigma and one a sufficient
                tau, and no other truth has that of theirs; that the two are the same is not asked. Words to
                be joined need a sigma of t_p, not of t_r, and give 0.8 each.

    Predictions of which too much lies in a don't-care do not count: more than t_p of their area with
    "icdar2013", more than half, before any rounding, with "totaltext".
    """

    name: str
    description: str
    recall: float
    precision: float
    form: Literal["icdar2013", "totaltext"]
    layout: Layout = "polygon"
    task: ClassVar[str] = "detection"
    main: ClassVar[str] = "hmean"

    def __call__(
        self, truth: Sequence[Sequence[TextInstance]], predictions: Sequence[Sequence[TextInstance]]
    ) -> Score:
        """Scores the predictions of all images against their truth; both are lists of one entry an image."""
        found = hit = 0.0
        total = predicted = 0
        for wanted, boxes in zip(truth, predictions, strict=True):
            sigma, tau, close = self._coverage(wanted, boxes)
            care = np.array([instance.legible for instance in wanted], dtype=bool)
            limit = self.precision if self.form == "icdar2013" else 0.5
            counts = ~(tau[~care] > limit).any(axis=0)
            part = np.ix_(care, counts)
            if self.form == "icdar2013":
                gained = _icdar2013(sigma[part], tau[part], close[part], self.recall, self.precision)
            else:
                rounded = np.round(sigma[part], 2), np.round(tau[part], 2)
                gained = _totaltext(*rounded, self.recall, self.precision)
            found, hit = found + gained[0], hit + gained[1]
            total, predicted = total + int(care.sum()), predicted + int(counts.sum())
        return Score(
            self.name,
            {"recall": self.recall, "precision": self.precision, "form": self.form},
            shares(found, total, hit, predicted),
            {"images": len(truth), "truth": total, "predictions": predicted},
            self.main,
        )

    def _coverage(
        self, truth: Sequence[TextInstance], predictions: Sequence[TextInstance]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """sigma, tau and whether the centres are close, each (T, P)."""
        if self.form == "icdar2013":
            return _box_coverage(_boxes(truth), _boxes(predictions))
        shapes, areas, _ = shapes_of(truth)
        others, other_areas, _ = shapes_of(predictions)
        shared = shared_areas(shapes, others)
        sigma = shared / np.maximum(areas, 1e-9)[:, None]
        tau = shared / np.maximum(other_areas, 1e-9)[None]
        return sigma, tau, np.ones(shared.shape, dtype=bool)


def _boxes(instances: Sequence[TextInstance]) -> np.ndarray:
    """(n, 4) left, top, right, bottom, in whole pixels."""
    boxes = [(*i.polygon.min(axis=0), *i.polygon.max(axis=0)) for i in instances]
    return np.trunc(np.array(boxes, dtype=np.float64).reshape(-1, 4))


def _box_coverage(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low = np.maximum(truth[:, None, :2], found[None, :, :2])
    high = np.minimum(truth[:, None, 2:], found[None, :, 2:])
    shared = np.clip(high - low + 1, 0, None).prod(axis=2)
    sizes = [np.maximum(boxes[:, 2:] - boxes[:, :2] + 1, 0) for boxes in (truth, found)]
    areas = [np.maximum(size.prod(axis=1), 1) for size in sizes]
    centres = [(boxes[:, :2] + boxes[:, 2:] + 1) / 2 for boxes in (truth, found)]
    apart = np.linalg.norm(centres[0][:, None] - centres[1][None], axis=2)
    diagonals = [np.linalg.norm(size, axis=1) for size in sizes]
    close = 2 * apart < diagonals[0][:, None] + diagonals[1][None]
    return shared / areas[0][:, None], shared / areas[1][None], close


def _icdar2013(
    sigma: np.ndarray, tau: np.ndarray, close: np.ndarray, least_sigma: float, least_tau: float
) -> tuple[float, float]:
    """What the predictions of one image add to the sums of recall and precision."""
    free, unused = np.ones(len(sigma), dtype=bool), np.ones(sigma.shape[1], dtype=bool)
    recall = precision = 0.0
    good = (sigma >= least_sigma) & (tau >= least_tau)
    touching = (sigma > 0).sum(axis=1), (sigma > 0).sum(axis=0)
    alone = (good.sum(axis=1) == 1)[:, None] & (good.sum(axis=0) == 1)[None]
    alone &= (touching[0] == 1)[:, None] & (touching[1] == 1)[None]
    for g, d in np.argwhere(good & alone & close):
        free[g] = unused[d] = False
        recall, precision = recall + 1, precision + 1
    for g in np.flatnonzero(free & (touching[0] >= 2)):
        parts = np.flatnonzero(unused & (tau[g] >= least_tau))
        if round(float(sigma[g, parts].sum()), 4) >= least_sigma:
            free[g], unused[parts] = False, False
            share = 1.0 if len(parts) == 1 else _SHARE
            recall, precision = recall + share, precision + share * len(parts)
    for d in np.flatnonzero(unused & (touching[1] >= 2)):
        joined = np.flatnonzero(free & (sigma[:, d] >= least_sigma))
        if round(float(tau[joined, d].sum()), 4) >= least_tau:
            free[joined], unused[d] = False, False
            recall, precision = recall + len(joined), precision + 1
    return recall, precision


def _totaltext(
    sigma: np.ndarray, tau: np.ndarray, least_sigma: float, least_tau: float
) -> tuple[float, float]:
    """As `_icdar2013`; centres play no role."""
    free, unused = np.ones(len(sigma), dtype=bool), np.ones(sigma.shape[1], dtype=bool)
    recall = precision = 0.0
    covers, fits = sigma > least_sigma, tau > least_tau
    for g in np.arange(len(sigma)):
        first, second = np.flatnonzero(covers[g]), np.flatnonzero(fits[g])
        if len(first) == len(second) == 1 and covers[:, first[0]].sum() == fits[:, second[0]].sum() == 1:
            free[g] = unused[first[0]] = False
            recall, precision = recall + 1, precision + 1
    for g in np.flatnonzero(free & ((sigma > 0).sum(axis=1) >= 2)):
        parts = np.flatnonzero(unused & (tau[g] >= least_tau))
        if sigma[g, parts].sum() >= least_sigma:
            free[g], unused[parts] = False, False
            share = 1.0 if len(parts) == 1 else _SHARE
            recall, precision = recall + share, precision + share * len(parts)
    for d in np.flatnonzero(unused & ((tau > 0).sum(axis=0) >= 2)):
        joined = np.flatnonzero(free & (sigma[:, d] >= least_tau))
        enough = tau[joined, d].sum() >= least_tau
        if len(joined) == 1:
            enough &= (sigma[joined, d] >= least_sigma).all()
        if enough:
            free[joined], unused[d] = False, False
            share = 1.0 if len(joined) == 1 else _SHARE
            recall, precision = recall + share * len(joined), precision + share
    return recall, precision
