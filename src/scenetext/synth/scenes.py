"""Street scenes with writing on them: photographs that carry signs, labels, boards and stamps, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from ..errors import SettingsError
from ..geometry import clip_points, clip_polygon, clockwise, fill_polygon, signed_area, warp_points
from ..types import Sample, TextInstance
from .backdrop import QuietMap, backdrop, crop_photo, load_photo, photo_paths
from .board import Manner, blend, ink_colour, paint_block
from .corpus import Corpus
from .fonts import FontLibrary
from .layout import CURVED_LAYOUTS, LAYOUTS, Block, choose_layout
from .marks import PATTERNS, PICTOGRAMS, draw_mark
from .pose import Pose, box_after, shifted
from .writer import Word, Writer

_KEPT = 0.7  # a word of which less than this is in the picture is not legible
_LEAST_HEIGHT = 7.0  # pixels; lower words are not legible
_CAMERA = 1.1  # distance of the camera, in widths of the picture: a moderate wide angle


@dataclass(frozen=True)
class SceneSynth:
    """Makes scenes: `sample(seed)` gives the same picture and truth for the same seed and settings.

    fonts, backgrounds   folders: .ttf and .otf files; photographs.
    size                 of the scenes: one side of a square, or (height, width), in pixels.
    words                least and most words that a scene aims for (a full or busy picture may hold fewer).
    min_height, max_height  of the writing as it is drawn, in pixels, before a sign is turned from the camera.
    curved_fraction      part of the blocks that are written along curves, 0 to 1.
    rotation             largest turn of ordinary blocks in the picture, degrees.
    turned               part of the blocks that turn further: 15 to 45 degrees, upright, upside down, any.
    tilt                 largest turn away from the camera, degrees.
    contrast             least difference of brightness between ink and ground, 0 to 0.5.
    effects, plates      part of the blocks with shadow, outline or depth; with a plate, where it is optional.
    blur                 largest blur of a whole scene, standard deviation in pixels.
    noise                largest noise, standard deviation in grey levels.
    distractors          patterns and pictograms without truth, on average per scene.
    occlusion            part of the scenes in which something stands before the words.
    empty                part of the scenes without any word.

    Instances are words; `characters` of the sample are their character quadrilaterals. Words below 7 pixels,
    too blurred or faint, mostly hidden or mostly outside are `legible=False`. Pickles as its settings; fonts
    are opened once per process.
    """

    fonts: str
    backgrounds: str
    corpus: Corpus = field(default_factory=Corpus)
    size: int | tuple[int, int] = 640
    words: tuple[int, int] = (1, 24)
    min_height: float = 8.0
    max_height: float = 96.0
    curved_fraction: float = 0.1
    rotation: float = 15.0
    turned: float = 0.06
    tilt: float = 45.0
    contrast: float = 0.15
    effects: float = 0.3
    plates: float = 0.5
    blur: float = 1.6
    noise: float = 9.0
    distractors: float = 1.5
    occlusion: float = 0.15
    empty: float = 0.03

    def __post_init__(self) -> None:
        if not 0 < self.min_height <= self.max_height:
            raise SettingsError(f"min_height {self.min_height} is above max_height {self.max_height}, or not above 0")
        if not 0 <= self.words[0] <= self.words[1]:
            raise SettingsError(f"words {self.words} is not a range (least, most)")
        for name in ("curved_fraction", "turned", "effects", "plates", "occlusion", "empty"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} is a part, 0 to 1, not {getattr(self, name)}")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the scenes."""
        return (self.size, self.size) if isinstance(self.size, int) else (self.size[0], self.size[1])

    def sample(self, seed: int) -> Sample:
        """Scene number `seed`: source is (height, width, 3) uint8 RGB."""
        rng = np.random.default_rng(seed)
        height, width = self.shape
        scene = backdrop(self.backgrounds, rng, height, width)
        quiet = QuietMap.of(scene)
        placed: list[_Placed] = []
        self._scatter(scene, quiet, rng)
        if rng.random() >= self.empty:
            placed = self._write(scene, quiet, rng)
        ...
