"""Views of scenes with the bags of words that stand in them, for pre-training."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from PIL import Image

from ..geometry import clip_polygon, signed_area, warp_points
from ..types import Sample, TextInstance
from .augment import photometric, text_height

_MARGIN = 1.05  # of a crop around a word that just fits into it
_TRIES = 10  # at a crop that fits into the image, as torchvision's


@dataclass(frozen=True)
class BagAugment:
    """A random crop, resized to a square (the `RandomResizedCrop` of the authors' code of oCLIP).

    size         side of the square, a multiple of 32: 512 in the paper
    scale        (low, high): share of the image's area that a crop has: 0.95 to 1 in the authors' code. Where
                 it is known where words stand, far smaller crops still have true bags. Of an image with words
                 of which that is not known, crops are those of the authors' code whatever is set here
    text_height  (low, high): a crop is made of such a size that one of its words gets a height drawn
                 log-uniformly from this, or less where it is too long for the square, as far as `scale`
                 allows; a crop with an aspect other than 1 is then stretched, and its words with it. 0:
                 `scale` alone rules. The authors' code has no such thing
    aspect       (low, high): width over height of the crop, drawn log-uniformly
    on_text      chance of a crop that holds the middle of some word, if it is known where words stand; with
                 text_height, the whole word, if it fits
    keep         a word of which a smaller share of the area remains is not in the bag; 0 in the authors'
                 code, which does not know where words are
    min_height   nor is a word that is less high in the square, pixels
    portion      share of the words that are known at all, always the same of an image: the paper's experiment
                 with images of which not every word was written down
    crops        squares made of each image that is drawn
    brightness, noise, blur   as of SceneAugment; none in the authors' code

    Don't-cares whose outline is the whole image, because it is not known where they stand, are always in the
    bag; other don't-cares, which cannot be read, never are.
    """

    size: int = 512
    scale: tuple[float, float] = (0.95, 1.0)
    text_height: tuple[float, float] = (0.0, 0.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    on_text: float = 0.0
    keep: float = 0.7
    min_height: float = 0.0
    portion: float = 1.0
    crops: int = 1
    brightness: float = 0.0
    noise: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32 or self.crops < 1:
            raise ValueError("size is a multiple of 32, and crops at least 1")
        if not 0 < self.scale[0] <= self.scale[1] <= 1 or not 0 < self.aspect[0] <= self.aspect[1]:
            raise ValueError("scale is a range of shares, aspect one of positive numbers")
        low, high = self.text_height
        if high and not 0 < low <= high:
            raise ValueError("text_height is a range of positive numbers, or (0, 0)")
        if not 0 < self.portion <= 1:
            raise ValueError(f"portion is above 0 and at most 1, not {self.portion}")

    def __call__(
        self,
        sample: Sample,
        image: np.ndarray,
        rng: np.random.Generator,
        donor: tuple[Sample, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, list[TextInstance]]:
        """One square of a scene: (size, size, 3) uint8 and its instances, in its pixels. A donor gives
        nothing. What is not in the bag has no text and is a don't-care."""
        if self.portion < 1:
            sample = replace(sample, instances=tuple(self._known(sample)))
        cut = self
        if any(instance.text and _anywhere(instance, image) for instance in sample.instances):
            # all its words are in the bag, so the crop has to show them all, too
            cut = replace(self, scale=BagAugment.scale, aspect=BagAugment.aspect, on_text=0.0)
        left, top, width, height = cut._crop(sample, image, rng)
        square = np.asarray(
            Image.fromarray(image).resize(
                (self.size, self.size),
                Image.Resampling.BICUBIC,
                (left, top, left + width, top + height),
                reducing_gap=2.0,
            )
        )
        across, down = self.size / width, self.size / height
        matrix = np.array([[across, 0, -left * across], [0, down, -top * down]])
        instances = []
        for instance in sample.instances:
            moved = instance.moved(partial(warp_points, matrix=matrix))
            piece = clip_polygon(moved.polygon, 0, 0, self.size, self.size)
            if piece is None:
                continue
            shown = instance.legible and self._is_shown(moved.polygon, piece)
            if shown or _anywhere(instance, image):
                instances.append(moved.replace(polygon=piece))
            else:
                instances.append(TextInstance(piece, legible=False))
        sigma = rng.uniform(0, self.blur)
        if sigma > 0.2:
            square = cv2.GaussianBlur(square, (0, 0), sigma)
        return photometric(square, rng, 0.5, self.brightness, self.noise), instances

    def _known(self, sample: Sample) -> Iterator[TextInstance]:
        """The instances of which `portion` of the texts are left; the others are don't-cares without one."""
        for i, instance in enumerate(sample.instances):
            # by a checksum, not by chance: a word that nobody wrote down is never seen
            drawn = zlib.crc32(f"{sample.name}/{i}".encode()) / 2**32
            yield instance if drawn < self.portion else TextInstance(instance.polygon, legible=False)

    def _is_shown(self, polygon: np.ndarray, piece: np.ndarray) -> bool:
        """Whether enough of a word remains, and is large enough."""
        whole = abs(signed_area(piece)) >= self.keep * abs(signed_area(polygon))
        return whole and text_height(polygon) >= self.min_height

    def _crop(self, sample: Sample, image: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
        """(left, top, width, height) in whole pixels of the image."""
        rows, columns = image.shape[:2]
        target = None
        known = [i.polygon for i in sample.instances if i.legible and not _covers(i.polygon, image)]
        if known and rng.random() < self.on_text:
            target = known[int(rng.integers(len(known)))]
        width, height = self._sides(rows, columns, target, rng)
        first, last = np.array([0, 0]), np.array([columns - width, rows - height])
        if target is not None:
            least, most = target.mean(axis=0), target.mean(axis=0)
            if self.text_height[1]:
                # no further than to where the whole word is in the crop
                least, most = target.min(axis=0), target.max(axis=0)
                wide = most - least > [width, height]
                least, most = (np.where(wide, target.mean(axis=0), side) for side in (least, most))
            low = np.clip(np.ceil(most) - [width, height], first, last)
            first, last = low, np.clip(np.floor(least), low, last)
        left, top = rng.integers(first.astype(int), last.astype(int), endpoint=True).tolist()
        return left, top, width, height

    def _sides(
        self, rows: int, columns: int, target: np.ndarray | None, rng: np.random.Generator
    ) -> tuple[int, int]:
        """Width and height of a crop that fits; after some tries, of the largest with an aspect in range."""
        for _ in range(_TRIES):
            aspect = math.exp(rng.uniform(*np.log(self.aspect)))
            share = rng.uniform(*self.scale)
            if target is not None and self.text_height[1]:
                wanted = float(np.exp(rng.uniform(*np.log(self.text_height)))) / self.size
                # the crop is stretched to a square: what is high in it is measured along its height
                across, down = _MARGIN * np.ptp(target, axis=0) / [math.sqrt(aspect), 1 / math.sqrt(aspect)]
                side = max(text_height(target) / wanted, float(across), float(down))
                share = float(np.clip(side**2 / (rows * columns), *self.scale))
            area = rows * columns * share
            width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < width <= columns and 0 < height <= rows:
                return width, height
        aspect = min(max(columns / rows, self.aspect[0]), self.aspect[1])
        return max(1, min(columns, round(rows * aspect))), max(1, min(rows, round(columns / aspect)))


def _anywhere(instance: TextInstance, image: np.ndarray) -> bool:
    """Whether it is not known where in the image a text stands."""
    return not instance.legible and _covers(instance.polygon, image)


def _covers(polygon: np.ndarray, image: np.ndarray) -> bool:
    """Whether a polygon is the outline of the whole image."""
    height, width = image.shape[:2]
    return bool((polygon.min(axis=0) <= 0).all() and (polygon.max(axis=0) >= [width, height]).all())
