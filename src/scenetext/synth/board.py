"""A block of writing turned into coloured pixels: grounds, plates, pictures, ink with its shadow or outline."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .layout import Block, Panel, Part

# Colours that signs are made of; the rest is drawn at random.
_SIGN_COLOURS = np.array(
    [
        (250, 250, 248), (240, 238, 230), (20, 20, 22), (45, 45, 48), (0, 70, 150), (15, 95, 180), (0, 110, 70),
        (20, 140, 60), (200, 20, 30), (225, 40, 35), (250, 205, 20), (245, 140, 20), (110, 30, 110), (230, 60, 130),
        (120, 75, 40), (205, 190, 160), (150, 150, 150), (90, 175, 215),
    ]
)  # fmt: skip
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Manner:
    """How blocks are painted.

    contrast  the least difference of brightness between ink and ground, 0 to 1.
    effects   how often ink has a shadow, outline or depth, 0 to 1.
    """

    contrast: float = 0.2
    effects: float = 0.3


def sign_colour(rng: np.random.Generator) -> np.ndarray:
    """A colour (3,) float, 0 to 255, of which plates are made."""
    if rng.random() < 0.65:
        return np.clip(_SIGN_COLOURS[int(rng.integers(len(_SIGN_COLOURS)))] + rng.normal(0, 12, 3), 0, 255)
    return rng.uniform(0, 255) + rng.normal(0, 1, 3) * rng.uniform(0, 60)


def ink_colour(rng: np.random.Generator, ground: np.ndarray, contrast: float) -> np.ndarray:
    """A colour (3,) float whose brightness differs from the ground's by at least `contrast` (0 to 1)."""
    level = float(ground @ _LUMA)
    wanted = 255 * min(contrast, 0.5)
    for _ in range(6):
        choice = rng.random()
        if choice < 0.35:
            colour = np.full(3, 250.0) if level < 128 else np.full(3, 12.0)
            colour = colour + rng.normal(0, 10, 3)
        else:
            colour = sign_colour(rng)
        colour = np.clip(colour, 0, 255)
        if abs(float(colour @ _LUMA) - level) >= wanted:
            return colour
    return np.full(3, 255.0 if level < 128 else 0.0)


def paint_block(
    block: Block,
    rng: np.random.Generator,
    behind: np.ndarray,
    picture: np.ndarray | None,
    manner: Manner,
) -> np.ndarray:
    """The block as (height, width, 4) uint8: colours multiplied by opacity, and opacity.

    behind    (3,) mean colour of what the block will stand on.
    picture   a photo (H, W, 3) uint8 from which the block's picture boxes are cut.
    """
    canvas = np.zeros((block.height, block.width, 4), np.uint8)
    numbers = {panel.ground for panel in block.panels} | {part.ground for part in block.parts}
    plated = {panel.ground for panel in block.panels}
    exposure = 1.0 if rng.random() < 0.3 else float(np.clip((behind @ _LUMA + 60) / 170, 0.35, 1.0))
    grounds = {n: sign_colour(rng) * exposure if n in plated else behind for n in sorted(numbers)}
    inks = {n: [ink_colour(rng, grounds[n], manner.contrast) for _ in range(2)] for n in sorted(numbers)}
    opacity = rng.uniform(0.6, 0.95) if rng.random() < 0.12 else 1.0
    for panel in block.panels:
        _paint_panel(canvas, panel, grounds[panel.ground], inks[panel.ground][0], opacity, rng)
    for box in block.pictures:
        if picture is not None:
            _paint_picture(canvas, box, picture)
    effect = _choose_effect(rng, manner)
    for part in block.parts:
        colours = inks[part.ground]
        _paint_part(canvas, part, colours[int(part.accent)], grounds[part.ground], effect, rng)
    return canvas


def _paint_panel(
    canvas: np.ndarray,
    panel: Panel,
    colour: np.ndarray,
    border_colour: np.ndarray,
    opacity: float,
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = panel.box
    x0, y0 = max(0, int(left)), max(0, int(top))
    x1, y1 = min(canvas.shape[1], int(np.ceil(right))), min(canvas.shape[0], int(np.ceil(bottom)))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    mask = _rounded(y1 - y0, x1 - x0, panel.radius)
    shades = np.clip(colour + rng.normal(0, 7, (2, 2, 1)), 0, 255).astype(np.float32)  # light falls off
    paint = cv2.resize(shades, (x1 - x0, y1 - y0)).astype(np.uint8)
    window = canvas[y0:y1, x0:x1]
    over(window, paint, mask if opacity == 1 else (mask * opacity).astype(np.uint8))
    if panel.border > 0:
        inset = int(round(panel.border * rng.uniform(0, 1.5)))
        width = max(1, round(panel.border))
        h, w = y1 - y0 - 2 * inset, x1 - x0 - 2 * inset
        if min(h, w) > 4 * width:
            outer = _rounded(h, w, max(0.0, panel.radius - inset))
            inner = _rounded(h - 2 * width, w - 2 * width, max(0.0, panel.radius - inset - width))
            outer[width : h - width, width : w - width] -= np.minimum(
                inner, outer[width : h - width, width : w - width]
            )
            over(window[inset : inset + h, inset : inset + w], border_colour, outer)


def _rounded(height: int, width: int, radius: float) -> np.ndarray:
    """Coverage (height, width) uint8 of a rectangle with rounded corners."""
    radius = min(radius, height / 2, width / 2)
    if radius < 1:
        return np.full((height, width), 255, np.uint8)
    x = np.maximum(np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius), 0)
    y = np.maximum(np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius), 0)
    return np.asarray(np.clip(radius - np.hypot(x, y[:, None]) + 0.5, 0, 1) * 255).astype(np.uint8)


