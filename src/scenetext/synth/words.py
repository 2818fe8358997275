"""Cut-out words as a detector hands them to a recogniser, drawn on demand: seed in, labelled crop out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from ..charset import Charset
from ..errors import DataError, SettingsError
from ..geometry import clip_points, warp_points
from ..types import Sample, TextInstance
from .backdrop import photo_paths
from .corpus import Corpus
from .degrade import degrade
from .fonts import FontLibrary
from .ink import Ink, render_line, word_polygon
from .paint import Colour, draw_style, gradient, paint, shaded, sign_colour

Rng = np.random.Generator

_PHOTO_SIDE = 200  # longest side that photographs are kept at: six hundred of them take 50 MB
_MARGIN = 0.45  # free room around the word on its canvas, in units of its height
_CAP_HEIGHT = 0.72  # of the font size: the usual height of capitals


@dataclass(frozen=True)
class WordSynth:
    """Synthetic word crops, drawn from fonts and photographs: `sample(seed)` gives one.

    fonts        folder of .ttf and .otf files.
    backgrounds  folder of photographs; None leaves plain and graded grounds alone.
    corpus       what to write.
    charset      texts with other characters are drawn anew.
    min_height, max_height    of the letters in pixels; small ones are more frequent, and worse photographs.
    max_length   of a text, in characters.
    curved       share of words on an arc or a wave.
    neighbours   share of crops into which parts of other words reach.
    plates       share of words on a painted ground instead of the bare photograph.

    An instance pickles as its settings: fonts and photographs are opened on first use in each process.
    """

    fonts: str
    backgrounds: str | None = None
    corpus: Corpus = field(default_factory=Corpus)
    charset: str = "printable94"
    min_height: int = 10
    max_height: int = 60
    max_length: int = 24
    curved: float = 0.12
    neighbours: float = 0.3
    plates: float = 0.65

    def __post_init__(self) -> None:
        if not 4 <= self.min_height <= self.max_height:
            raise SettingsError(f"heights {self.min_height} to {self.max_height}: need 4 <= min <= max")
        if self.max_length < 1:
            raise SettingsError(f"max_length is {self.max_length}, but a word has at least one character")
        _ = self._library, self._known, self._photo_paths  # a missing folder shows here, not in a worker

    def sample(self, seed: int) -> Sample:
        """The crop of a seed: one word, its exact polygon and character quads, clipped to the crop.

        The same seed gives the same pixels, in any process and after any other calls.
        """
        rng = np.random.default_rng(seed)
        height = float(np.exp(rng.uniform(np.log(self.min_height), np.log(self.max_height))))
        ink, word = self._ink(rng, self._text(rng), height)
        characters = ink.characters[word]
        canvas = self._painted(rng, ink)
        outline = word_polygon(characters)
        crop, matrix = _cut(rng, canvas, outline, characters, height)
        size = crop.shape[1], crop.shape[0]
        # Small crops come from far away: they are the blurred and noisy ones.
        far = 1 - np.log(height / self.min_height) / max(np.log(self.max_height / self.min_height), 1e-6)
        strength = float(np.clip(rng.beta(1.2, 1.8) * (0.45 + 0.75 * far), 0, 1))
        crop = degrade(crop, rng, strength, unit=height)
        quads = warp_points(characters.reshape(-1, 2), matrix).reshape(-1, 4, 2)
        polygon = clip_points(warp_points(outline, matrix), *size)
        quads = clip_points(quads.reshape(-1, 2), *size).reshape(-1, 4, 2)
        return Sample(f"word_{seed}", crop, (TextInstance(polygon, ink.text[word], characters=quads),))

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def _library(self) -> FontLibrary:
        return FontLibrary(self.fonts)

    @cached_property
    def _known(self) -> Charset:
        return Charset.named(self.charset)

    @cached_property
    def _photo_paths(self) -> tuple[str, ...]:
        return () if self.backgrounds is None else photo_paths(self.backgrounds)

    @cached_property
    def _photos(self) -> list[np.ndarray]:
        """All photographs, small, (h, w, 3) uint8 RGB. Raises DataError for one that cannot be decoded."""
        return [_small_photo(path) for path in self._photo_paths]

    def _text(self, rng: Rng) -> str:
        for _ in range(50):
            text = self.corpus.draw(rng)
            if len(text) <= self.max_length and not self._known.unknown(text):
                return text
        # a narrow charset: whatever can be written
        length = min(int(rng.integers(1, 9)), self.max_length)
        return "".join(self._known.characters[i] for i in rng.integers(0, len(self._known), size=length))

    def _ink(self, rng: Rng, text: str, height: float) -> tuple[Ink, slice]:
        """The word's line, perhaps with parts of other words beside, above and below; and the word in it."""
        before = after = ""
        beside = rng.random() < self.neighbours
        if beside and rng.random() < 0.6:
            before, after = self._scrap(rng, -3), self._scrap(rng, 3)
        font = self._library.choose(rng, before + text + after)
        face = self._library.face(font, height / _CAP_HEIGHT)
        spacing = float(rng.normal(0.0, 0.02))
        if rng.random() < 0.15:
            spacing = float(rng.uniform(0.03, 0.35))
        bend = wave = 0.0
        if len(text) > 2 and rng.random() < self.curved:
            if len(text) < 5 or rng.random() < 0.8:
                bend = float(rng.uniform(0.25, min(1.8, 0.3 * len(text)))) * (1 if rng.random() < 0.6 else -1)
            else:
                # a steep wave would push the letters of a short word into each other
                wave = float(rng.uniform(-0.025, 0.025)) * len(text)
        line = " ".join(part for part in (before, text, after) if part)
        margin = int(np.ceil(_MARGIN * face.size))
        ink = render_line(line, face, spacing=spacing, bend=bend, wave=wave, margin=margin)
        word = slice(len(before) + bool(before), len(line) - len(after) - bool(after))
        ink = _trimmed(ink, word, margin)
        if beside and not (bend or wave):
            for below in (False, True):
                if rng.random() < 0.6:
                    scrap = self._scrap(rng, max(4, len(text) + 2))
                    if frozenset(scrap) <= self._library.coverage(font):
                        _add_line(rng, ink, render_line(scrap, face, spacing=spacing), margin, below)
        return ink, word

    def _scrap(self, rng: Rng, length: int) -> str:
        """The first characters of some text, or the last ones if `length` is negative."""
        text = self._text(rng)
        return text[length:] if length < 0 else text[:length]

    def _painted(self, rng: Rng, ink: Ink) -> np.ndarray:
        """The canvas: a ground, and the ink on it in some style."""
        rows, columns = ink.alpha.shape
        photo = self._patch(rng, rows, columns)
        if self.backgrounds is None or rng.random() < self.plates:
            ground = _plate(rng, photo, sign_colour(rng))
        else:
            ground = photo
        red, green, blue, _ = cv2.mean(ground)
        style = draw_style(rng, (red, green, blue))
        texture = self._patch(rng, rows, columns) if style.texture else None
        return paint(ground, ink.alpha, style, ink.height, texture)

    def _patch(self, rng: Rng, rows: int, columns: int) -> np.ndarray:
        """A part of a photograph, stretched to (rows, columns, 3)."""
        if not self._photos:
            colour = sign_colour(rng)
            end = shaded(colour, float(rng.normal(0, 40)))
            patch = gradient(rows, columns, colour, end, float(rng.uniform(0, 360)))
            return np.ascontiguousarray(patch.transpose(1, 2, 0), dtype=np.uint8)
        photo = self._photos[int(rng.integers(len(self._photos)))]
        height, width = photo.shape[:2]
        # Signs are small in a photograph, so their ground is a small part of one, mostly quiet.
        wide = float(np.exp(rng.uniform(np.log(12), np.log(min(height, width)))))
        cut_w = int(min(width, wide))
        cut_h = int(np.clip(wide * rows / columns, 4, height))
        top, left = int(rng.integers(height - cut_h + 1)), int(rng.integers(width - cut_w + 1))
        cut = photo[top : top + cut_h, left : left + cut_w]
        if rng.random() < 0.5:
            cut = cut[:, ::-1]
        return cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_LINEAR)


