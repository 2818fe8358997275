"""Photographs as the stage of a scene: cropped, recoloured, split into walls; and where they are quiet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, SettingsError
from ..image import list_images
from .paint import sign_colour

_CELL = 4  # pixels of the image per cell of a QuietMap, each way


@lru_cache(maxsize=16)
def photo_paths(folder: str) -> tuple[str, ...]:
    """The photographs under a folder, sorted, so that an index means the same picture in every process.

    Raises SettingsError if the folder does not exist or holds no picture.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SettingsError(f"{folder}: no such folder of background photographs")
    paths = [str(path) for path in list_images(root)]
    if not paths:
        raise SettingsError(f"{folder}: holds no background photograph")
    return tuple(paths)


def load_photo(folder: str, rng: np.random.Generator) -> np.ndarray:
    """A random photograph of the folder, (H, W, 3) uint8 RGB. Raises DataError if it cannot be decoded.

    Not cached: decoding takes about a millisecond, six hundred decoded pictures take 400 MB in every worker.
    """
    paths = photo_paths(folder)
    path = paths[int(rng.integers(len(paths)))]
    photo = cv2.imread(path, cv2.IMREAD_COLOR)
    if photo is None:
        raise DataError(f"{path}: cannot be decoded as a picture; remove it from the folder of backgrounds")
    return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def crop_photo(
    photo: np.ndarray, rng: np.random.Generator, height: int, width: int, zoom: float
) -> np.ndarray:
    """A random window of a photo, mirrored half the time, stretched to (height, width).

    zoom    the smallest part of the photo's sides that a window takes, in (0, 1].
    """
    full_h, full_w = photo.shape[:2]
    stretch = float(np.exp(rng.uniform(-0.15, 0.15)))
    fit = min(full_h / height, full_w / (width * stretch))  # photo pixels per pixel, at the largest window
    part = fit * rng.uniform(zoom, 1.0)
    crop_h, crop_w = max(2, int(height * part)), max(2, int(width * stretch * part))
    top, left = int(rng.integers(full_h - crop_h + 1)), int(rng.integers(full_w - crop_w + 1))
    window = photo[top : top + crop_h, left : left + crop_w]
    mirrored = rng.random() < 0.5
    shrinking = crop_h > height
    view = cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC)
    return cv2.flip(view, 1) if mirrored else view


def recolour(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Another exposure, saturation, colour cast and gamma: one colour matrix and one table."""
    saturation = 1 + strength * rng.uniform(-0.6, 0.35)
    gains = np.exp(strength * (rng.normal(0, 0.18) + rng.normal(0, 0.06, 3)))
    grey = np.full((3, 3), 1 / 3)
    matrix = gains[:, None] * (grey * (1 - saturation) + np.eye(3) * saturation)
    toned = cv2.transform(image, matrix)
    gamma = float(np.exp(strength * rng.normal(0, 0.22)))
    table = np.clip(255 * (np.arange(256) / 255) ** gamma, 0, 255).astype(np.uint8)
    return cv2.LUT(toned, table)


def backdrop(folder: str, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The empty stage, (height, width, 3) uint8 RGB: a photo or two, at times with plain surfaces."""
    stage = _view(folder, rng, height, width)
    if rng.random() < 0.15:
        stage = _split(stage, _view(folder, rng, height, width), rng)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 6))):
            _surface(stage, rng)
    return stage


def plain_ground(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A stage of one colour, (height, width, 3) uint8 RGB."""
    return np.full((height, width, 3), np.round(sign_colour(rng)), np.uint8)


def _view(folder: str, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    view = recolour(crop_photo(load_photo(folder, rng), rng, height, width, zoom=0.45), rng)
    if rng.random() < 0.15:  # out of focus, as what lies behind a sign often is
        view = cv2.GaussianBlur(view, (0, 0), float(rng.uniform(1.0, 4.0)))
    return view


def _split(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two pictures side by side or one above the other, with a slanted seam."""
    height, width = first.shape[:2]
    beside = rng.random() < 0.7
    along, across = (height, width) if beside else (width, height)
    start, end = across * (rng.uniform(0.25, 0.75) + rng.uniform(-0.12, 0.12, 2))
    corners = np.array([[0, 0], [start, 0], [end, along], [0, along]])
    if not beside:
        corners = corners[:, ::-1]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, corners.astype(np.int32), 255, cv2.LINE_AA)
    return cv2.copyTo(first, mask, second.copy())


