"""Street scenes with writing on them: photographs that carry signs, labels and stamps, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from ..errors import SettingsError
from ..geometry import clip_points, clip_polygon, clockwise, fill_polygon, signed_area, warp_points
from ..types import Sample, TextInstance
from .backdrop import QuietMap, backdrop, crop_photo, load_photo
from .block import Block
from .board import Manner, blend, draw_letters_style, paint_block
from .corpus import Corpus
from .degrade import coarse_pixels, focus_blur, jpeg, motion_blur, noise, sharpen, tone, uneven_light
from .fonts import FontLibrary
from .layout import CURVED_LAYOUTS, LAYOUTS, choose_layout
from .marks import PATTERNS, PICTOGRAMS, draw_mark
from .pose import Pose, box_after, shifted
from .writer import Writer

_KEPT = 0.7  # a word of which less than this is in the picture is not legible
_LEAST_HEIGHT = 7.0  # pixels; lower words are not legible
_MOST_BLUR = 0.13  # standard deviation of the blur, in heights of the word; beyond it a word is not legible
_MOST_HIDDEN = 0.4  # part of a word behind something else, beyond which it is not legible
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
    words: tuple[int, int] = (2, 40)
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
            raise SettingsError(
                f"min_height {self.min_height} is above max_height {self.max_height}, or not above 0"
            )
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
        if rng.random() < 0.9:
            self._scatter(scene, quiet, rng)
        placed = self._write(scene, quiet, rng) if rng.random() >= self.empty else []
        hidden = self._occlude(scene, placed, rng) if rng.random() < self.occlusion else None
        scene, sigma = self._degrade(scene, rng)
        instances, characters = [], []
        for word in placed:
            labelled = self._label(word, sigma, hidden)
            if labelled is not None:
                instances.append(labelled[0])
                characters.append(labelled[1])
        return Sample(f"scene_{seed}", scene, tuple(instances), tuple(characters))

    def _write(self, scene: np.ndarray, quiet: QuietMap, rng: np.random.Generator) -> list[_Placed]:
        """Blocks of writing, until there are enough words or no room is left."""
        writer = Writer(
            rng, _font_library(self.fonts), self.corpus, (self.min_height, self.max_height), self.plates
        )
        least, most = self.words
        wanted = round(np.exp(rng.uniform(np.log(max(1, least)), np.log(max(1, most)))))
        camera_roll = float(np.clip(rng.normal(0, 0.35), -1, 1)) * self.rotation
        placed: list[_Placed] = []
        failures = 0
        while len(placed) < wanted and failures < 5:
            curved = rng.random() < self.curved_fraction
            budget = wanted - len(placed)
            block = choose_layout(rng, CURVED_LAYOUTS if curved else LAYOUTS)(writer, budget)
            words = self._set(scene, quiet, block, camera_roll, rng)
            failures += not words
            placed += words
        return placed

    def _set(
        self, scene: np.ndarray, quiet: QuietMap, block: Block, camera_roll: float, rng: np.random.Generator
    ) -> list[_Placed]:
        """Paint one block where there is room for it; its words, or none if there is no room."""
        height, width = scene.shape[:2]
        matrix = self._pose(rng, camera_roll).matrix(block.width, block.height, _CAMERA * width)
        box = box_after(matrix, block.width, block.height)
        if box[0] > 1.1 * width or box[1] > 1.1 * height:
            return []
        over_edge = 0.3 if rng.random() < 0.12 else 0.0
        corner = quiet.place(box, rng, picky=0.2 if block.panels else 0.9, outside=over_edge)
        if corner is None:
            return []
        matrix = shifted(matrix, *corner)
        corners = np.array([[0, 0], [block.width, 0], [block.width, block.height], [0, block.height]])
        quad = warp_points(corners, matrix)
        quiet.take(quad, margin=4)
        left, top = np.clip(np.floor(quad.min(axis=0)).astype(int), 0, (width, height))
        right, bottom = np.clip(np.ceil(quad.max(axis=0)).astype(int), 0, (width, height))
        window = scene[top:bottom, left:right]
        if not window.size:
            return []
        # cv2 has pixel centres at whole numbers, we have them at halves
        to_window = shifted(shifted(matrix, -left, -top) @ _HALF_IN, -0.5, -0.5)
        behind = cv2.warpPerspective(
            window,
            to_window,
            (block.width, block.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        photo = load_photo(self.backgrounds, rng) if block.pictures else scene
        picture = crop_photo(photo, rng, 160, 160, zoom=0.4)
        layer = paint_block(block, rng, behind, picture, Manner(self.contrast, self.effects))
        layer = cv2.warpPerspective(layer, to_window, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        sigma = rng.uniform(0.0, 1.0) ** 2 * min(self.blur, 1.5)
        if sigma > 0.3:
            layer = cv2.GaussianBlur(layer, (0, 0), sigma)
        before = window.copy()
        blend(window, layer)
        placed = []
        for word in block.words:
            polygon = clockwise(warp_points(word.polygon, matrix))
            quads = warp_points(word.characters.reshape(-1, 2), matrix).reshape(-1, 4, 2)
            faint = not block.panels and _difference(before, window, polygon - (left, top)) < 10
            placed.append(_Placed(word.text, polygon, quads, sigma, faint))
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
        roll = float(
            np.clip(camera_roll + rng.normal(0, 0.15) * self.rotation, -self.rotation, self.rotation)
        )
        yaw = rng.uniform(-1, 1) * self.tilt if rng.random() < 0.6 else 0.0
        pitch = rng.normal(0, 0.2) * self.tilt
        return Pose(roll, float(yaw), float(np.clip(pitch, -self.tilt, self.tilt)))

    def _scatter(self, scene: np.ndarray, quiet: QuietMap, rng: np.random.Generator) -> None:
        """Patterns and pictograms that are no words, painted at random places."""
        height, width = scene.shape[:2]
        for _ in range(int(rng.poisson(self.distractors))):
            kinds = PATTERNS if rng.random() < 0.7 else PICTOGRAMS
            kind = kinds[int(rng.integers(len(kinds)))]
            h = int(np.exp(rng.uniform(np.log(10), np.log(0.25 * height))))
            w = int(h * rng.uniform(1, 6)) if kinds is PATTERNS and kind != "matrix" else h
            coverage = draw_mark(kind, rng, h, w)
            matrix = self._pose(rng, 0.0).matrix(w, h, _CAMERA * width)
            box = box_after(matrix, w, h)
            if box[0] >= width or box[1] >= height:
                continue
            x, y = rng.uniform(0, width - box[0]), rng.uniform(0, height - box[1])
            left, top, right, bottom = int(x), int(y), int(np.ceil(x + box[0])), int(np.ceil(y + box[1]))
            window = scene[top:bottom, left:right]
            panels = (Panel((0, 0, w, h)),) if rng.random() < 0.4 else ()
            block = Block(w, h, (Part((coverage * rng.uniform(0.5, 1.0)).astype(np.uint8), 0, 0),), panels)
            to_window = shifted(matrix, x - left, y - top)
            layer = cv2.warpPerspective(
                layer, to_window, (right - left, bottom - top), flags=cv2.INTER_LINEAR
            )
            blend(window, layer)
            if rng.random() < 0.5:
                quiet.take(np.array([[x, y], [x + box[0], y], [x + box[0], y + box[1]], [x, y + box[1]]]), 0)

    def _occlude(self, scene: np.ndarray, placed: list[_Placed], rng: np.random.Generator) -> np.ndarray:
        """Put poles or a passer-by before the scene; returns (height, width) bool of what they hide."""
        height, width = scene.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(1, 4))):
            if rng.random() < 0.5:
                ends = rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)
                thick = max(2, int(width * rng.uniform(0.005, 0.04)))
                a, b = ends.astype(int).tolist()
                cv2.line(mask, a, b, 255, thick, cv2.LINE_AA)
            else:
                axes = (rng.uniform(0.03, 0.15, 2) * (width, height)).astype(int).tolist()
                centre = (rng.uniform(0, 1, 2) * (width, height)).astype(int).tolist()
                cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        front = crop_photo(load_photo(self.backgrounds, rng), rng, height, width, zoom=0.3)
        scene[...] = cv2.copyTo(front, mask, scene.copy())
        return mask > 127

    def _degrade(self, scene: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
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

    def _label(
        self, word: _Placed, sigma: float, hidden: np.ndarray | None
    ) -> tuple[TextInstance, np.ndarray] | None:
        """The truth about a word, or None if nothing of it is in the picture."""
        height, width = self.shape
        polygon = clip_polygon(word.polygon, 0, 0, width, height)
        if polygon is None:
            return None
        part = signed_area(polygon) / max(signed_area(word.polygon), 1e-6)
        seen = [_inside(quad, width, height) > 0.5 for quad in word.characters] if part < 0.999 else None
        text, characters = word.text, word.characters
        if seen is not None and any(seen):  # an annotator writes what is there
            text = "".join(c for c, there in zip(text, seen, strict=True) if there)
            characters = characters[np.array(seen)]
        quads = characters
        tall = float(np.median(np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1)))
        blurred = float(np.hypot(sigma, word.sigma)) > _MOST_BLUR * tall
        covered = 0.0
        if hidden is not None:
            rows, columns, inside = fill_polygon(polygon, height, width)
            covered = float(hidden[rows, columns][inside].mean()) if inside.any() else 0.0
        legible = (
            part >= _KEPT
            and tall >= _LEAST_HEIGHT
            and not blurred
            and not word.faint
            and covered < _MOST_HIDDEN
        )
        kept = np.stack([clip_points(quad, width, height) for quad in characters])
        return TextInstance(polygon, text, legible=legible), kept


_HALF_IN = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])


@dataclass(frozen=True, eq=False)
class _Placed:
    """A word on the scene, not judged yet: places in pixels, its own blur, and whether it hardly shows."""

    text: str
    polygon: np.ndarray
    characters: np.ndarray
    sigma: float
    faint: bool


@lru_cache(maxsize=4)
def _font_library(folder: str) -> FontLibrary:
    """One library per folder and process, so that fonts are probed once."""
    return FontLibrary(folder)


def _inside(quad: np.ndarray, width: int, height: int) -> float:
    """The part of a quad's bounding box that lies in the picture."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    w, h = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
    return float(max(w, 0) * max(h, 0) / max((right - left) * (bottom - top), 1e-6))


def _difference(before: np.ndarray, after: np.ndarray, polygon: np.ndarray) -> float:
    """How much the ink of a word shows, in grey levels: the mean change of its most changed quarter of pixels."""
    rows, columns, inside = fill_polygon(polygon, *before.shape[:2])
    if not inside.any():
        return 0.0
    change = cv2.absdiff(before[rows, columns], after[rows, columns]).mean(axis=2)[inside]
    return float(np.sort(change)[-max(1, len(change) // 4) :].mean())
