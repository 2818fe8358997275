"""Which anchors and proposals of an image are learnt from, and what they should become. All of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ....codecs.boxes import areas, encode_boxes, intersections, overlaps
from ....codecs.li2017 import IGNORED, TEXT


@dataclass(frozen=True)
class Truth:
    """Of one image: boxes (n, 4) of texts, their classes (n, length + 1), and don't-care boxes (m, 4)."""

    boxes: np.ndarray
    texts: np.ndarray
    ignored: np.ndarray

    @classmethod
    def of(cls, boxes: np.ndarray, kinds: np.ndarray, texts: np.ndarray) -> Truth:
        """From one row of the targets of codecs.li2017.Li2017."""
        return cls(boxes[kinds == TEXT], texts[kinds == TEXT], boxes[kinds == IGNORED])


@dataclass(frozen=True)
class Rule:
    """How boxes are labelled by their largest IoU with a text, and how many are drawn.

    positive, negative   above the one a box is text, below the other background; between them it is neither
    best                 whether, as in Faster R-CNN, the box that overlaps a text most is text in any case,
                         without which many words would have no anchor
    count, share         drawn from an image, and at most this share of them text
    """

    positive: float
    negative: float
    best: bool
    count: int
    share: float = 0.5

    def label(self, boxes: np.ndarray, truth: Truth) -> tuple[np.ndarray, np.ndarray]:
        """Labels (n,) of boxes, 1 text, 0 background, -1 neither; and the text (n,) that each overlaps most.

        What lies mostly over don't-care texts is no background.
        """
        labels = np.zeros(len(boxes), dtype=np.int64)
        match = np.zeros(len(boxes), dtype=np.int64)
        if len(truth.boxes):
            iou = overlaps(boxes, truth.boxes)
            match = iou.argmax(axis=1)
            most = iou[np.arange(len(boxes)), match]
            labels[most >= self.negative] = -1
            if self.best and len(boxes):
                top = iou.max(axis=0)
                box, text = np.nonzero((iou >= top - 1e-6) & (top > 0.1))
                labels[box], match[box] = 1, text
            labels[most > self.positive] = 1
        if len(truth.ignored):
            hidden = intersections(boxes, truth.ignored).max(axis=1) > 0.5 * areas(boxes)
            labels[(labels == 0) & hidden] = -1
        return labels, match

    def draw_text(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The places of text that are drawn."""
        return drawn(np.flatnonzero(labels == 1), int(self.count * self.share), rng)

    def draw(self, labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(places of text, places of background), drawn at random; background fills up what text leaves."""
        text = self.draw_text(labels, rng)
        return text, drawn(np.flatnonzero(labels == 0), self.count - len(text), rng)


def drawn(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """At most `count` of some places."""
    return places if len(places) <= count else rng.choice(places, count, replace=False)


def offsets_to(truth: Truth, match: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The offsets (n, 4) from boxes to the texts that they match."""
    return encode_boxes(truth.boxes[match], boxes) if len(boxes) else np.zeros((0, 4), dtype=np.float32)


@dataclass(frozen=True)
class Regions:
    """Boxes (n, 4) of several images that are learnt from.

    image     (n,) int64, index of the image
    text      (n,) float32, 1 for text, 0 for background
    aims      (n, 4) float32, the offsets to the text
    classes   (n, length + 1) int64, of the text; -1 for background
    """

    boxes: np.ndarray
    image: np.ndarray
    text: np.ndarray
    aims: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, image: int, boxes: np.ndarray, truth: Truth, match: np.ndarray | None = None) -> Regions:
        """Boxes of one image that match texts, or background."""
        count = len(boxes)
        return cls(
            boxes,
            np.full(count, image, dtype=np.int64),
            np.full(count, match is not None, dtype=np.float32),
            np.zeros((count, 4), dtype=np.float32) if match is None else offsets_to(truth, match, boxes),
            np.full((count, truth.texts.shape[1]), -1) if match is None else truth.texts[match],
        )

    @classmethod
    def joined(cls, parts: Sequence[Regions]) -> Regions:
        """Those of several images."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))

    def chosen(self, places: np.ndarray | slice) -> Regions:
        """Some of them."""
        return Regions(*(getattr(self, name)[places] for name in _FIELDS))

    def __len__(self) -> int:
        return len(self.boxes)


_FIELDS = tuple(field.name for field in fields(Regions))