def _small_photo(path: str) -> np.ndarray:
    image = cv2.imread(path, cv2.IMREAD_REDUCED_COLOR_2)
    if image is None:
        raise DataError(f"{path}: cannot be decoded as a photograph; remove it from the backgrounds")
    factor = min(1.0, _PHOTO_SIDE / max(image.shape[:2]))
    size = max(8, round(image.shape[1] * factor)), max(8, round(image.shape[0] * factor))
    return cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def _trimmed(ink: Ink, word: slice, margin: int) -> Ink:
    """The line's canvas cut down to one word and a margin around it."""
    points = ink.characters[word].reshape(-1, 2)
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + margin
    alpha = np.ascontiguousarray(ink.alpha[top:bottom, left:right])
    return Ink(ink.text, alpha, ink.characters - np.array([left, top], np.float32), ink.height)


def _add_line(rng: Rng, ink: Ink, other: Ink, margin: int, below: bool) -> None:
    """Draw another line above or below, as far as the canvas shows it."""
    rows, columns = ink.alpha.shape
    gap = round(float(rng.uniform(0.05, 0.4)) * ink.height)
    depth = min(margin - gap, other.alpha.shape[0])
    if depth <= 0:
        return
    shown = other.alpha[:depth] if below else other.alpha[-depth:]
    top = rows - margin + gap if below else margin - gap - depth
    left = int(rng.integers(min(0, columns - shown.shape[1]), max(0, columns - shown.shape[1]) + 1))
    cut = shown[:, max(0, -left) : columns - left]
    window = ink.alpha[top : top + depth, max(0, left) : max(0, left) + cut.shape[1]]
    np.maximum(window, cut[: window.shape[0]], out=window)


