"""Random changes of training samples, words and scenes. Everything is drawn from the given rng."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ..geometry import bounds, clip_polygon, signed_area, warp_points
from ..types import Sample, TextInstance
from .paste import paste_words


@dataclass(frozen=True)
class WordAugment:
    """Changes of real word crops; synthetic ones are degraded where they are made.

    chance        that each kind of change is made
    geometry      largest shift of a corner, as a share of the height, or 0.5 of it along the width
    brightness    largest relative change of brightness and contrast
    blur          largest Gaussian sigma, pixels of the crop at height 32
    shrink        smallest factor of a reduction that is undone again
    noise         largest standard deviation of pixel noise, of 255
    invert        chance of a negative, for light text on dark and back
    """

    chance: float = 0.5
    geometry: float = 0.15
    brightness: float = 0.4
    blur: float = 1.0
    shrink: float = 0.5
    noise: float = 10.0
    invert: float = 0.1

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(H, W, 3) uint8 -> the same, of about the same size."""
        height, width = image.shape[:2]
        if rng.random() < self.chance:
            corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
            reach = self.geometry * min(height, width)
            moved = corners + rng.uniform(-1, 1, (4, 2)) * reach
            matrix = cv2.getPerspectiveTransform(moved.astype(np.float32), corners)
            image = cv2.warpPerspective(
                image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        if rng.random() < self.chance:
            factor = rng.uniform(self.shrink, 1)
            small = (max(8, int(width * factor)), max(8, int(height * factor)))
            image = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
        if rng.random() < self.chance:
            sigma = rng.uniform(0, self.blur) * height / 32
            if sigma > 0.2:
                image = cv2.GaussianBlur(image, (0, 0), sigma)
        if rng.random() < self.invert:
            image = 255 - image
        return photometric(image, rng, self.chance, self.brightness, self.noise)


@dataclass(frozen=True)
class SceneAugment:
    """How training windows are cut from scenes.

    size            side of the square window, a multiple of 32
    crops           windows cut from each scene that is drawn
    text_height     (low, high): a window is scaled so that one of its words gets a height drawn log-uniformly
                    from this range, where the scale range allows it; (0, 0) leaves the scale to `scale`
    scale           (low, high) of the scale factor
    rotation        largest turn, degrees
    steep           chance of any turn at all in [-180, 180)
    aspect          largest relative change of the aspect
    off_text        chance of a window anywhere, instead of around a word
    brightness, noise, blur   as for words; blur is a sigma in pixels
    keep            an instance of which a smaller share of the area remains in the window is don't care
    paste           words of another scene that are put into a window, at most, where there is room
    """

    size: int = 320
    crops: int = 4
    text_height: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (0.6, 1.6)
    rotation: float = 10.0
    steep: float = 0.0
    aspect: float = 0.15
    off_text: float = 0.2
    brightness: float = 0.4
    noise: float = 8.0
    blur: float = 0.8
    keep: float = 0.6
    paste: int = 0

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32 or self.crops < 1:
            raise ValueError("size is a multiple of 32, and crops at least 1")
        for name, (low, high) in (("text_height", self.text_height), ("scale", self.scale)):
            if (low, high) != (0, 0) and not 0 < low <= high:
                raise ValueError(f"{name} is a range of positive numbers, not {low} to {high}")
        if self.scale == (0, 0):
            raise ValueError("scale is a range of positive numbers")

    def __call__(
        self,
        sample: Sample,
        image: np.ndarray,
        rng: np.random.Generator,
        donor: tuple[Sample, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, list[TextInstance]]:
        """One window of a scene: (size, size, 3) uint8 and its instances, in window pixels.

        donor   the scene that words are pasted from, if any are
        """
        height, width = image.shape[:2]
        legible = [i for i in sample.instances if i.legible]
        target = legible[rng.integers(len(legible))] if legible and rng.random() >= self.off_text else None
        scale = float(np.exp(rng.uniform(*np.log(self.scale))))
        if target is None:
            centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        else:
            centre = target.polygon.mean(axis=0)
            if self.text_height[1] > 0:
                wanted = float(np.exp(rng.uniform(*np.log(self.text_height))))
                scale = float(np.clip(wanted / max(text_height(target.polygon), 1.0), *self.scale))
        angle = rng.uniform(-180, 180) if rng.random() < self.steep else rng.uniform(-1, 1) * self.rotation
        stretch = np.exp(rng.uniform(-1, 1) * self.aspect / 2)
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([scale * stretch, scale / stretch])
        # the centre lands anywhere in the middle of the window; windows stay over the photo where they can
        spot = rng.uniform(0.2, 0.8, 2) * self.size
        matrix = np.concatenate([linear, (spot - linear @ centre)[:, None]], axis=1)
        if abs(angle) <= 20:
            matrix[:, 2] += _pull_inside(matrix, width, height, self.size)
        window = _cut(image, matrix, self.size)
        instances = []
        for instance in sample.instances:
            moved = instance.moved(partial(warp_points, matrix=matrix))
            polygon = moved.polygon
            piece = (
                clip_polygon(polygon, 0, 0, self.size, self.size) if _touches(polygon, self.size) else None
            )
            if piece is None:
                continue
            whole = abs(signed_area(piece)) >= self.keep * abs(signed_area(polygon))
            instances.append(moved.replace(polygon=piece, legible=instance.legible and whole))
        if self.paste and donor is not None:
            words = int(rng.integers(self.paste + 1))
            window, instances = paste_words(window, instances, donor[1], donor[0].instances, words, rng)
        if rng.random() < 0.3 and self.blur > 0:
            sigma = rng.uniform(0, self.blur)
            if sigma > 0.2:
                window = cv2.GaussianBlur(window, (0, 0), sigma)
        return photometric(window, rng, 0.5, self.brightness, self.noise), instances


def _cut(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """What an affine matrix, in polygon coordinates, maps into a (size, size, 3) window; black outside."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.7:
        # cv2's warp takes single pixels, so what it reduces has to be smoothed first, as reading does it
        height, width = image.shape[:2]
        small = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([width / small[0], height / small[1], 1.0])
    # cv2 has pixel centres at whole numbers, polygons have them at halves
    centred = matrix.copy()
    centred[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    return np.asarray(cv2.warpAffine(image, centred, (size, size), flags=cv2.INTER_LINEAR))


def text_height(polygon: np.ndarray) -> float:
    """Height of a word across its reading direction: area over the mean length of top and bottom."""
    half = len(polygon) // 2
    top = np.linalg.norm(np.diff(polygon[:half], axis=0), axis=1).sum()
    bottom = np.linalg.norm(np.diff(polygon[half:], axis=0), axis=1).sum()
    return float(abs(signed_area(polygon)) / max((top + bottom) / 2, 1e-3))


def _pull_inside(matrix: np.ndarray, width: int, height: int, size: int) -> np.ndarray:
    """The shift that moves an unrotated photo over as much of the window as it can cover."""
    corners = warp_points(np.array([[0, 0], [width, height]]), matrix)
    low, high = corners.min(axis=0), corners.max(axis=0)
    shift = np.zeros(2)
    for axis in range(2):
        if high[axis] - low[axis] >= size:
            if low[axis] > 0:
                shift[axis] = -low[axis]
            elif high[axis] < size:
                shift[axis] = size - high[axis]
    return shift


def _touches(polygon: np.ndarray, size: int) -> bool:
    left, top, right, bottom = bounds(polygon)
    return right > 0 and bottom > 0 and left < size and top < size


def photometric(
    image: np.ndarray, rng: np.random.Generator, chance: float, brightness: float, noise: float
) -> np.ndarray:
    """Brightness, contrast, colour and noise, each with `chance`."""
    gain, offset = np.ones(3, dtype=np.float32), np.zeros(3, dtype=np.float32)
    if rng.random() < chance:
        contrast = np.exp(rng.uniform(-1, 1) * brightness)
        middle = float(image.mean())
        gain *= contrast
        offset += middle * (1 - contrast) + rng.uniform(-1, 1) * brightness * 100
    if rng.random() < chance:
        tint = np.exp(rng.uniform(-1, 1, 3).astype(np.float32) * brightness * 0.4)
        gain, offset = gain * tint, offset * tint
    table = np.clip(np.arange(256)[:, None] * gain + offset, 0, 255).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, table.reshape(256, 1, 3)))
    if noise > 0 and rng.random() < chance:
        sigma = rng.uniform(0, noise)
        grain = rng.standard_normal(image.shape[:2], dtype=np.float32)[..., None] * np.float32(sigma)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    return image
