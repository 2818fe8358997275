"""Whole scenes as training images: squeezed, cropped around their text, and resized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ..errors import SettingsError, unknown_name
from ..geometry import bounds, clip_polygon, warp_points
from ..settings import build
from ..types import Sample, TextInstance
from ..view import SceneResize
from .augment import SceneAugment, photometric


@dataclass(frozen=True)
class WholeAugment:
    """Changes of whole scenes, with the numbers of Li, Wang and Shen (ICCV 2017). No text is ever cut.

    squeeze         factors of the width, one of which is drawn; the height stays
    margin          a crop holds all text, legible or not, and this many pixels around it where the photo has
                    them; its sides are drawn between there and the photo's own. Large: nothing is cropped. An
                    image without text stays whole
    shorter, longer the shorter side that the crop is resized to, unless its longer side would exceed `longer`
    multiple        of both sides, which are rounded to it; if not given, that of the recipe's [resize]
    crops           images made from each scene that is drawn
    brightness, noise, blur   as of SceneAugment; none in the paper

    Images differ in size. Those of a batch are padded with black, on the right and below, to the largest.
    """

    squeeze: tuple[float, ...] = (1.0, 0.8)
    margin: float = 100.0
    shorter: int = 600
    longer: int = 1200
    multiple: int = 32
    crops: int = 1
    brightness: float = 0.0
    noise: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        if not self.squeeze or min(self.squeeze) <= 0:
            raise ValueError("squeeze holds at least one factor, and positive ones")
        if not 1 <= self.multiple <= self.shorter <= self.longer:
            raise ValueError("multiple, shorter and longer are positive and do not decrease in this order")
        if self.margin < 0 or self.crops < 1:
            raise ValueError("margin is not negative, and crops at least 1")

    def __call__(
        self,
        sample: Sample,
        image: np.ndarray,
        rng: np.random.Generator,
        donor: tuple[Sample, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, list[TextInstance]]:
        """One image of a scene: (h, w, 3) uint8 and its instances, in its pixels. A donor gives nothing."""
        factor = self.squeeze[int(rng.integers(len(self.squeeze)))]
        left, top, right, bottom = self._crop(sample, image, factor, rng)
        height, width = self._size(bottom - top, (right - left) * factor)
        window = np.asarray(
            Image.fromarray(image).resize(
                (width, height), Image.Resampling.BILINEAR, (left, top, right, bottom), reducing_gap=1.5
            )
        )
        across, down = width / (right - left), height / (bottom - top)
        matrix = np.array([[across, 0, -left * across], [0, down, -top * down]])
        instances = []
        for instance in sample.instances:
            moved = instance.moved(partial(warp_points, matrix=matrix))
            piece = clip_polygon(moved.polygon, 0, 0, width, height)
            if piece is not None:  # else it lies outside the photo
                instances.append(moved.replace(polygon=piece))
        sigma = rng.uniform(0, self.blur)
        if sigma > 0.2:
            window = cv2.GaussianBlur(window, (0, 0), sigma)
        return photometric(window, rng, 0.5, self.brightness, self.noise), instances

    def _crop(
        self, sample: Sample, image: np.ndarray, factor: float, rng: np.random.Generator
    ) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in whole pixels of the image; the margin is in squeezed ones."""
        height, width = image.shape[:2]
        if not sample.instances:
            return 0, 0, width, height
        text = bounds(np.concatenate([instance.polygon for instance in sample.instances]))
        low = np.floor(np.array(text[:2]) - (self.margin / factor, self.margin))
        high = np.ceil(np.array(text[2:]) + (self.margin / factor, self.margin))
        # text that is annotated outside the photo asks for nothing: a pixel of the photo has to remain
        low = np.clip(low, 0, (width - 1, height - 1))
        high = np.clip(high, low + 1, (width, height))
        left, top = rng.integers(0, low.astype(int), endpoint=True).tolist()
        right, bottom = rng.integers(high.astype(int), (width, height), endpoint=True).tolist()
        return left, top, right, bottom

    def _size(self, height: float, width: float) -> tuple[int, int]:
        scale = min(self.shorter / min(height, width), self.longer / max(height, width))
        return self._rounded(height * scale), self._rounded(width * scale)

    def _rounded(self, side: float) -> int:
        return max(self.multiple, int(side / self.multiple + 0.5) * self.multiple)


AUGMENTS: dict[str, type[SceneAugment | WholeAugment]] = {"windows": SceneAugment, "whole": WholeAugment}
"""What scenes become, by the `name` in a stage's augment; windows unless it has one."""


def make_scene_augment(
    settings: Mapping[str, Any], resize: SceneResize, where: str
) -> SceneAugment | WholeAugment:
    """What a stage's table `augment` describes. Raises SettingsError."""
    values = dict(settings)
    name = values.pop("name", "windows")
    if name not in AUGMENTS:
        raise SettingsError(f"{where}: {unknown_name('augmentation', str(name), AUGMENTS)}")
    if AUGMENTS[name] is WholeAugment:
        values = {"multiple": resize.multiple} | values
    return build(AUGMENTS[name], values, where)
