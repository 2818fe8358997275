"""Colour for coverage: which colours meet on signs, and letters with borders, shadows, depth, textures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 255."""

_LUMA = np.array([0.299, 0.587, 0.114])
# (share, colour): paints of signs, posters and packages. Neutral ones lead, as they do in the street.
_SIGN_COLOURS: tuple[tuple[float, Colour], ...] = (
    (16, (248, 248, 246)), (6, (225, 222, 212)), (4, (160, 160, 160)), (3, (95, 98, 104)), (15, (18, 18, 20)),
    (6, (200, 25, 35)), (4, (140, 20, 30)), (7, (15, 60, 140)), (4, (40, 120, 200)), (3, (130, 190, 225)),
    (5, (0, 105, 70)), (3, (60, 160, 70)), (6, (250, 205, 25)), (3, (240, 130, 25)), (3, (240, 225, 160)),
    (3, (110, 70, 40)), (3, (190, 150, 95)), (2, (100, 40, 120)), (2, (225, 70, 140)), (2, (0, 140, 150)),
)  # fmt: skip
_SHARES = np.cumsum([share for share, _ in _SIGN_COLOURS]) / sum(share for share, _ in _SIGN_COLOURS)


@dataclass(frozen=True)
class Style:
    """How letters are painted. Lengths are in units of the text's height; None leaves an effect out.

    fill        colour of the letters.
    second      the colour that `fill` runs into, along `angle` (degrees, 0: to the right, 90: downwards).
    texture     how much of a given texture shows in the letters, 0 to 1.
    opacity     of the letters, 0 to 1.
    border      colour of an outline, `border_width` wide; `hollow` leaves only the outline.
    depth       colour of the flank of raised letters, drawn along `shift`.
    shadow      colour of a shadow at `shift`, blurred by `softness`.
    glow        colour of a halo.
    emboss      strength of light and dark edges within the letters, -1 (engraved) to 1 (raised).
    dots        letters made of lamps.
    """

    fill: Colour
    second: Colour | None = None
    angle: float = 90.0
    texture: float = 0.0
    opacity: float = 1.0
    border: Colour | None = None
    border_width: float = 0.06
    hollow: bool = False
    depth: Colour | None = None
    shadow: Colour | None = None
    shift: tuple[float, float] = (0.08, 0.08)
    softness: float = 0.0
    glow: Colour | None = None
    emboss: float = 0.0
    dots: bool = False


def sign_colour(rng: np.random.Generator) -> Colour:
    """A colour as signs are painted, never twice the same."""
    if rng.random() < 0.06:
        return _as_colour(rng.uniform(0, 255, size=3))
    _, colour = _SIGN_COLOURS[int(np.searchsorted(_SHARES, rng.random()))]
    return shaded(colour, float(rng.normal(0, 12)), rng.normal(0, 9, size=3))


def shaded(colour: Colour, light: float, cast: np.ndarray | None = None) -> Colour:
    """A colour made lighter (darker if negative), with an optional shift of each channel."""
    values = np.asarray(colour) + light
    return _as_colour(values if cast is None else values + cast)


def contrasting_colour(rng: np.random.Generator, ground: Colour) -> Colour:
    """A sign colour that stands out from the ground: mostly much, at times so little that it reads badly."""
    wanted = float(rng.uniform(25, 60) if rng.random() < 0.15 else rng.uniform(60, 150))
    best, farthest = ground, -1.0
    if rng.random() < 0.3:  # white on dark and black on light come first
        ink = (250.0, 250.0, 248.0) if float(np.dot(_LUMA, ground)) < 140 else (15.0, 15.0, 18.0)
        return shaded(ink, float(rng.normal(0, 20)), rng.normal(0, 4, size=3))
    for _ in range(6):
        colour = sign_colour(rng)
        distance = contrast(colour, ground)
        if distance >= wanted:
            return colour
        if distance > farthest:
            best, farthest = colour, distance
    if farthest >= 25:
        return best
    return (245.0, 245.0, 245.0) if float(np.dot(_LUMA, ground)) < 128 else (15.0, 15.0, 15.0)


