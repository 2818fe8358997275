"""Fragments of music scores, drawn on demand: seed in, a staff with its pitches out (CRNN, section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import SettingsError
from ..geometry import clip_points, warp_points
from ..types import Sample, TextInstance
from .backdrop import crop_photo, load_photo, photo_paths, recolour
from .degrade import degrade
from .engrave import Engraving, engrave
from .melody import compose
from .score_pen import Shape, draw_printing

Rng = np.random.Generator
Page = tuple[float, float, float, float]
"""left, bottom, right, top of what is shown, in staff spaces as in `engrave`."""

_DETAIL = 24.0  # drawn with at least so many pixels to a staff space, and reduced from there

# Beyond, a page is not seen as one any more: its picture grows without bounds, or it crosses the horizon.
_MOST = {"rotation": 45.0, "stretch": 1.0, "bend": 8.0, "perspective": 0.5, "strength": 1.0}


@dataclass(frozen=True)
class ScoreSynth:
    """Synthetic fragments of music scores, clean or as if photographed: `sample(seed)` gives one.

    The text is the pitches of the notes, "C4 E4 G4", named by their place on the staff: see
    `melody.Melody.pitches`. The rest of what is printed has no label.

    backgrounds  folder of photographs, for the fragments that are photographed.
    augmented    share of fragments that are turned, scaled, laid on photographs and degraded (the paper's
                 augmentation); the others are black on white. 0 needs no backgrounds.
    min_notes, max_notes   in a fragment.
    min_space, max_space   pixels from one staff line to the next; log-uniform.
    rotation     largest turn, degrees; long fragments turn less: their ends rise by half the height at most.
    stretch      largest relative change of the aspect.
    bend         how far the page is bent, in staff spaces at the ends.
    perspective  largest foreshortening along the fragment.
    strength     of the degradation at most, 0 to 1: blur, noise, light, JPEG.

    An instance pickles as its settings.
    """

    backgrounds: str | None = None
    augmented: float = 0.7
    min_notes: int = 3
    max_notes: int = 20
    min_space: float = 5.0
    max_space: float = 14.0
    rotation: float = 5.0
    stretch: float = 0.2
    bend: float = 0.8
    perspective: float = 0.12
    strength: float = 0.8

    def __post_init__(self) -> None:
        if not 1 <= self.min_notes <= self.max_notes:
            raise SettingsError(f"notes {self.min_notes} to {self.max_notes}: need 1 <= min <= max")
        if not 2 <= self.min_space <= self.max_space:
            raise SettingsError(f"staff spaces {self.min_space} to {self.max_space}: need 2 <= min <= max")
        if not 0 <= self.augmented <= 1:
            raise SettingsError(f"augmented is a share, 0 to 1, not {self.augmented}")
        for name, most in _MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise SettingsError(f"{name} is 0 to {most:g}, not {getattr(self, name):g}")
        if self.augmented > 0 and self.backgrounds is not None:
            photo_paths(self.backgrounds)  # a missing folder shows here, not in a worker

    def sample(self, seed: int) -> Sample:
        """The fragment of a seed: its picture, its pitches, and the outline of the part of the page.

        The same seed gives the same pixels, in any process and after any other calls.
        """
        rng = np.random.default_rng(seed)
        melody = compose(rng, int(rng.integers(self.min_notes, self.max_notes + 1)))
        open_left = bool(rng.random() < 0.4)
        sheet = engrave(melody, draw_printing(rng), rng, open_left)
        page = _page(rng, sheet, open_left, open_right=not melody.ending)
        space = float(np.exp(rng.uniform(np.log(self.min_space), np.log(self.max_space))))
        if rng.random() < self.augmented:
            view = self._seen(rng, page, space)
            ink = view.drawn(sheet.shapes)
            image = self._photographed(rng, ink, space)
        else:
            view = _View.of(page, np.diag([space, space, 1.0]))
            image = np.repeat(255 - view.drawn(sheet.shapes)[..., None], 3, axis=2)
        left, bottom, right, top = page
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        polygon = clip_points(view.pixels(corners), image.shape[1], image.shape[0])
        return Sample(f"score_{seed}", image, (TextInstance(polygon, " ".join(melody.pitches)),))

    def _seen(self, rng: Rng, page: Page, space: float) -> _View:
        """A view from nearly above: turned, stretched, a little slanted, bent and foreshortened."""
        width, height = page[2] - page[0], page[3] - page[1]
        limit = min(np.radians(self.rotation), float(np.arctan2(height / 2, width)))
        turn = float(np.clip(rng.normal(0, 0.5), -1, 1)) * limit
        cos, sin = np.cos(turn), np.sin(turn)
        stretch = float(np.exp(np.clip(rng.normal(0, 0.5), -1, 1) * self.stretch / 2))
        slant = float(rng.normal(0, 0.04))
        away_x, away_y = np.clip(rng.normal(0, 0.4, size=2), -1, 1) * self.perspective
        rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        shear = np.array([[stretch, slant, 0], [0, 1 / stretch, 0], [0, 0, 1]])
        tilt = np.array([[1, 0, 0], [0, 1, 0], [away_x * 2 / width, away_y / height, 1]])
        bent = float(np.clip(rng.normal(0, 0.5), -1, 1)) * self.bend if rng.random() < 0.4 else 0.0
        matrix = np.diag([space, space, 1.0]) @ rotate @ shear @ tilt
        return _View.of(page, matrix, bent, lean=float(rng.uniform(-0.8, 0.8)))

    def _photographed(self, rng: Rng, ink: np.ndarray, space: float) -> np.ndarray:
        """The ink on some ground, through a camera. (h, w, 3) uint8."""
        light = rng.random() < 0.12  # light ink on a dark ground, for once
        colour = np.clip(rng.uniform(0, 70) + rng.normal(0, 6, 3), 0, 255)
        if light:
            colour = 255 - colour
        ground = self._ground(rng, ink.shape[0], ink.shape[1], light)
        cover = cv2.convertScaleAbs(ink, alpha=float(rng.uniform(0.8, 1.0)))
        bare = cv2.multiply(ground, 255 - cv2.merge([cover] * 3), scale=1 / 255)
        inked = cv2.merge([cv2.convertScaleAbs(cover, alpha=level / 255) for level in colour.tolist()])
        strength = float(rng.beta(1.2, 1.8)) * self.strength
        return degrade(cv2.add(bare, inked), rng, strength, unit=3 * space)

    def _ground(self, rng: Rng, height: int, width: int, dark: bool) -> np.ndarray:
        """Paper, clean or dirty, or a photograph: washed out so far that ink can be told from it everywhere.

        (height, width, 3) uint8.
        """
        if self.backgrounds is None:
            shades = rng.integers(40, 256, (2, 4, 3), dtype=np.uint8)
            photo = cv2.resize(shades, (width, height), interpolation=cv2.INTER_LINEAR)
        else:
            photo = crop_photo(load_photo(self.backgrounds, rng), rng, height, width, zoom=0.2)
        cast = np.zeros(3)
        if rng.random() < 0.5:  # paper
            low = float(rng.uniform(150, 235))
            high = min(255.0, low + float(rng.uniform(4, 40)))
            photo = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            cast = np.array([0.0, -1.0, -3.0]) * float(rng.uniform(0, 12))
        else:
            low = float(rng.uniform(120, 190))
            high = float(rng.uniform(low + 30, 255))
            photo = recolour(photo, rng)
        darkest, brightest = np.quantile(photo[::4, ::4, 1], (0.02, 0.98)).tolist()
        levels = np.arange(256)[:, None]
        washed = low + (levels - darkest) * (high - low) / max(brightest - darkest, 40.0) + cast
        washed = np.clip(washed, low - 20, 255)
        table = (255 - washed if dark else washed).astype(np.uint8)
        return cv2.LUT(photo, table[None])


def _page(rng: Rng, sheet: Engraving, open_left: bool, open_right: bool) -> Page:
    """The part of the page to show: the ink, and some room around it."""
    above, below, before, after = rng.uniform((0.3, 0.3, 0.3, 0.3), (2.0, 2.0, 2.5, 2.5)).tolist()
    around = float(rng.uniform(1.0, 4.5))  # people leave room for ledger lines, needed or not
    if open_left:
        before = 0.0
    if open_right:
        after = after / 2 - 0.1
    return (
        -before,
        min(sheet.bottom - below, -around),
        sheet.right + after,
        max(sheet.top + above, 4 + around),
    )


@dataclass(frozen=True, eq=False)
class _View:
    """From staff spaces to pixels.

    centre   of the page, staff spaces
    matrix   3x3, from staff spaces around the centre (y downwards) to pixels
    bend     how far the ends lie below the middle, and `lean` how unequally, in staff spaces
    half     of the width of the page
    size     (width, height) of the picture
    """

    centre: np.ndarray
    matrix: np.ndarray
    half: float
    bend: float
    lean: float
    size: tuple[int, int]

    @classmethod
    def of(cls, page: Page, matrix: np.ndarray, bend: float = 0.0, lean: float = 0.0) -> _View:
        """The view that shows all of a page."""
        left, bottom, right, top = page
        centre = np.array([left + right, bottom + top]) / 2
        view = cls(centre, matrix, (right - left) / 2, bend, lean, (0, 0))
        along = np.linspace(left, right, 9)
        rim = view.pixels(np.concatenate([np.stack([along, np.full(9, y)], axis=1) for y in (bottom, top)]))
        low, high = rim.min(axis=0), rim.max(axis=0)
        move = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
        width, height = np.maximum(np.ceil(high - low), 4).astype(int).tolist()
        return cls(centre, move @ matrix, view.half, bend, lean, (width, height))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the page in pixels of the picture, float32."""
        centred = (points - self.centre) * (1, -1)
        if self.bend:
            along = centred[:, 0] / self.half
            centred[:, 1] += self.bend * along * (along + self.lean)
        return warp_points(centred, self.matrix)

    def drawn(self, shapes: tuple[Shape, ...]) -> np.ndarray:
        """The coverage of the shapes, (height, width) uint8."""
        width, height = self.size
        space = float(np.sqrt(abs(np.linalg.det(self.matrix[:2, :2]))))
        detail = max(2, round(_DETAIL / space))
        contours = [contour for shape in shapes for contour in shape]
        # cv2 puts pixel centres on whole numbers, and takes 28.4 fixed point
        points = self.pixels(np.concatenate(contours)) * (16 * detail) - 8
        pieces = np.split(np.round(points).astype(np.int32), np.cumsum([len(c) for c in contours])[:-1])
        canvas = np.zeros((height * detail, width * detail), np.uint8)
        place = iter(pieces)
        for shape in shapes:
            cv2.fillPoly(canvas, [next(place) for _ in shape], 255, cv2.LINE_8, 4)
        return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
