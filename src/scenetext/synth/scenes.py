"""Street scenes with writing on them: photographs that carry signs, labels and stamps, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from ..charset import Charset
from ..errors import SettingsError
from ..geometry import box_polygon, clockwise, warp_points
from ..types import Sample
from .backdrop import QuietMap, backdrop, crop_photo, load_photo, photo_paths, plain_ground
from .block import Block, Panel, Part
from .board import Manner, lay
from .corpus import Corpus
from .degrade import coarse_pixels, focus_blur, jpeg, motion_blur, noise, sharpen, tone, uneven_light
from .fonts import FontLibrary
from .layout import CURVED_LAYOUTS, LAYOUTS, choose_layout, single_word
from .marks import PATTERNS, PICTOGRAMS, draw_mark
from .pose import Pose, box_after, shifted
from .truth import LEAST_CHANGE, PlacedWord, change, judge
from .writer import Writer

_CAMERA = 1.1  # distance of the camera, in widths of the picture: a moderate wide angle
_MOST_FAILURES = 7  # blocks for which there is no room, before a scene is taken as full


@dataclass(frozen=True)
class SceneSynth:
    """Synthetic street scenes, drawn from fonts and photographs, with exact truth.

    `sample(seed)` gives the same picture and truth for the same seed and settings.

    fonts, backgrounds   folders: .ttf and .otf files; photographs.
    charset              texts with other characters are drawn anew.
    size                 of the scenes: one side of a square, or (height, width), in pixels.
    words                least and most words that a scene aims for (a full or busy picture may hold fewer).
    min_height, max_height  of the writing as it is drawn, in pixels, before a sign is turned from the camera.
    curved_fraction      part of the blocks that are written along curves, 0 to 1.
    rotation             largest turn of ordinary blocks in the picture, degrees.
    turned               part of the blocks that turn further: 15 to 45 degrees, upright, upside down, any.
    tilt                 largest turn away from the camera, degrees.
    contrast             least difference of brightness between ink and ground, 0 to 0.5.
    effects              part of the blocks whose letters may have more than one plain colour.
    plates               part of the blocks with a plate, where it is optional.
    blur                 largest blur of a whole scene, standard deviation in pixels.
    noise                largest noise, standard deviation in grey levels.
    distractors          patterns and pictograms without truth, on average per scene.
    occlusion            part of the scenes in which something stands before the words.
    empty                part of the scenes without any word.
    plain                part of the scenes that are no photographs: level words of the lexicon, one by one,
                         on a ground of one colour, as Li, Wang and Shen (ICCV 2017) begin training. No turns,
                         plates, distractors or occlusion; the camera's faults are those of other scenes.

    Instances are words, with the quadrilaterals of their characters. Words below 7 pixels,
    too blurred or faint, mostly hidden or mostly outside are `legible=False`. Pickles as its settings; fonts
    are opened once per process.
    """

    fonts: str
    backgrounds: str
    corpus: Corpus = field(default_factory=Corpus)
    charset: str = "printable94"
    size: int | tuple[int, int] = 640
    words: tuple[int, int] = (2, 40)
    min_height: float = 9.0
    max_height: float = 96.0
    curved_fraction: float = 0.1
    rotation: float = 15.0
    turned: float = 0.06
    tilt: float = 45.0
    contrast: float = 0.18
    effects: float = 0.7
    plates: float = 0.5
    blur: float = 1.6
    noise: float = 9.0
    distractors: float = 1.5
    occlusion: float = 0.15
    empty: float = 0.03
    plain: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.min_height <= self.max_height:
            raise SettingsError(
                f"min_height {self.min_height} is above max_height {self.max_height}, or not above 0"
            )
        if not 0 <= self.words[0] <= self.words[1]:
            raise SettingsError(f"words {self.words} is not a range (least, most)")
        for name in ("curved_fraction", "turned", "effects", "plates", "occlusion", "empty", "plain"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} is a part, 0 to 1, not {getattr(self, name)}")
        if not 0 <= self.contrast <= 0.5:
            raise SettingsError(f"contrast is 0 to 0.5, not {self.contrast}")
        if min(self.shape) < 32:
            raise SettingsError(f"a scene has at least 32 pixels each way, not {self.size}")
        Charset.named(self.charset)
        photo_paths(self.backgrounds)  # a missing folder shows here, not in a worker
        _font_library(self.fonts)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the scenes."""
        return (self.size, self.size) if isinstance(self.size, int) else (self.size[0], self.size[1])

    def sample(self, seed: int) -> Sample:
        """Scene number `seed`: source is (height, width, 3) uint8 RGB."""
        rng = np.random.default_rng(seed)
        height, width = self.shape
        plain = self.plain > 0 and bool(rng.random() < self.plain)
        scene = plain_ground(rng, height, width) if plain else backdrop(self.backgrounds, rng, height, width)
        quiet = QuietMap.of(scene)
        if not plain:
            self._scatter(scene, quiet, rng)
        placed = self._write(scene, quiet, rng, plain) if rng.random() >= self.empty else []
        hidden = self._obstruct(scene, rng) if not plain and rng.random() < self.occlusion else None
        scene, blur = self._photograph(scene, rng)
        judged = [judge(word, scene, blur, hidden) for word in placed]
        truth = [word for word in judged if word is not None]
        return Sample(f"scene_{seed}", scene, tuple(truth))

    def _write(
        self, scene: np.ndarray, quiet: QuietMap, rng: np.random.Generator, plain: bool
    ) -> list[PlacedWord]:
        """Blocks of writing, until there are enough words or no room is left."""
        charset = frozenset(Charset.named(self.charset).characters)
        library = _font_library(self.fonts)
        least, most = (np.log(max(1, count)) for count in self.words)
        wanted = round(np.exp(rng.uniform(least, most)))
        camera_roll = float(np.clip(rng.normal(0, 0.35), -1, 1)) * self.rotation
        corpus, plates = (self.corpus.of_words, 0.0) if plain else (self.corpus, self.plates)
        placed: list[PlacedWord] = []
        failures = 0
        while len(placed) < wanted and failures < _MOST_FAILURES:
            # where a block found no room, the next ones are smaller
            highest = max(self.min_height, self.max_height * 0.7**failures)
            writer = Writer(rng, library, corpus, (self.min_height, highest), plates, charset)
            budget = max(1, (wanted - len(placed)) >> failures)
            if plain:
                block, pose, over_edge = single_word(writer, 1), Pose(), 0.0
            else:
                table = CURVED_LAYOUTS if rng.random() < self.curved_fraction else LAYOUTS
                block = choose_layout(rng, table)(writer, budget)
                pose = self._pose(rng, camera_roll)
                over_edge = 0.3 if rng.random() < 0.12 else 0.0
            words = self._set(scene, quiet, block, pose, over_edge, rng)
            failures += not words
            placed += words
        return placed

    def _set(
        self,
        scene: np.ndarray,
        quiet: QuietMap,
        block: Block,
        pose: Pose,
        over_edge: float,
        rng: np.random.Generator,
    ) -> list[PlacedWord]:
        """Paint one block where there is room for it; its words, or none if there is no room.

        over_edge    the part of the block that may lie outside the scene, each way.
        """
        matrix = pose.matrix(block.width, block.height, _CAMERA * scene.shape[1])
        corner = quiet.place(
            box_after(matrix, block.width, block.height),
            rng,
            picky=0.2 if block.panels else 0.9,
            outside=over_edge,
        )
        if corner is None:
            return []
        matrix = shifted(matrix, *corner)
        quiet.take(warp_points(box_polygon(0, 0, block.width, block.height), matrix), margin=4)
        # The photos are enlarged, thus soft: letters that were always crisper would give themselves away.
        blur = float(rng.uniform(0, min(self.blur, 1.3)))
        photo = load_photo(self.backgrounds, rng) if block.pictures else scene
        picture = crop_photo(photo, rng, 160, 160, zoom=0.4)
        before = scene.copy()
        lay(scene, block, matrix, rng, picture, Manner(self.contrast, self.effects), blur)
        placed = []
        for word in block.words:
            polygon = clockwise(warp_points(word.polygon, matrix))
            quads = warp_points(word.characters.reshape(-1, 2), matrix).reshape(-1, 4, 2)
            # on a plate the style sees to the contrast; on a photo the place may happen to have its colour
            shows = LEAST_CHANGE if block.panels else change(before, scene, polygon)
            placed.append(PlacedWord(word.text, polygon, quads, blur, shows))
        return placed

    def _pose(self, rng: np.random.Generator, camera_roll: float) -> Pose:
        if rng.random() < self.turned:
            choice = rng.random()
            if choice < 0.5:
                roll = rng.uniform(15, 45) * rng.choice([-1, 1])
            elif choice < 0.75:
                roll = rng.choice([-90, 90]) + rng.normal(0, 4)
            elif choice < 0.85:
                roll = 180 + rng.normal(0, 5)
            else:
                roll = rng.uniform(-180, 180)
            return Pose(float(roll), rng.uniform(-0.5, 0.5) * self.tilt, rng.uniform(-0.3, 0.3) * self.tilt)
        roll = np.clip(camera_roll + rng.normal(0, 0.15) * self.rotation, -self.rotation, self.rotation)
        yaw = rng.uniform(-1, 1) * self.tilt if rng.random() < 0.6 else 0.0
        pitch = np.clip(rng.normal(0, 0.2), -1, 1) * self.tilt
        return Pose(float(roll), float(yaw), float(pitch))

    def _scatter(self, scene: np.ndarray, quiet: QuietMap, rng: np.random.Generator) -> None:
        """Patterns and pictograms that are no words, painted at random places."""
        height, width = scene.shape[:2]
        for _ in range(int(rng.poisson(self.distractors))):
            kinds = PATTERNS if rng.random() < 0.7 else PICTOGRAMS
            kind = kinds[int(rng.integers(len(kinds)))]
            h = int(np.exp(rng.uniform(np.log(10), np.log(max(11, 0.25 * height)))))
            w = int(h * rng.uniform(1, 6)) if kinds is PATTERNS and kind != "matrix" else h
            coverage = cv2.convertScaleAbs(draw_mark(kind, rng, h, w), alpha=float(rng.uniform(0.5, 1.0)))
            panels = (Panel((0, 0, w, h)),) if rng.random() < 0.4 else ()
            matrix = self._pose(rng, 0.0).matrix(w, h, _CAMERA * width)
            corner = quiet.place(box_after(matrix, w, h), rng, picky=0.0, outside=0.1)
            if corner is not None:
                matrix = shifted(matrix, *corner)
                block = Block(w, h, (Part(coverage, 0, 0),), panels)
                lay(scene, block, matrix, rng, None, Manner(self.contrast, 0.0), float(rng.uniform(0, 1)))
                if rng.random() < 0.5:  # half of them may end up under a sign
                    quiet.take(warp_points(box_polygon(0, 0, w, h), matrix), margin=0)

    def _obstruct(self, scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Put poles or a passer-by before the scene; returns (height, width) bool of what they hide."""
        height, width = scene.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(1, 4))):
            if rng.random() < 0.5:
                start, end = (rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)).astype(int).tolist()
                thick = max(2, int(width * rng.uniform(0.005, 0.04)))
                cv2.line(mask, start, end, 255, thick, cv2.LINE_AA)
            else:
                centre = (rng.uniform(0, 1, 2) * (width, height)).astype(int).tolist()
                axes = (rng.uniform(0.03, 0.15, 2) * (width, height)).astype(int).tolist()
                cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        front = crop_photo(load_photo(self.backgrounds, rng), rng, height, width, zoom=0.3)
        scene[...] = np.where(mask[..., None] > 127, front, scene)
        return mask > 127

    def _photograph(self, scene: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """One camera for the whole scene. Returns the picture and the standard deviation of all its blurs."""
        chance = rng.random(8)
        if chance[0] < 0.2:
            scene = uneven_light(scene, rng, float(rng.uniform(0.3, 0.9)))
        sigmas = [0.0]
        if chance[1] < 0.6 and self.blur > 0:
            sigmas.append(float(rng.uniform(0, 1) ** 1.5 * self.blur))
            scene = focus_blur(scene, rng, sigmas[-1] / 0.6)
        if chance[2] < 0.12 and self.blur > 0:
            length = float(rng.uniform(1, 1 + 3 * self.blur))
            sigmas.append(length / np.sqrt(12))
            scene = motion_blur(scene, rng, length)
        if chance[3] < 0.2 and self.blur > 0:
            factor = float(rng.uniform(1.1, 1.1 + 0.5 * self.blur))
            sigmas.append(0.3 * factor)
            scene = coarse_pixels(scene, rng, factor)
        if chance[4] < 0.6:
            scene = tone(scene, rng, float(rng.uniform(0.1, 0.7)))
        if chance[5] < 0.5 and self.noise > 0:
            scene = noise(scene, rng, float(rng.uniform(0, 1) ** 2 * self.noise))
        if chance[6] < 0.25:
            scene = sharpen(scene, rng, float(rng.uniform(0.2, 1.0)))
        if chance[7] < 0.7:
            scene = jpeg(scene, rng, int(rng.integers(40, 96)))
        return scene, float(np.linalg.norm(sigmas))


@lru_cache(maxsize=4)
def _font_library(folder: str) -> FontLibrary:
    """One library per folder and process, so that fonts are opened and probed once."""
    return FontLibrary(folder)