def contrast(a: Colour, b: Colour) -> float:
    """How well one colour can be read on another, 0 to about 300: the difference in luma, and some of hue."""
    difference = np.asarray(a) - np.asarray(b)
    luma = float(difference @ _LUMA)
    return abs(luma) + 0.3 * float(np.linalg.norm(difference - luma))


def draw_style(rng: np.random.Generator, ground: Colour) -> Style:
    """A random style that can be read on a ground of that mean colour; more than half are plain letters."""
    fill = contrasting_colour(rng, ground)
    plain = rng.random() < 0.55
    if plain:
        return Style(fill, opacity=float(rng.uniform(0.8, 1.0)) if rng.random() < 0.2 else 1.0)
    angle = float(rng.uniform(0, 2 * np.pi))
    reach = float(rng.uniform(0.03, 0.14))
    chance = rng.random(8)
    dark = shaded(fill, -float(rng.uniform(60, 140)))
    return Style(
        fill,
        second=_second(rng, fill, ground) if chance[0] < 0.3 else None,
        angle=(0.0, 45.0, 90.0, 90.0, 90.0, 180.0, 270.0)[int(rng.integers(7))],
        texture=float(rng.uniform(0.2, 0.8)) if chance[1] < 0.15 else 0.0,
        opacity=float(rng.uniform(0.55, 0.95)) if chance[2] < 0.15 else 1.0,
        border=contrasting_colour(rng, fill) if chance[3] < 0.25 else None,
        border_width=float(rng.uniform(0.03, 0.11)),
        hollow=bool(chance[3] < 0.03),
        depth=dark if chance[4] < 0.18 else None,
        shadow=_as_colour(rng.uniform(0, 60, size=3)) if chance[5] < 0.3 else None,
        shift=(reach * float(np.cos(angle)), reach * float(np.sin(angle))),
        softness=max(0.0, float(rng.uniform(-0.1, 0.1))),
        glow=shaded(fill, float(rng.uniform(0, 80))) if chance[6] < 0.08 else None,
        emboss=float(rng.uniform(-1, 1)) if chance[7] < 0.15 else 0.0,
        dots=bool(chance[7] > 0.985),
    )


def paint(
    ground: np.ndarray, alpha: np.ndarray, style: Style, height: float, texture: np.ndarray | None = None
) -> np.ndarray:
    """Lay letters on a ground.

    ground      (h, w, 3) uint8 RGB.
    alpha       (h, w) uint8, coverage; effects that would reach outside it are cut off.
    height      of the letters in pixels, the unit of the style's lengths.
    texture     (h, w, 3) uint8, what `style.texture` mixes into the letters.
    Returns a new (h, w, 3) uint8 array.
    """
    canvas = np.ascontiguousarray(ground.transpose(2, 0, 1), dtype=np.float32)  # planes: fast to blend
    letters = _dotted(alpha, height) if style.dots else alpha
    border = max(1, round(style.border_width * height)) if style.border is not None else 0
    body = _grown(letters, border) if border else letters
    dx, dy = style.shift[0] * height, style.shift[1] * height
    if style.glow is not None:
        halo = cv2.GaussianBlur(_grown(body, max(1, round(0.06 * height))), (0, 0), max(0.6, 0.13 * height))
        _over(canvas, halo, style.glow, 0.8)
    if style.shadow is not None:
        shadow = shifted(body, round(dx), round(dy))
        if style.softness > 0:
            shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.3, style.softness * height))
        _over(canvas, shadow, style.shadow, 0.65)
    if style.depth is not None:
        _over(canvas, _extruded(body, dx, dy), style.depth, 1.0)
    if style.border is not None:
        _over(canvas, cv2.subtract(body, letters) if style.hollow else body, style.border, 1.0)
    if not style.hollow or style.border is None:
        _over(canvas, letters, _filling(style, letters, height, texture), style.opacity)
    return np.clip(canvas, 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


def gradient(height: int, width: int, start: Colour, end: Colour, angle: float) -> np.ndarray:
    """(3, height, width) float32: one colour running into another along `angle` degrees (90: downwards)."""
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(np.radians(angle)))
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(np.radians(angle)))
    ramp = y[:, None] + x[None, :]
    low, high = float(ramp.min()), float(ramp.max())
    ramp = (ramp - low) / max(high - low, 1e-6)
    first, last = np.asarray(start, dtype=np.float32), np.asarray(end, dtype=np.float32)
    planes: np.ndarray = first[:, None, None] + (last - first)[:, None, None] * ramp
    return planes


