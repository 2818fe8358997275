"""What `make.py` draws with: a picture that signs can be put up in, and the surfaces they stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from scenetext.geometry import clip_polygon, clockwise, warp_points
from scenetext.synth.degrade import noise
from scenetext.synth.fonts import Face, FontLibrary
from scenetext.synth.ink import render_line, word_polygon
from scenetext.synth.paint import Colour, Style, paint
from scenetext.synth.pose import Pose, box_after, shifted
from scenetext.types import TextInstance

HEIGHT, WIDTH = 720, 1280

Rng = np.random.Generator


@dataclass(frozen=True)
class Plate:
    """What writing stands on.

    rim           colour of a line near its edge.
    radius, pad   round corners; room beside and above the lines: in heights of the capitals.
    around        least (width, height), pixels.
    """

    colour: Colour
    rim: Colour | None = None
    radius: float = 0.0
    pad: tuple[float, float] = (0.7, 0.5)
    around: tuple[int, int] = (0, 0)


@dataclass
class Picture:
    """A scene while it is drawn: pixels (h, w, 3) uint8, and the words written so far."""

    image: np.ndarray
    rng: Rng
    fonts: FontLibrary
    words: list[TextInstance] = field(default_factory=list)

    def font(self, family: Sequence[str]) -> Path:
        """One of the fonts named, or any other where the folder has none of them."""
        found = [path for path in self.fonts.paths if path.stem in family]
        return found[int(self.rng.integers(len(found)))] if found else self.fonts.choose(self.rng, "AaZz09")

    def fill(self, box: tuple[int, int, int, int], surface: np.ndarray | Colour) -> None:
        """A box (left, top, right, bottom) filled with a texture of its size, or a colour."""
        left, top, right, bottom = box
        self.image[top:bottom, left:right] = surface

    def shade(self, box: tuple[int, int, int, int], strength: float, soft: float) -> None:
        """A shadow."""
        mask = np.zeros(self.image.shape[:2], np.float32)
        left, top, right, bottom = (max(0, v) for v in box)
        mask[top:bottom, left:right] = strength
        mask = cv2.GaussianBlur(mask, (0, 0), soft)
        self.image = (self.image * (1 - mask[..., None])).astype(np.uint8)

    def sign(
        self,
        lines: Sequence[str],
        centre: tuple[float, float],
        size: float,
        family: Sequence[str],
        ink: Colour | Style,
        *,
        plate: Plate | None = None,
        sizes: Sequence[float] = (),
        align: float = 0.5,
        gap: float = 0.6,
        spacing: float = 0.0,
        bend: float = 0.0,
        wave: float = 0.0,
        pose: Pose | None = None,
    ) -> None:
        """Writes lines around a centre, in pixels, on a plate of its own or on what is there.

        size, sizes   height of capitals, pixels; of each line, relative to `size`.
        gap           between lines, in units of `size`.
        """
        style = ink if isinstance(ink, Style) else Style(ink)
        font = self.font(family)
        probe = Face(font, 100)
        caps = [size * (sizes[i] if sizes else 1.0) for i in range(len(lines))]
        tall = round(sum(caps) + gap * size * (len(lines) - 1))
        inks, tops, baseline = [], [], 0.0
        for text, cap in zip(lines, caps, strict=True):
            face = Face(font, max(6, round(cap * probe.size / probe.glyph("H")[0].shape[0])))
            inks.append(render_line(text, face, spacing=spacing, bend=bend, wave=wave))
            baseline += cap
            tops.append(round(baseline) + min(face.glyph(c)[2] for c in text if c != " "))
            baseline += gap * size
        if bend or wave:  # one line, which needs all its height
            tall, tops = inks[0].alpha.shape[0], [0]
        inner = max(line.alpha.shape[1] for line in inks)
        shape = plate or Plate((0.0, 0.0, 0.0))
        width = max(round(inner + 2 * shape.pad[0] * size), shape.around[0])
        height = max(round(tall + 2 * shape.pad[1] * size), shape.around[1])
        coverage, words = np.zeros((height, width), np.uint8), []
        for line, top in zip(inks, tops, strict=True):
            h, w = line.alpha.shape
            x, y = round((width - inner) / 2 + align * (inner - w)), (height - tall) // 2 + top
            window = coverage[y : y + h, x : x + w]
            np.maximum(window, line.alpha[: window.shape[0]], out=window)
            words += [
                (line.text[part], word_polygon(line.characters[part]) + np.array([x, y], np.float32))
                for part in line.words
            ]

        pose = pose or Pose()
        matrix = pose.matrix(width, height, 1.2 * WIDTH)
        box_w, box_h = box_after(matrix, width, height)
        matrix = shifted(matrix, centre[0] - box_w / 2, centre[1] - box_h / 2)
        if plate is not None:
            self._cast(rounded(height, width, plate.radius * size), matrix, 0.12 * size)
        behind = cv2.warpPerspective(self.image, matrix, (width, height), flags=cv2.WARP_INVERSE_MAP | 1)
        cover = np.zeros((height, width), np.uint8)
        if plate is not None:
            cover = rounded(height, width, plate.radius * size)
            behind[cover > 0] = lit(self.rng, height, width, plate.colour)[cover > 0]
            if plate.rim is not None:
                edge = max(2, round(0.09 * size))
                outer, inside = shrunk(cover, edge), shrunk(cover, 2 * edge)
                behind[cv2.subtract(outer, inside) > 0] = plate.rim
        painted = paint(behind, coverage, style, size)
        touched = np.maximum(coverage, cv2.absdiff(painted, behind).max(axis=2))
        cover = np.maximum(cover, np.where(touched > 0, 255, 0).astype(np.uint8))
        self._lay(painted, cover, matrix)
        for text, polygon in words:
            self.words.append(TextInstance(clockwise(warp_points(polygon, matrix)), text))

    def _lay(self, layer: np.ndarray, cover: np.ndarray, matrix: np.ndarray) -> None:
        h, w = self.image.shape[:2]
        alpha = cv2.warpPerspective(cover, matrix, (w, h), flags=cv2.INTER_LINEAR)[..., None] / 255
        pixels = cv2.warpPerspective(
            layer, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        self.image = (self.image * (1 - alpha) + pixels * alpha).astype(np.uint8)

    def _cast(self, shape: np.ndarray, matrix: np.ndarray, depth: float) -> None:
        """The shadow of a plate on what it hangs before."""
        h, w = self.image.shape[:2]
        mask = cv2.warpPerspective(shape, shifted(matrix, 0.6 * depth + 2, depth + 3), (w, h))
        mask = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(1.5, depth)) * (0.45 / 255)
        self.image = (self.image * (1 - mask[..., None])).astype(np.uint8)

    def seen(self, pose: Pose, zoom: float) -> None:
        """The whole drawing as a wall that is turned from the camera, which then moves closer by `zoom`."""
        height, width = self.image.shape[:2]
        matrix = pose.matrix(width, height, 1.1 * width)
        box_w, box_h = box_after(matrix, width, height)
        matrix = shifted(np.diag([zoom, zoom, 1.0]) @ matrix, 0, 0)
        matrix = shifted(matrix, (WIDTH - zoom * box_w) / 2, (HEIGHT - zoom * box_h) / 2)
        self.image = cv2.warpPerspective(
            self.image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        words = []
        for word in self.words:
            polygon = clip_polygon(warp_points(word.polygon, matrix), 0, 0, WIDTH, HEIGHT)
            if polygon is not None:
                words.append(word.replace(polygon=polygon))
        self.words = words

    def photographed(self, gain: float, blur: float) -> np.ndarray:
        """What the camera makes of it: uneven light, a soft lens, grain."""
        height, width = self.image.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        side = self.rng.uniform(-0.12, 0.12)
        light = gain * (1 - 0.16 * (x**2 + y**2) + side * x)
        lit = np.clip(self.image * light[..., None], 0, 255).astype(np.uint8)
        return noise(cv2.GaussianBlur(lit, (0, 0), blur), self.rng, 3.0)


# Surfaces: (height, width, 3) uint8.


def soft_noise(rng: Rng, height: int, width: int, cells: int) -> np.ndarray:
    """(height, width, 1) smooth noise of unit strength, `cells` blotches high."""
    coarse = rng.standard_normal((cells + 2, cells * width // height + 2)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]


def lit(rng: Rng, height: int, width: int, colour: Colour, spread: float = 7) -> np.ndarray:
    """A plain surface on which light falls off a little."""
    corners = (np.array(colour) + rng.normal(0, spread, (2, 2, 1))).astype(np.float32)
    return np.clip(cv2.resize(corners, (width, height)), 0, 255).astype(np.uint8)


def aged(rng: Rng, surface: np.ndarray, strength: float) -> np.ndarray:
    """A surface with dirt and grain on it."""
    height, width = surface.shape[:2]
    dirt = soft_noise(rng, height, width, 4) + 0.7 * soft_noise(rng, height, width, 16)
    grain = rng.standard_normal((height, width, 1))
    return np.clip(surface + strength * (dirt + 0.8 * grain), 0, 255).astype(np.uint8)


def plaster(rng: Rng, height: int, width: int, colour: Colour) -> np.ndarray:
    """A rendered wall."""
    return aged(rng, lit(rng, height, width, colour, 10), 3.5)


def bricks(rng: Rng, height: int, width: int, colour: Colour, size: tuple[int, int] = (58, 20)) -> np.ndarray:
    """Bricks, or paving stones, in rows."""
    wall = np.full((height, width, 3), np.array(colour) * 0.55 + 70, np.float32)
    (w, h), joint = size, 3
    for row, top in enumerate(range(0, height, h)):
        for left in range(-(row % 2) * w // 2, width, w):
            tint = np.array(colour) * np.exp(rng.normal(0, 0.1))
            tint += rng.normal(0, 0.05, 3) * np.ptp(colour)  # grey stones stay grey
            wall[top : top + h - joint, max(0, left) : max(0, left + w - joint)] = tint
    return aged(rng, cv2.GaussianBlur(np.clip(wall, 0, 255).astype(np.uint8), (0, 0), 0.7), 4)


def tiles(rng: Rng, height: int, width: int, colour: Colour, side: int) -> np.ndarray:
    """Square tiles."""
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = np.array(colour) * 0.75
    for top in range(0, height, side):
        for left in range(0, width, side):
            wall[top : top + side - 2, left : left + side - 2] = np.array(colour) + rng.normal(0, 4)
    return aged(rng, np.clip(wall, 0, 255).astype(np.uint8), 2)


def planks(rng: Rng, height: int, width: int, colour: Colour, board: int = 40) -> np.ndarray:
    """Boards side by side, lying."""
    grain = cv2.resize(rng.standard_normal((height, 12)).astype(np.float32), (width, height))[..., None]
    wood = np.array(colour, np.float32) + 7 * grain + 4 * soft_noise(rng, height, width, 6)
    for top in range(0, height, board):
        wood[top : top + board] += rng.normal(0, 8)
        wood[top : top + 2] *= 0.55
    return np.clip(wood, 0, 255).astype(np.uint8)


def glass(rng: Rng, height: int, width: int) -> np.ndarray:
    """A shop window by day: dim goods behind it, the sky upon it."""
    pane = np.empty((height, width, 3), np.float32)
    pane[:] = np.linspace(62, 34, height)[:, None, None] + (0, 5, 10)
    for _ in range(18):
        x, y = rng.uniform(0, width), rng.uniform(0.55, 1) * height
        radius = rng.uniform(0.03, 0.1) * height
        colour = rng.uniform(40, 120) + rng.normal(0, 15, 3)
        cv2.ellipse(pane, (int(x), int(y)), (int(2 * radius), int(radius)), 0, 0, 360, colour.tolist(), -1)
    pane = cv2.GaussianBlur(pane, (0, 0), 6)
    x, y = np.meshgrid(np.linspace(0, width / height, width), np.linspace(0, 1, height))
    sheen = np.clip(np.sin(5 * (x + 0.6 * y) + rng.uniform(0, 6)) - 0.5, 0, 1)[..., None]
    return np.clip(pane + 38 * sheen, 0, 255).astype(np.uint8)


def stripes(rng: Rng, height: int, width: int, colours: Sequence[Colour], period: int) -> np.ndarray:
    """An awning, darker towards its lower edge."""
    index = (np.arange(width) // period) % len(colours)
    cloth = np.array(colours)[index][None].repeat(height, axis=0)
    fall = np.linspace(1.0, 0.78, height)[:, None, None]
    return aged(rng, np.clip(cloth * fall, 0, 255).astype(np.uint8), 2)


def sky(rng: Rng, height: int, width: int, high: Colour, low: Colour) -> np.ndarray:
    """Sky with a few clouds."""
    t = np.linspace(0, 1, height)[:, None, None]
    clouds = np.clip(soft_noise(rng, height, width, 3) + 0.5 * soft_noise(rng, height, width, 9), 0, 2)
    return np.clip(np.array(high) * (1 - t) + np.array(low) * t + 14 * clouds, 0, 255).astype(np.uint8)


def shrunk(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask without the `by` pixels along its edge."""
    return cv2.erode(np.pad(mask, 1), np.ones((3, 3)), iterations=by)[1:-1, 1:-1]


