"""What an annotator would say about a word in a scene: its outline, its text, whether it can be read."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..geometry import clip_points, clip_polygon, fill_polygon, signed_area
from ..types import TextInstance

LEAST_KEPT = 0.7  # part of a word in the picture, below which it is not legible
LEAST_HEIGHT = 7.0  # pixels
LEAST_CHANGE = 12.0  # grey levels by which letters differ from what is behind them
LEAST_SPREAD = 16.0  # grey levels between the dark and the light tenth of a word's pixels, in one channel
MOST_BLUR = 0.13  # standard deviation of the blur, in heights of the word
MOST_HIDDEN = 0.4  # part of a word behind something else


@dataclass(frozen=True, eq=False)
class PlacedWord:
    """A word on the scene, not judged yet.

    polygon     (N, 2) and characters (n, 4, 2), float32 pixels; may reach out of the picture.
    blur        of its own, besides the scene's: standard deviation in pixels.
    change      how far its letters differ from what was there before, in grey levels.
    """

    text: str
    polygon: np.ndarray
    characters: np.ndarray
    blur: float
    change: float


def judge(word: PlacedWord, scene: np.ndarray, blur: float, hidden: np.ndarray | None) -> TextInstance | None:
    """The instance, with its characters, within the picture; None if the word is outside.

    scene     (height, width, 3) uint8, the finished picture.
    blur      of the whole scene, standard deviation in pixels.
    hidden    (height, width) bool: what stands before the scene.

    A word that is cut by the border keeps the characters of which more than half is seen, as an annotator
    writes down what is there.
    """
    height, width = scene.shape[:2]
    polygon = clip_polygon(word.polygon, 0, 0, width, height)
    if polygon is None:
        return None
    kept = signed_area(polygon) / max(signed_area(word.polygon), 1e-6)
    text, characters = word.text, word.characters
    if kept < 0.999:
        seen = np.array([_part_inside(quad, height, width) > 0.5 for quad in characters])
        if seen.any():
            text = "".join(character for character, there in zip(text, seen, strict=True) if there)
            characters = characters[seen]
    tall = float(np.median(np.linalg.norm(characters[:, 0] - characters[:, 3], axis=1)))
    legible = (
        kept >= LEAST_KEPT
        and tall >= LEAST_HEIGHT
        and word.change >= LEAST_CHANGE
        and float(np.hypot(blur, word.blur)) <= MOST_BLUR * tall
        and spread(scene, polygon) >= LEAST_SPREAD
        and (hidden is None or _part_hidden(polygon, hidden) <= MOST_HIDDEN)
    )
    quads = clip_points(characters.reshape(-1, 2), width, height).reshape(-1, 4, 2)
    return TextInstance(polygon, text, legible=legible, characters=quads)


def change(before: np.ndarray, after: np.ndarray, polygon: np.ndarray) -> float:
    """How far a word's letters differ from what was there, in grey levels.

    before, after    (h, w, 3) uint8, the same window of the scene without and with the word.
    polygon          of the word, in pixels of the window.
    The mean over the most changed quarter of its pixels, which is about the share of ink.
    """
    rows, columns, inside = fill_polygon(polygon, *before.shape[:2])
    if not inside.any():
        return 0.0
    levels = cv2.absdiff(before[rows, columns], after[rows, columns]).mean(axis=2)[inside]
    quarter = max(1, len(levels) // 4)
    return float(np.partition(levels, -quarter)[-quarter:].mean())


def spread(scene: np.ndarray, polygon: np.ndarray) -> float:
    """Between the dark and the light tenth of the pixels in a polygon, the largest of the three channels."""
    rows, columns, inside = fill_polygon(polygon, *scene.shape[:2])
    if not inside.any():
        return 0.0
    levels = np.sort(scene[rows, columns][inside], axis=0).astype(int)
    tenth = len(levels) // 10
    return float((levels[-1 - tenth] - levels[tenth]).max())


def _part_inside(quad: np.ndarray, height: int, width: int) -> float:
    """The part of a quad's bounding box that lies in the picture."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    w, h = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
    return float(max(w, 0) * max(h, 0) / max((right - left) * (bottom - top), 1e-6))


def _part_hidden(polygon: np.ndarray, hidden: np.ndarray) -> float:
    rows, columns, inside = fill_polygon(polygon, *hidden.shape)
    return float(hidden[rows, columns][inside].mean()) if inside.any() else 0.0
