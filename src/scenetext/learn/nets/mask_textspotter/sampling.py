"""Which proposals of an image are learnt from, and what they should become. All of numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....codecs.boxes import areas, encode_boxes, intersections, overlaps
from ....codecs.mask_textspotter import IGNORED, TEXT, boxes_of


@dataclass(frozen=True)
class Truth:
    """Of one image: outlines (n, P, 2) of texts, their classes, characters and the classes of these, as the
    codec encodes them, and don't-care outlines (m, P, 2)."""

    outlines: np.ndarray
    texts: np.ndarray
    quads: np.ndarray
    classes: np.ndarray
    ignored: np.ndarray

    @classmethod
    def of(
        cls,
        polygons: np.ndarray,
        kinds: np.ndarray,
        texts: np.ndarray,
        quads: np.ndarray,
        classes: np.ndarray,
    ) -> Truth:
        """From one row of the targets of codecs.mask_textspotter.MaskTextSpotter."""
        own = kinds == TEXT
        return cls(polygons[own], texts[own], quads[own], classes[own], polygons[kinds == IGNORED])


@dataclass(frozen=True)
class Regions:
    """Proposals of one image that are learnt from, those of text first.

    outlines   (n, P, 2) and boxes (n, 4)
    match      (t,) int64, the text of each of the first t, which are text
    aims       (t, 4), offsets from their boxes to the texts'
    """

    outlines: np.ndarray
    boxes: np.ndarray
    match: np.ndarray
    aims: np.ndarray


def sample(
    boxes: np.ndarray,
    polygons: np.ndarray,
    truth: Truth,
    count: int,
    share: float,
    rng: np.random.Generator,
) -> Regions:
    """At most `count` of proposals and of the truth's own outlines, at most `share` of them text.

    boxes (K, 4), polygons (K, P, 2)   of the proposals

    A proposal is text whose box overlaps a text's by an IoU of 0.5 (Fast R-CNN); what lies mostly over
    don't-care text, and is no text, is left out.
    """
    own = boxes_of(truth.outlines)
    outlines, boxes = np.concatenate([truth.outlines, polygons]), np.concatenate([own, boxes])
    text = np.zeros(len(boxes), dtype=bool)
    match = np.zeros(len(boxes), dtype=np.int64)
    if len(own):
        iou = overlaps(boxes, own)
        match, text = iou.argmax(axis=1), iou.max(axis=1) >= 0.5
    known = np.ones(len(boxes), dtype=bool)
    if len(truth.ignored):
        known = intersections(boxes, boxes_of(truth.ignored)).max(axis=1) <= 0.5 * areas(boxes)
    # in any order: of the first ones, the true outlines, a reader never sees the like
    chosen = rng.permutation(np.flatnonzero(text))[: int(count * share)]
    others = rng.permutation(np.flatnonzero(~text & known))[: count - len(chosen)]
    places = np.concatenate([chosen, others])
    found = match[chosen]
    aims = encode_boxes(own[found], boxes[chosen]) if len(chosen) else np.zeros((0, 4), dtype=np.float32)
    return Regions(outlines[places], boxes[places], found, aims)
