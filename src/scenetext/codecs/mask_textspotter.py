"""Mask TextSpotter v3 (Liao et al., ECCV 2020): polygons are proposed by segmentation, refined, and read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from ..errors import SettingsError
from ..geometry import (
    bounds,
    box_polygon,
    clip_points,
    clip_polygon,
    clockwise,
    fill_polygon,
    min_area_rectangle,
    offset_polygon,
    perimeter,
    signed_area,
    simplify,
    without_duplicates,
)
from ..lexicon import Lexicon
from ..types import Look, TextInstance
from .boundary import ring
from .boxes import clip_boxes, decode_boxes, suppress_boxes
from .nearest import nearest_word
from .outlines import outer_outlines, simplified, trace_regions
from .regions import label_regions, measure
from .spelling import CHARACTERS, END, FIRST, Spelling, read_sequence, text_classes

READINGS = ("surer", "sequence", "characters")

NOTHING, TEXT, IGNORED = 0, 1, 2
"""Kinds of the rows of targets: not used, a text, and what is neither text nor background."""


@dataclass(frozen=True)
class MaskTextSpotter:
    """Three graphs: the first tells text from the rest; `propose` makes polygons of it; the second scores
    these and refines their boxes; `propose` keeps the best; the third segments each and reads it, twice: by a
    map of characters, and as a sequence.

    Case, accents and punctuation do not count: characters are digits and letters.

    stride             view pixels per pixel of the first map: 1 in the paper
    shrink_ratio       r: polygons are shrunk by A (1 - r^2) / L for the first map: 0.4
    unshrink_ratio     those found are grown by A r / L, which takes more in than was shrunk: 3
    box_ratio          their boxes are those of the smallest rectangles around them, grown alike by less: 1.5
    threshold          of the first map: 0.1 in both released configurations, 0.5 in the paper
    min_proposal       lowest mean of the first map in a polygon: 0.1
    min_size           shortest side, in view pixels, of the smallest rectangle around one: 5
    proposals          at most, the largest ones: 1000
    points             of a proposal, evenly spaced
    overlap            largest IoU of two refined boxes: 0.5
    detections         at most, the best: 100
    min_score          lowest score of a refined box: 0.01
    mask_threshold     of the segmentation of an instance: 0.5
    ground             a place belongs to a character where the map's background is below this: 192 of 255
    joint              two instances are one where their convex hulls share more than this part of the hull of
                       both: 0.2. The one whose sequence is surer stays
    min_characters, min_sequence   lowest score of the two readings: 0.4, 0.7 (ICDAR 2015, strong and weak)
    reading            which of the two is taken: "surer", that of the higher score, as published; or always
                       "sequence" or "characters". A mean of a few letters is easily higher than a product
                       of all, so that a network which is not sure yet does better with "sequence"
    length             characters of the longest text, the end not counted: 31, for 32 steps
    max_instances      training: texts of a view, the largest; and as many don't-care ones, among them the
                       texts that are left over
    min_side           training: a polygon whose box has a shorter side below this is "don't care", as is one
                       that is too thin for the map

    Outputs   of the first graph: "segmentation" (1, 1, H / stride, W / stride) in [0, 1]; "features"
              (1, C, h, w), which only the other graphs take
              of `propose`: "proposals" (K, 4), boxes, and "polygons" (K, points, 2), what counts in them
              of the second graph: "scores" (K,) in [0, 1], "moves" (K, 4), the offsets from the proposals to
              refined boxes
              of `propose`: "boxes" (R, 4), "outlines" (R, points, 2), "detected" (R,)
              of the third graph: "masks" (R, m, m) in [0, 1], over each box; "characters" (R, 37, m, m) in
              [0, 1]; "texts" (R, length + 1), the classes of the sequence that was searched for, "log_probs"
              (R, length + 1, 38) of each step of it, and "attention" (R, length + 1, 32): how much each step
              looked at each column. All float32; K and R may be 0
    Targets   "segmentation" uint8 and "known" bool (H / stride, W / stride); "polygons" (2 max_instances,
              points, 2) float32; "kinds" (2 max_instances,) int64: 1 a text, 2 don't care, 0 not used;
              "texts" (2 max_instances, length + 1) int64: classes, the end, and -1 to fill up; of -1 alone
              where a text is not known or too long. "quads" (2 max_instances, length, 4, 2) float32, the
              characters, and "classes" (2 max_instances, length) int64, -1 to fill up, and alone where it is
              not known where characters are
    """

    stride: int = 1
    shrink_ratio: float = 0.4
    unshrink_ratio: float = 3.0
    box_ratio: float = 1.5
    threshold: float = 0.1
    min_proposal: float = 0.1
    min_size: float = 5.0
    proposals: int = 1000
    points: int = 32
    overlap: float = 0.5
    detections: int = 100
    min_score: float = 0.01
    mask_threshold: float = 0.5
    ground: float = 192 / 255
    joint: float = 0.2
    min_characters: float = 0.4
    min_sequence: float = 0.7
    reading: str = "surer"
    length: int = 31
    max_instances: int = 64
    min_side: float = 4.0

    def __post_init__(self) -> None:
        for name in ("stride", "proposals", "detections", "length", "max_instances"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if self.reading not in READINGS:
            raise ValueError(f"reading is {', '.join(READINGS)}, not {self.reading!r}")
        if self.points < 4:
            raise ValueError(f"points is at least 4, not {self.points}")
        if not 0 < self.shrink_ratio < 1 or min(self.unshrink_ratio, self.box_ratio) <= 0:
            raise ValueError("shrink_ratio lies between 0 and 1; unshrink_ratio and box_ratio are positive")
        shares = ("threshold", "min_proposal", "overlap", "min_score", "mask_threshold", "ground", "joint")
        for name in (*shares, "min_characters", "min_sequence"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}")

    @property
    def rows(self) -> tuple[str, ...]:
        """The outputs that `decode` needs, a row for each box."""
        return "boxes", "detected", "masks", "characters", "texts", "log_probs"

    # --- truth to targets ---------------------------------------------------------------------------

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The targets of a view of `size` (height, width); see the class for their meaning."""
        height, width = (math.ceil(side / self.stride) for side in size)
        segmentation = np.zeros((height, width), dtype=np.uint8)
        known = np.ones((height, width), dtype=bool)
        texts: list[tuple[float, np.ndarray, TextInstance]] = []
        ignored: list[tuple[float, np.ndarray]] = []
        for instance in instances:
            polygon = clip_polygon(instance.polygon, 0, 0, size[1], size[0])
            if polygon is None:
                continue
            polygon = clockwise(without_duplicates(polygon))
            left, top, right, bottom = bounds(polygon)
            core = None
            if instance.legible and min(right - left, bottom - top) >= self.min_side:
                core = self.shrink(polygon)
            small = polygon / np.float32(self.stride)
            if core is not None:
                rows, columns, inside = fill_polygon(core / np.float32(self.stride), height, width)
            if core is None or not inside.any():  # too thin for the map to show it
                ignored.append((abs(signed_area(polygon)), polygon))
                rows, columns, inside = fill_polygon(small, height, width)
                known[rows, columns][inside] = False
                continue
            texts.append((abs(signed_area(polygon)), polygon, instance))
            segmentation[rows, columns][inside] = 1
        known[segmentation > 0] = True  # text that counts wins over a don't-care one that it overlaps
        found = {"segmentation": segmentation, "known": known}
        return found | self._rows(texts, ignored)

    def shrink(self, polygon: np.ndarray) -> np.ndarray | None:
        """The polygon shrunk by A (1 - r^2) / L (Vatti clipping); None if nothing, or more than one piece, is
        left."""
        area, length = abs(signed_area(polygon)), perimeter(polygon)
        if area < 1 or length == 0:
            return None
        parts = offset_polygon(polygon, -area * (1 - self.shrink_ratio**2) / length)
        return parts[0] if len(parts) == 1 else None

    def _rows(
        self, texts: list[tuple[float, np.ndarray, TextInstance]], ignored: list[tuple[float, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        count = 2 * self.max_instances
        polygons = np.zeros((count, self.points, 2), dtype=np.float32)
        kinds = np.full(count, NOTHING, dtype=np.int64)
        rows = np.full((count, self.length + 1), -1, dtype=np.int64)
        quads = np.zeros((count, self.length, 4, 2), dtype=np.float32)
        classes = np.full((count, self.length), -1, dtype=np.int64)
        texts.sort(key=lambda entry: -entry[0])
        for i, (_, polygon, instance) in enumerate(texts[: self.max_instances]):
            polygons[i], kinds[i] = ring(polygon, self.points), TEXT
            letters = [text_classes(character) for character in instance.text or ""]
            flat = [number for each in letters for number in each]
            if 0 < len(flat) <= self.length:
                rows[i, : len(flat) + 1] = [*flat, END]
            if instance.characters is not None and len(letters) == len(instance.characters):
                # of a character that is written with two, such as a ligature, no place is known
                placed = [
                    (n[0], quad) for n, quad in zip(letters, instance.characters, strict=True) if len(n) == 1
                ]
                # of a text too long for a row some would be missing, and be taught as background
                for j, (number, quad) in enumerate(placed if len(placed) <= self.length else ()):
                    classes[i, j], quads[i, j] = number, quad
        # a text without a row is no background either
        ignored += [(area, polygon) for area, polygon, _ in texts[self.max_instances :]]
        ignored.sort(key=lambda entry: -entry[0])
        for i, (_, polygon) in enumerate(ignored[: self.max_instances], start=self.max_instances):
            polygons[i], kinds[i] = ring(polygon, self.points), IGNORED
        return {"polygons": polygons, "kinds": kinds, "texts": rows, "quads": quads, "classes": classes}

    def ideal(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """What the first two graphs of a network that makes no mistake put out for texts that lie apart."""
        segmentation = self.encode(instances, size)["segmentation"].astype(np.float32)
        count = len(self.proposals_of(segmentation)[0])  # fewer than texts where some are too small
        return {
            "segmentation": segmentation[None, None],
            "scores": np.ones(count, dtype=np.float32),
            "moves": np.zeros((count, 4), dtype=np.float32),
        }

    @property
    def end(self) -> int:
        """The class that ends a sequence."""
        return END

    # --- outputs to instances -----------------------------------------------------------------------

    def propose(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the next graph takes in: polygons, after the first one; of those the best, with their refined
        boxes, after the second."""
        height, width = (self.stride * side for side in outputs["segmentation"].shape[2:])
        if "moves" not in outputs:
            boxes, polygons = self.proposals_of(outputs["segmentation"][0, 0])
            return {"proposals": boxes, "polygons": polygons}
        good = np.flatnonzero(outputs["scores"] >= self.min_score)
        outlines, scores = outputs["polygons"][good], outputs["scores"][good]
        moved = decode_boxes(outputs["moves"][good], outputs["proposals"][good])
        boxes = clip_boxes(moved, height, width)
        whole = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= 1
        boxes, outlines, scores = boxes[whole], outlines[whole], scores[whole]
        kept = suppress_boxes(boxes, scores, self.overlap, self.detections)
        return {"boxes": boxes[kept], "outlines": outlines[kept], "detected": scores[kept]}

    def proposals_of(self, segmentation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (K, 4) and polygons (K, points, 2) of a map (h, w) of one view, in its pixels, largest first.

        Regions above the threshold are traced, simplified, and grown by A r / L; those are left out that are
        small, unsure, or fall into pieces.
        """
        height, width = (self.stride * side for side in segmentation.shape)
        boxes: list[np.ndarray] = []
        polygons: list[np.ndarray] = []
        for outline, score in trace_regions(segmentation, self.threshold):
            if len(boxes) == self.proposals:
                break
            polygon = simplify(outline, 0.01 * perimeter(outline)) * np.float32(self.stride)
            if score < self.min_proposal or len(polygon) < 3:
                continue
            quad = min_area_rectangle(outline * np.float32(self.stride))
            if min(math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])) < self.min_size:
                continue
            grown, frame = _grown(polygon, self.unshrink_ratio), _grown(quad, self.box_ratio)
            if len(grown) == 1 and len(frame) == 1:
                polygon = clip_points(grown[0], width, height)
                box = clip_boxes(np.array([bounds(frame[0])], dtype=np.float32), height, width)
                if abs(signed_area(polygon)) >= 1 and (box[:, 2:] - box[:, :2]).min() >= 1:
                    boxes.append(box[0])
                    polygons.append(ring(clockwise(polygon), self.points))
        if not boxes:
            return np.zeros((0, 4), dtype=np.float32), np.zeros((0, self.points, 2), dtype=np.float32)
        return np.stack(boxes), np.stack(polygons)

    def decode(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The instances of one view of `size` (height, width), in its pixels; the surest sequence first.

        lexicon   the words that each text is chosen from

        Of each instance two readings are made: the sequence up to its end, whose score is the product of the
        probabilities of its steps; and the characters of the map from left to right, whose
        score is the mean of theirs. Instances stay whose two scores are high enough, and of those that
        overlap the surer one. The text is that of the higher score, unless `reading` says otherwise; with a
        lexicon the word nearest to it (`nearest_word`). The score of an instance is the geometric mean of
        its detection and of the mean probability of what was read, which does not fall with its length.
        """
        return [instance for _, instance in self._found(outputs, size, lexicon)]

    def looked(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What `explain` needs of one view besides `rows`: "attention", and "regions" (R, 4), the boxes.

        Raises SettingsError if the third graph does not put out where it looked.
        """
        if "attention" not in outputs:
            raise SettingsError("this model does not put out where it looked; export it again to explain it")
        return {"regions": outputs["boxes"], "attention": outputs["attention"]}

    def explain(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[Look]:
        """What `decode` finds, and where the third graph looked as it wrote each letter of the sequence.

        outputs   as for `decode`, and those of `looked`
        """
        looks = []
        for i, instance in self._found(outputs, size, lexicon):
            sequence = read_sequence(outputs["texts"][i], outputs["log_probs"][i])
            region = box_polygon(*outputs["regions"][i].tolist())
            looks.append(Look(instance, region, sequence.text, outputs["attention"][i][sequence.steps]))
        return looks

    def _found(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None
    ) -> Iterator[tuple[int, TextInstance]]:
        """The instances and their rows; see `decode`."""
        boxes = clip_boxes(outputs["boxes"], *size)
        read = [self._read(outputs, i) for i in range(len(boxes))]
        order = sorted(range(len(boxes)), key=lambda i: -read[i][0].score)
        hulls: list[shapely.Geometry] = []
        for i in order:
            sequence, characters = read[i]
            if sequence.score < self.min_sequence or characters.score < self.min_characters:
                continue
            polygon = self._outline(outputs["masks"][i], boxes[i])
            if polygon is None:
                continue
            hull = shapely.convex_hull(shapely.MultiPoint(polygon))
            if any(_share(hull, other) > self.joint for other in hulls):
                continue
            hulls.append(hull)
            chosen = characters if self.reading == "characters" else sequence
            if self.reading == "surer" and characters.score >= sequence.score:
                chosen = characters
            text, score = chosen.text, chosen.mean
            if lexicon is not None and text:
                word = nearest_word(lexicon, CHARACTERS, CHARACTERS.indices(text), chosen.probabilities)
                if word is not None:
                    text, score = word[0], score * max(0.0, 1 - word[1] / max(len(text), len(word[0])))
            joint = math.sqrt(max(score, 0.0) * min(float(outputs["detected"][i]), 1.0))
            yield i, TextInstance(polygon, text, joint)

    def _read(self, outputs: Mapping[str, np.ndarray], row: int) -> tuple[Spelling, Spelling]:
        """The two readings of one instance: the sequence, and the characters of the map."""
        sequence = read_sequence(outputs["texts"][row], outputs["log_probs"][row])
        return sequence, self.vote(outputs["characters"][row])

    def vote(self, maps: np.ndarray) -> Spelling:
        """The characters of a map (37, m, m), from left to right.

        Where the background is unlikely, connected places are one character, which is that of the largest
        mean probability over them.
        """
        labels = label_regions(maps[0] < self.ground, diagonal=True)
        regions = measure(labels, maps[0])
        votes = [maps[FIRST:, labels == label].mean(axis=1) for label in regions.labels]
        middles = regions.boxes[:, 1] + regions.boxes[:, 3]
        probabilities = [votes[i] for i in np.argsort(middles, kind="stable")]
        if not probabilities:
            return Spelling("", 0.0, 0.0, np.zeros((0, len(CHARACTERS))))
        stacked = np.stack(probabilities)
        text = CHARACTERS.text(stacked.argmax(axis=1).tolist())
        mean = float(stacked.max(axis=1).mean())
        return Spelling(text, mean, mean, stacked)

    def _outline(self, mask: np.ndarray, box: np.ndarray) -> np.ndarray | None:
        """The polygon of a mask (m, m) over a box; None if there is none."""
        left, top, right, bottom = box.tolist()
        scale = np.array([right - left, bottom - top], dtype=np.float32) / mask.shape[0]
        outlines = outer_outlines(mask, self.mask_threshold)
        if not outlines or min(scale) <= 0:
            return None
        outline = max(outlines, key=signed_area) * scale + np.array([left, top], dtype=np.float32)
        if signed_area(outline) < 1:
            return None
        return simplified(outline, min_area_rectangle(outline)[0])


def boxes_of(polygons: np.ndarray) -> np.ndarray:
    """The upright boxes (K, 4) of polygons (K, points, 2), a pixel wide and high at least."""
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    return np.concatenate([low, np.maximum(high, low + 1)], axis=1).astype(np.float32)


def _grown(polygon: np.ndarray, ratio: float) -> list[np.ndarray]:
    """The polygon grown by A r / L (Vatti clipping), in one piece or several."""
    return offset_polygon(polygon, abs(signed_area(polygon)) * ratio / max(perimeter(polygon), 1e-6))


def _share(hull: shapely.Geometry, other: shapely.Geometry) -> float:
    """The part that two convex hulls share of the hull of both (the published evaluation's overlap)."""
    together = shapely.area(shapely.convex_hull(shapely.union(hull, other)))
    return float(shapely.area(shapely.intersection(hull, other)) / max(together, 1e-9))