def _surface(stage: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a plain wall, pillar, pane, floor or lamp: the quiet shapes of halls and streets."""
    height, width = stage.shape[:2]
    lamp = rng.random() < 0.2
    w = width * (rng.uniform(0.05, 0.4) if lamp else rng.uniform(0.1, 0.9))
    h = height * (rng.uniform(0.01, 0.05) if lamp else rng.uniform(0.1, 0.9))
    centre = rng.uniform(0, 1, 2) * (width, height)
    slant = rng.normal(0, 0.08, (4, 2)) * min(w, h)
    quad = centre + np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2 + slant
    left, top = np.clip(np.floor(quad.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(quad.max(axis=0)), 0, (width, height)).astype(int)
    if right - left < 4 or bottom - top < 4:
        return
    window = stage[top:bottom, left:right]
    if lamp:
        colour = rng.uniform(215, 255, 3)
    else:
        sampled = window.reshape(-1, 3)[int(rng.integers(window.shape[0] * window.shape[1]))].astype(float)
        grey = rng.uniform(15, 245)
        colour = 0.4 * sampled + 0.6 * (grey + rng.normal(0, 18, 3))
    # four corner shades, interpolated: light falls off along a wall
    shades = (colour + rng.normal(0, 4 if lamp else 16, (2, 2, 1))).astype(np.float32)
    paint: np.ndarray = np.clip(cv2.resize(shades, (right - left, bottom - top)), 0, 255).astype(np.uint8)
    mask = np.zeros(window.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round((quad - (left, top)) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    pane = rng.uniform(0.5, 0.9) if rng.random() < 0.25 else 1.0  # glass lets what is behind shine through
    if pane < 1:
        paint = cv2.addWeighted(paint, pane, window, 1 - pane, 0)
    stage[top:bottom, left:right] = cv2.copyTo(paint, mask, window.copy())


@dataclass(eq=False)
class QuietMap:
    """How busy a picture is, and what is already taken, at a quarter of its resolution."""

    energy: np.ndarray  # integral image of the gradient's magnitude, (rows + 1, columns + 1)
    taken: np.ndarray  # (rows, columns) uint8, 0 or 1

    @classmethod
    def of(cls, image: np.ndarray) -> QuietMap:
        """The map of a picture (H, W, 3) uint8."""
        rows, columns = image.shape[0] // _CELL, image.shape[1] // _CELL
        grey = cv2.cvtColor(
            cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        return cls(cv2.integral(cv2.magnitude(dx, dy)), np.zeros((rows, columns), np.uint8))

    def place(
        self, size: tuple[float, float], rng: np.random.Generator, *, picky: float, outside: float = 0.0
    ) -> tuple[float, float] | None:
        """The top left corner, in pixels, for a box of `size` = (width, height) pixels; None if all is taken.

        picky    0 takes any free place, 1 the quietest of all that were tried.
        outside  the part of the box that may lie outside the picture, each way.
        """
        rows, columns = self.taken.shape
        w, h = (max(1, int(np.ceil(v / _CELL))) for v in size)
        over_x, over_y = int(w * outside), int(h * outside)
        if columns - w + 2 * over_x < 0 or rows - h + 2 * over_y < 0:
            return None
        x = rng.integers(-over_x, columns - w + over_x + 1, 48)
        y = rng.integers(-over_y, rows - h + over_y + 1, 48)
        boxes = (
            np.clip(y, 0, rows),
            np.clip(x, 0, columns),
            np.clip(y + h, 0, rows),
            np.clip(x + w, 0, columns),
        )
        free = np.flatnonzero(_box_sums(cv2.integral(self.taken), boxes) == 0)
        if not len(free):
            return None
        area = np.maximum((boxes[2] - boxes[0]) * (boxes[3] - boxes[1]), 1)
        busy = (_box_sums(self.energy, boxes) / area)[free]
        tried = max(1, round(picky * len(free)))
        best = free[int(np.argmin(busy[:tried]))]  # candidates are in random order already
        return float(x[best] * _CELL), float(y[best] * _CELL)

    def take(self, polygon: np.ndarray, margin: float) -> None:
        """Mark a polygon (N, 2) in pixels, and `margin` pixels around it, as taken."""
        points = np.round(polygon / _CELL * 16).astype(np.int32)
        cv2.fillPoly(self.taken, [points], 1, cv2.LINE_8, 4)
        cv2.polylines(self.taken, [points], True, 1, max(1, round(2 * margin / _CELL)), cv2.LINE_8, 4)


def _box_sums(integral: np.ndarray, boxes: tuple[np.ndarray, ...]) -> np.ndarray:
    top, left, bottom, right = boxes
    sums = integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
    return np.asarray(sums)