def _plate(rng: Rng, photo: np.ndarray, colour: Colour) -> np.ndarray:
    """A painted board: a colour or gradient, some of the photo's light and dirt, at times an edge or line."""
    rows, columns = photo.shape[:2]
    end = shaded(colour, float(rng.normal(0, 25)), rng.normal(0, 8, size=3)) if rng.random() < 0.5 else colour
    board = gradient(rows, columns, colour, end, float(rng.uniform(0, 360))).transpose(1, 2, 0)
    if rng.random() < 0.6:
        dirt = photo.astype(np.float32)
        dirt -= np.array(cv2.mean(photo)[:3], np.float32)
        board = board + dirt * np.float32(rng.uniform(0.02, 0.3))
    board = np.ascontiguousarray(np.clip(board, 0, 255), dtype=np.uint8)
    if rng.random() < 0.2:
        rim = round(rows * float(rng.uniform(0.04, 0.2)))
        line = tuple(int(v) for v in sign_colour(rng))
        if rng.random() < 0.5:  # the board ends here, the photograph goes on
            side = int(rng.integers(4))
            edge = (slice(0, rim), slice(rows - rim, rows))[side] if side < 2 else slice(None)
            flank = (slice(0, rim), slice(columns - rim, columns))[side - 2] if side >= 2 else slice(None)
            board[edge, flank] = photo[edge, flank]
        else:
            thickness = max(1, rim // 4)
            corner = columns - rim - 1, rows - rim - 1
            cv2.rectangle(board, (rim, rim), corner, line, thickness, cv2.LINE_AA)
    return board


def _cut(
    rng: Rng, canvas: np.ndarray, polygon: np.ndarray, characters: np.ndarray, height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Look at the canvas from some side and cut out the word, about as exactly as detectors do.

    Returns the crop, in which the letters are about `height` pixels tall, and the 3x3 matrix from pixels of
    the canvas to pixels of the crop.
    """
    matrix = _view(rng, canvas.shape[1], canvas.shape[0])
    points = warp_points(polygon, matrix)
    low, high = points.min(axis=0), points.max(axis=0)
    flanks = warp_points(characters[:, 0], matrix) - warp_points(characters[:, 3], matrix)
    tall = float(np.linalg.norm(flanks, axis=1).mean())
    scale = height / tall
    stretch = scale * float(np.exp(rng.normal(-0.1, 0.17)))  # signs like narrow letters
    # mostly a little air on each side, sometimes a sliver of the letters lost
    room = tall * np.clip(rng.normal(0.06, 0.07, size=4), -0.05, 0.25)
    if rng.random() < 0.15:
        room += tall * float(rng.uniform(0, 0.15))
    left, top = low - room[:2]
    right, bottom = high + room[2:]
    width, rows = max(4, round((right - left) * stretch)), max(4, round((bottom - top) * scale))
    move = np.array([[stretch, 0, -left * stretch], [0, scale, -top * scale], [0, 0, 1]])
    matrix = move @ matrix
    # cv2 puts pixel centres on integers, our coordinates on halves
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    centred = np.linalg.inv(half) @ matrix @ half
    crop = cv2.warpPerspective(canvas, centred, (width, rows), borderMode=cv2.BORDER_REPLICATE)
    return crop, matrix


def _view(rng: Rng, width: int, height: int) -> np.ndarray:
    """A 3x3 matrix: nearly straight on for half the crops, otherwise turned, slanted, or seen from a side."""
    x, y = width / 2, height / 2
    to_middle = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    strength = 0.25 if rng.random() < 0.5 else 1.0
    turn = float(rng.normal(0, 4)) * strength
    if rng.random() < 0.06:
        turn = float(rng.uniform(-25, 25))
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    slant = float(rng.normal(0, 0.12)) * strength
    away_x, away_y = np.clip(rng.normal(0, 0.12, size=2) * strength, (-0.35, -0.2), (0.35, 0.2))
    rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    shear = np.array([[1, slant, 0], [0, 1, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [away_x / x, away_y / y, 1]])
    view: np.ndarray = rotate @ shear @ tilt @ to_middle
    return view