def rounded(height: int, width: int, radius: float) -> np.ndarray:
    """The mask of a rectangle with round corners."""
    mask = np.zeros((height, width), np.uint8)
    r = int(min(radius, height / 2 - 1, width / 2 - 1))
    if r < 1:
        return np.full((height, width), 255, np.uint8)
    cv2.rectangle(mask, (r, 0), (width - 1 - r, height - 1), 255, -1)
    cv2.rectangle(mask, (0, r), (width - 1, height - 1 - r), 255, -1)
    for x in (r, width - 1 - r):
        for y in (r, height - 1 - r):
            cv2.circle(mask, (x, y), r, 255, -1, cv2.LINE_AA)
    return mask


# Shapes.


def octagon(image: np.ndarray, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    """A road sign's shape, filled, on the image."""
    angles = np.radians(22.5 + 45 * np.arange(8))
    points = np.array(centre) + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def arrow(image: np.ndarray, centre: tuple[int, int], size: int, colour: Colour, turn: float) -> None:
    """An arrow of a length in pixels that points right, turned by degrees, on the image."""
    upper = np.array([[-1, -0.2], [0.1, -0.2], [0.1, -0.6], [1, 0]])
    shape = np.concatenate([upper, upper[-2::-1] * (1, -1)]) * size / 2
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    points = np.array(centre) + shape @ np.array([[cos, sin], [-sin, cos]])
    cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