def shifted(alpha: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """Coverage moved right by dx and down by dy pixels; what enters is blank."""
    height, width = alpha.shape
    moved = np.zeros_like(alpha)
    if abs(dx) < width and abs(dy) < height:
        moved[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = alpha[
            max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)
        ]
    return moved


def _as_colour(values: np.ndarray) -> Colour:
    red, green, blue = np.clip(values, 0, 255).tolist()
    return red, green, blue


def _second(rng: np.random.Generator, fill: Colour, ground: Colour) -> Colour:
    """Where a gradient may end: a shade of the fill, or another colour if that can be read as well."""
    if rng.random() < 0.4:
        other = contrasting_colour(rng, ground)
        if contrast(other, ground) > 50:
            return other
    light = float(rng.uniform(30, 110))
    return shaded(fill, light if float(np.dot(_LUMA, fill)) > float(np.dot(_LUMA, ground)) else -light)


def _over(canvas: np.ndarray, mask: np.ndarray, colour: Colour | np.ndarray, opacity: float) -> None:
    """Blend a colour, or planes (3, h, w), onto the planes of a canvas, in place, where the mask covers."""
    cover = mask.astype(np.float32)
    cover *= np.float32(opacity / 255)
    paint_planes = colour if isinstance(colour, np.ndarray) else np.array(colour, np.float32)[:, None, None]
    difference = paint_planes - canvas
    difference *= cover
    canvas += difference


def _grown(alpha: np.ndarray, radius: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(alpha, kernel)


def _extruded(alpha: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The coverage swept along (dx, dy)."""
    steps = max(1, round(max(abs(dx), abs(dy))))
    swept = alpha
    for i in range(1, steps + 1):
        swept = np.maximum(swept, shifted(alpha, round(dx * i / steps), round(dy * i / steps)))
    return swept


def _dotted(alpha: np.ndarray, height: float) -> np.ndarray:
    """Letters broken up into round lamps."""
    period = max(3.0, height / 11)
    y, x = (np.arange(n, dtype=np.float32) / np.float32(period) * np.float32(2 * np.pi) for n in alpha.shape)
    lamps = np.clip(0.75 + np.sin(y)[:, None] * 0.6 + np.sin(x)[None, :] * 0.6, 0, 1)
    return np.asarray(alpha * lamps, dtype=np.uint8)


def _filling(
    style: Style, letters: np.ndarray, height: float, texture: np.ndarray | None
) -> Colour | np.ndarray:
    """The colour of the letters, or planes (3, h, w) where it varies."""
    varies = style.second is not None or style.emboss or (style.texture and texture is not None)
    if not varies:
        return style.fill
    rows, columns = letters.shape
    second = style.second if style.second is not None else style.fill
    planes = gradient(rows, columns, style.fill, second, style.angle)
    if style.texture and texture is not None:
        # only its light and dark: colours of a photo would hide the letters
        grey = cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        planes += (grey - grey.mean()) * np.float32(style.texture)
    if style.emboss:
        soft = cv2.GaussianBlur(letters, (0, 0), max(0.5, 0.04 * height)).astype(np.float32)
        relief = cv2.filter2D(soft, -1, np.array([[1, 1, 0], [1, 0, -1], [0, -1, -1]], np.float32))
        planes -= relief * np.float32(0.3 * style.emboss)
    return planes
