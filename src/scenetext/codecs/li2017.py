"""Li, Wang and Shen (ICCV 2017): boxes are proposed, refined, and read, all from the same features."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..charset import Charset
from ..errors import SettingsError
from ..geometry import bounds, box_polygon, clip_polygon
from ..lexicon import Lexicon
from ..rectify import sides
from ..types import Look, TextInstance
from .boxes import clip_boxes, decode_boxes, encode_boxes, make_anchors, overlaps, suppress_boxes
from .nearest import nearest_word

PUNCTUATION, END = 0, 1
SPECIAL = 2  # classes before the first character
CHARACTERS = Charset.named("alphanumeric36")
CLASSES = len(CHARACTERS) + SPECIAL

NOTHING, TEXT, IGNORED = 0, 1, 2
"""Kinds of the rows of targets: not used, a text, and what is neither text nor background."""


@dataclass(frozen=True)
class Li2017:
    """Three graphs: the first scores anchors, of which `propose` makes proposals; the second scores and
    refines these; `propose` keeps the best, which the third one reads.

    Boxes are upright: left, top, right, bottom, in pixels of the view. Characters are classes: 0 stands for
    all punctuation (whatever is neither a letter nor a digit), 1 is the end, 2 to 37 are digits and letters,
    case and accents aside.

    scales, ratios     of the anchors: roots of their areas, and width over height
    stride             view pixels per pixel of the features
    length             characters of the longest text; the recogniser takes one step more, for the end
    max_instances      training: texts of a view, the largest; and as many don't-care ones
    min_side           training: a box whose shorter side is below this many pixels is "don't care"
    candidates         anchors, the best, that become boxes
    min_objectness     lowest score of such an anchor
    proposal_overlap   largest IoU of two proposals (Faster R-CNN has 0.7; the paper's is not known)
    proposals          at most so many: 300 in the paper
    min_score          lowest textness of a refined box that is read
    overlap            largest IoU of two refined boxes (Faster R-CNN has 0.3; the paper's is not known)

    Outputs   of the first graph: "objectness" (1, A, h, w) in [0, 1], "offsets" (1, 4 A, h, w), A anchors at
              each pixel; "features" (1, C, h, w), which only the other graphs take
              of `propose`: "proposals" (K, 4)
              of the second graph: "scores" (K,) in [0, 1], "moves" (K, 4), the offsets to the refined boxes;
              "table" (n, C) of maxima of the features, which only the third graph takes
              of `propose`: "boxes" (R, 4), "textness" (R,)
              of the third graph: "log_probs" (R, length + 1, 38), of each step of the greedy path; what
              follows the first end has no meaning. "attention" (R, length + 1, columns): where each step
              looked, 0 at columns that a box does not have. All float32; K and R may be 0
    Targets   "boxes" (2 max_instances, 4) float32; "kinds" (2 max_instances,) int64: 1 a text, 2 don't care,
              0 not used; "texts" (2 max_instances, length + 1) int64: classes, the end, and -1 to fill up;
              of -1 alone where a text is not known, too long, or does not run to the right
    """

    scales: tuple[float, ...] = (16.0, 32.0, 64.0, 80.0)
    ratios: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0)
    stride: int = 8
    length: int = 25
    max_instances: int = 64
    min_side: float = 4.0
    candidates: int = 2000
    min_objectness: float = 0.02
    proposal_overlap: float = 0.7
    proposals: int = 300
    min_score: float = 0.5
    overlap: float = 0.3

    def __post_init__(self) -> None:
        if not self.scales or not self.ratios or min(*self.scales, *self.ratios) <= 0:
            raise ValueError("scales and ratios are positive, and there is at least one of each")
        for name in ("stride", "length", "max_instances", "candidates", "proposals"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        for name in ("min_objectness", "proposal_overlap", "min_score", "overlap"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    @property
    def rows(self) -> tuple[str, ...]:
        """The outputs that `decode` needs, a row for each box."""
        return "boxes", "textness", "log_probs"

    @property
    def anchors(self) -> int:
        """Anchors at each pixel of the features."""
        return len(self.scales) * len(self.ratios)

    def anchors_over(self, height: int, width: int) -> np.ndarray:
        """The anchors over features (height, width), in the order of "objectness"."""
        return make_anchors(self.scales, self.ratios, self.stride, height, width)

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The targets of a view of `size` (height, width); see the class for their meaning."""
        texts: list[tuple[float, np.ndarray, np.ndarray]] = []
        ignored: list[tuple[float, np.ndarray]] = []
        for instance in instances:
            polygon = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            if polygon is None:
                continue
            box = np.array(bounds(polygon), dtype=np.float32)
            width, height = box[2:] - box[:2]
            if instance.legible and min(width, height) >= self.min_side:
                texts.append((width * height, box, self._classes(instance)))
            else:
                ignored.append((width * height, box))
        boxes = np.zeros((2 * self.max_instances, 4), dtype=np.float32)
        kinds = np.full(len(boxes), NOTHING, dtype=np.int64)
        rows = np.full((len(boxes), self.length + 1), -1, dtype=np.int64)
        texts.sort(key=lambda entry: -entry[0])
        for i, (_, box, classes) in enumerate(texts[: self.max_instances]):
            boxes[i], kinds[i], rows[i, : len(classes)] = box, TEXT, classes
        ignored.sort(key=lambda entry: -entry[0])
        for i, (_, box) in enumerate(ignored[: self.max_instances], start=self.max_instances):
            boxes[i], kinds[i] = box, IGNORED
        return {"boxes": boxes, "kinds": kinds, "texts": rows}

    def _classes(self, instance: TextInstance) -> np.ndarray:
        """The classes of a text and the end; none of a text that is not to be read."""
        classes = text_classes(instance.text or "")
        top, bottom = sides(instance.polygon)
        across = top[-1] + bottom[-1] - top[0] - bottom[0]
        if not 0 < len(classes) <= self.length or across[0] < abs(across[1]):
            return np.zeros(0, dtype=np.int64)
        return np.array([*classes, END], dtype=np.int64)

    def ideal(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """What the first two graphs of a network that makes no mistake put out for texts that lie apart: for
        each, one anchor is certain and leads to its box, which is text and stays as it is."""
        targets = self.encode(instances, size)
        height, width = math.ceil(size[0] / self.stride), math.ceil(size[1] / self.stride)
        anchors = self.anchors_over(height, width)
        objectness = np.zeros(len(anchors), dtype=np.float32)
        offsets = np.zeros((len(anchors), 4), dtype=np.float32)
        for box in targets["boxes"][targets["kinds"] == TEXT]:
            match = overlaps(box[None], anchors)[0] * (objectness == 0)
            best = int(match.argmax())
            objectness[best] = 1
            offsets[best] = encode_boxes(box[None], anchors[best : best + 1])[0]
        count = int((targets["kinds"] == TEXT).sum())
        maps = offsets.reshape(self.anchors, height, width, 4).transpose(0, 3, 1, 2)
        return {
            "objectness": objectness.reshape(1, self.anchors, height, width),
            "offsets": np.ascontiguousarray(maps.reshape(1, 4 * self.anchors, height, width)),
            "scores": np.ones(count, dtype=np.float32),
            "moves": np.zeros((count, 4), dtype=np.float32),
        }

    # --- outputs to instances -----------------------------------------------------------------------

    def propose(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the next graph takes in: proposals, after the first one; of what became of them the boxes that
        are worth reading, after the second. Best first."""
        if "moves" not in outputs:
            return {"proposals": self.proposals_of(outputs["objectness"][0], outputs["offsets"][0])}
        good = np.flatnonzero(outputs["scores"] >= self.min_score)
        scores = outputs["scores"][good]
        height, width = (self.stride * side for side in outputs["objectness"].shape[2:])
        boxes = decode_boxes(outputs["moves"][good], outputs["proposals"][good])
        boxes = clip_boxes(boxes, height, width)
        kept = suppress_boxes(boxes, scores, self.overlap, len(good))
        return {"boxes": boxes[kept], "textness": scores[kept]}

    def proposals_of(
        self, objectness: np.ndarray, offsets: np.ndarray, most: int | None = None
    ) -> np.ndarray:
        """The proposals (K, 4) in objectness (A, h, w) and offsets (4 A, h, w) of one view, best first.

        most   in place of `proposals`
        """
        count, height, width = objectness.shape
        flat = objectness.ravel()
        chosen = np.flatnonzero(flat >= self.min_objectness)
        if len(chosen) > self.candidates:
            chosen = chosen[np.argpartition(-flat[chosen], self.candidates - 1)[: self.candidates]]
        anchor, y, x = np.unravel_index(chosen, objectness.shape)
        shift = self.stride * np.stack([x, y, x, y], axis=1).astype(np.float32)
        moves = offsets.reshape(count, 4, height, width)[anchor, :, y, x]
        boxes = decode_boxes(moves, self.anchors_over(1, 1)[anchor] + shift)
        boxes = clip_boxes(boxes, height * self.stride, width * self.stride)
        whole = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= 1
        boxes, scores = boxes[whole], flat[chosen[whole]]
        kept = suppress_boxes(boxes, scores, self.proposal_overlap, most or self.proposals)
        return np.asarray(boxes[kept])

    def decode(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in its pixels; best located first.

        lexicon   the words that each text is chosen from

        Of boxes that overlap the one with the highest textness stays, so that the boxes of several views of
        an image can be decoded together. A text is the likeliest class of each step, up to the first end,
        without punctuation. Its score is the mean probability of these steps, the end included. With a
        lexicon it is the word nearest to that (see `nearest_word`), whose score falls with its distance; of a
        large lexicon the text stays as it was read where no word is near. The score of the instance is the
        geometric mean of textness and reading.
        """
        return [instance for _, instance in self._found(outputs, size, lexicon)]

    def looked(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What `explain` needs of one view besides `rows`, a row for each box.

        "attention", and "regions" (R, 4), what the third graph reads from: the pixels of the features that
        boxes touch, in pixels of the view. Raises SettingsError if it does not put out where it looked.
        """
        if "attention" not in outputs:
            raise SettingsError("this model does not put out where it looked; export it again to explain it")
        height, width = outputs["objectness"].shape[2:]
        first = np.floor(outputs["boxes"][:, :2] / self.stride).clip(0, [width - 1, height - 1])
        last = np.ceil(outputs["boxes"][:, 2:] / self.stride).clip(first + 1, [width, height])
        regions = self.stride * np.concatenate([first, last], axis=1)
        return {"regions": regions.astype(np.float32), "attention": outputs["attention"]}

    def explain(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[Look]:
        """What `decode` finds, and where the third graph looked as it wrote each letter.

        outputs   as for `decode`, and those of `looked`; regions in the pixels that boxes are in

        A bin of the pooling covers its share of the region and whatever else is in the same pixels of the
        features; here the bins are drawn as shares of equal width.
        """
        looks = []
        for i, instance in self._found(outputs, size, lexicon):
            letters, steps, _ = self._written(outputs["log_probs"][i])
            attention = outputs["attention"][i]
            columns = max(np.flatnonzero(attention.any(axis=0)), default=0) + 1
            region = box_polygon(*outputs["regions"][i].tolist())
            looks.append(Look(instance, region, letters, attention[steps, :columns]))
        return looks

    def _found(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None
    ) -> Iterator[tuple[int, TextInstance]]:
        """The instances and their rows; see `decode`."""
        kept = suppress_boxes(outputs["boxes"], outputs["textness"], self.overlap, len(outputs["boxes"]))
        boxes = clip_boxes(outputs["boxes"], *size)
        for i in kept:
            left, top, right, bottom = boxes[i].tolist()
            if right - left >= 1 and bottom - top >= 1:
                text, score = self._read(outputs["log_probs"][i], lexicon)
                joint = math.sqrt(score * min(float(outputs["textness"][i]), 1.0))
                yield int(i), TextInstance(box_polygon(left, top, right, bottom), text, joint)

    def _written(self, log_probs: np.ndarray) -> tuple[str, np.ndarray, float]:
        """The letters of one box, the steps that wrote them, and their score, from (steps, 38)."""
        classes = log_probs.argmax(axis=1)
        length = int((classes == END).argmax()) if (classes == END).any() else len(classes)
        score = float(np.exp(log_probs.max(axis=1)[: length + 1].clip(max=0)).mean())
        steps = np.flatnonzero(classes[:length] >= SPECIAL)
        return CHARACTERS.text(classes[steps] - SPECIAL), steps, score

    def _read(self, log_probs: np.ndarray, lexicon: Lexicon | None) -> tuple[str, float]:
        """Text and score of one box, from (steps, 38)."""
        text, steps, score = self._written(log_probs)
        if not text:
            return "", 0.0
        if lexicon is not None:
            probabilities = np.exp(log_probs[steps, SPECIAL:].astype(np.float64))
            word = nearest_word(lexicon, CHARACTERS, CHARACTERS.indices(text), probabilities)
            if word is not None:
                return word[0], score * max(0.0, 1 - word[1] / max(len(text), len(word[0])))
        return text, score


def text_classes(text: str) -> list[int]:
    """The classes of the characters of a text; of those with accents, the letters under them."""
    plain = unicodedata.normalize("NFKD", text).lower()
    visible = [character for character in plain if not unicodedata.combining(character)]
    known = [CHARACTERS.indices(character) for character in visible if not character.isspace()]
    return [indices[0] + SPECIAL if indices else PUNCTUATION for indices in known]