def _paint_picture(canvas: np.ndarray, box: tuple[int, int, int, int], picture: np.ndarray) -> None:
    left, top, right, bottom = box
    right, bottom = min(right, canvas.shape[1]), min(bottom, canvas.shape[0])
    if right - left < 2 or bottom - top < 2:
        return
    part = cv2.resize(picture, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    over(canvas[top:bottom, left:right], part, np.full(part.shape[:2], 255, np.uint8))


@dataclass(frozen=True, eq=False)
class _Effect:
    kind: str  # "", "shadow", "outline" or "depth"
    shift: tuple[int, int] = (0, 0)
    width: float = 0.0
    softness: float = 0.0
    opacity: float = 1.0


def _choose_effect(rng: np.random.Generator, manner: Manner) -> _Effect:
    if rng.random() >= manner.effects:
        return _Effect("")
    kind = ("shadow", "outline", "depth")[int(rng.choice(3, p=[0.5, 0.3, 0.2]))]
    return _Effect(
        kind,
        (int(rng.choice([-1, 1])), int(rng.choice([-1, 1, 1]))),
        rng.uniform(0.04, 0.12),
        rng.uniform(0, 0.05),
        rng.uniform(0.4, 0.9),
    )


def _paint_part(
    canvas: np.ndarray,
    part: Part,
    colour: np.ndarray,
    ground: np.ndarray,
    effect: _Effect,
    rng: np.random.Generator,
) -> None:
    line = part.size  # pixels that effects are measured by
    reach = min(6, max(1, round(effect.width * line))) if effect.kind and line >= 12 else 0
    if reach:
        under = np.pad(part.coverage, reach)
        if effect.kind == "outline":
            under = cv2.dilate(under, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
            second = ink_colour(rng, colour, 0.3)
        else:
            dx, dy = effect.shift[0] * reach, effect.shift[1] * reach
            if effect.kind == "depth":
                steps = [_shift(under, round(dx * i / reach), round(dy * i / reach)) for i in range(1, reach + 1)]
                under = np.maximum.reduce(steps)
                second = 0.55 * colour + 0.15 * ground
            else:
                under = _shift(under, dx, dy)
                if effect.softness > 0.02:
                    under = cv2.GaussianBlur(under, (0, 0), max(0.5, effect.softness * line))
                under = (under * effect.opacity).astype(np.uint8)
                second = 0.2 * ground
        _over_at(canvas, under, part.left - reach, part.top - reach, second)
    _over_at(canvas, part.coverage, part.left, part.top, colour)


def _shift(mask: np.ndarray, dx: int, dy: int) -> np.ndarray:
    moved = np.zeros_like(mask)
    h, w = mask.shape
    moved[max(0, dy) : h + min(0, dy), max(0, dx) : w + min(0, dx)] = mask[
        max(0, -dy) : h + min(0, -dy), max(0, -dx) : w + min(0, -dx)
    ]
    return moved


def _over_at(canvas: np.ndarray, mask: np.ndarray, left: int, top: int, colour: np.ndarray) -> None:
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(canvas.shape[1], left + mask.shape[1]), min(canvas.shape[0], top + mask.shape[0])
    if x1 > x0 and y1 > y0:
        over(canvas[y0:y1, x0:x1], colour, mask[y0 - top : y1 - top, x0 - left : x1 - left])


def over(window: np.ndarray, paint: np.ndarray, mask: np.ndarray) -> None:
    """Paint a colour (3,) or picture (h, w, 3), 0 to 255, over an RGBA window, where the mask (h, w) uint8 covers."""
    cover = mask.astype(np.uint16)[..., None]
    source = np.empty(window.shape, np.uint16)
    source[..., :3] = np.clip(paint, 0, 255).astype(np.uint16)
    source[..., 3] = 255
    window[...] = (window * (255 - cover) + source * cover + 127) // 255


def blend(scene: np.ndarray, layer: np.ndarray) -> None:
    """Lay an RGBA layer (premultiplied, as `paint_block` makes it) over a scene window (h, w, 3) uint8, in place."""
    keep = 255 - layer[..., 3:].astype(np.uint16)
    mixed = (scene * keep + 127) // 255 + layer[..., :3]
    scene[...] = np.minimum(mixed, 255)
