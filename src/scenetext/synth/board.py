"""A block of writing turned into coloured pixels: plates, pictures, letters in the styles of `paint`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..geometry import box_polygon, warp_points
from .block import Block, Panel, Part
from .paint import Colour, Style, contrast, draw_style, gradient, paint, shaded, sign_colour
from .pose import shifted

_HALF_IN = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
_REACH = 0.35  # of the letters' height: how far shadows and halos may reach
_LEAST_FANCY = 13.0  # pixels; lower letters are painted plainly, for effects would only smear them


@dataclass(frozen=True)
class Manner:
    """How blocks are painted.

    contrast  the least difference between letters and ground, 0 to 0.5 (see `paint.contrast`, which has 255).
    effects   how often letters may have more than a colour: shadow, outline, depth, gradient; 0 to 1.
    """

    contrast: float = 0.2
    effects: float = 0.7


def draw_letters_style(rng: np.random.Generator, ground: Colour, manner: Manner) -> Style:
    """A style whose fill stands out from the ground by at least `manner.contrast`."""
    wanted = 255 * manner.contrast
    for _ in range(8):
        style = draw_style(rng, ground)
        if contrast(style.fill, ground) >= wanted:
            break
    else:
        dark = sum(ground) < 384
        style = Style((250.0, 250.0, 250.0) if dark else (10.0, 10.0, 10.0))
    if rng.random() >= manner.effects:
        return Style(style.fill)
    if style.second is not None and contrast(style.second, ground) < wanted:
        style = replace(style, second=None)
    if manner.contrast > 0.25:  # what would fade the letters
        style = replace(style, opacity=1.0, texture=0.0, hollow=False, dots=False)
    return style


def paint_block(
    block: Block,
    rng: np.random.Generator,
    behind: np.ndarray,
    picture: np.ndarray | None,
    manner: Manner,
) -> np.ndarray:
    """The block as (height, width, 4) uint8: colours multiplied by coverage, and coverage.

    behind    (height, width, 3) uint8: the scene as seen through the block, what it is painted on.
    picture   a photo (H, W, 3) uint8 for the block's picture boxes and for the texture of letters.
    """
    canvas = behind.copy()
    covered = np.zeros(behind.shape[:2], np.uint8)
    numbers = sorted({panel.ground for panel in block.panels} | {part.ground for part in block.parts})
    light = float(behind.mean())
    # Signs share the light of their surroundings, but for those that are lit themselves.
    exposure = 1.0 if rng.random() < 0.35 else float(np.clip((light + 70) / 180, 0.4, 1.0))
    plated = {panel.ground for panel in block.panels}
    around = _colour_of(behind.reshape(-1, 3).mean(axis=0))
    grounds = {n: _dimmed(sign_colour(rng), exposure) if n in plated else around for n in numbers}
    styles = {n: [draw_letters_style(rng, grounds[n], manner) for _ in range(2)] for n in numbers}
    opacity = float(rng.uniform(0.6, 0.95)) if rng.random() < 0.1 else 1.0
    for panel in block.panels:
        _paint_panel(
            canvas, covered, panel, grounds[panel.ground], styles[panel.ground][0].fill, opacity, rng
        )
    for box in block.pictures:
        if picture is not None:
            _paint_picture(canvas, box, picture)
    for part in block.parts:
        _paint_part(canvas, covered, part, styles[part.ground][int(part.accent)], picture)
    return np.dstack([cv2.multiply(canvas, cv2.merge([covered] * 3), scale=1 / 255), covered])


def _colour_of(values: np.ndarray) -> Colour:
    red, green, blue = (float(v) for v in values)
    return red, green, blue


def _dimmed(colour: Colour, exposure: float) -> Colour:
    return colour[0] * exposure, colour[1] * exposure, colour[2] * exposure


def _paint_panel(
    canvas: np.ndarray,
    covered: np.ndarray,
    panel: Panel,
    colour: Colour,
    border_colour: Colour,
    opacity: float,
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = panel.box
    x0, y0 = max(0, int(left)), max(0, int(top))
    x1, y1 = min(canvas.shape[1], int(np.ceil(right))), min(canvas.shape[0], int(np.ceil(bottom)))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    mask = _rounded(y1 - y0, x1 - x0, panel.radius)
    change = float(rng.normal(0, 14 if rng.random() < 0.8 else 40))  # light falls off; a few are graded
    angle = float(rng.uniform(0, 360))
    planes = gradient(y1 - y0, x1 - x0, shaded(colour, change / 2), shaded(colour, -change / 2), angle)
    colours = np.clip(planes.transpose(1, 2, 0), 0, 255).astype(np.uint8)
    window = canvas[y0:y1, x0:x1]
    np.maximum(covered[y0:y1, x0:x1], mask, out=covered[y0:y1, x0:x1])
    if opacity < 1:
        colours = cv2.addWeighted(colours, opacity, window, 1 - opacity, 0)
    window[...] = np.where(mask[..., None] > 0, colours, window)
    if panel.border > 0:
        inset, width = round(panel.border * rng.uniform(0, 1.5)), max(1, round(panel.border))
        h, w = y1 - y0 - 2 * inset, x1 - x0 - 2 * inset
        if min(h, w) > 4 * width:
            rim = _rounded(h, w, max(0.0, panel.radius - inset))
            hole = _rounded(h - 2 * width, w - 2 * width, max(0.0, panel.radius - inset - width))
            inner = rim[width : h - width, width : w - width]
            inner[...] = cv2.subtract(inner, hole)
            inside = window[inset : inset + h, inset : inset + w]
            inside[...] = paint(inside, rim, Style(border_colour), 1.0)


def _rounded(height: int, width: int, radius: float) -> np.ndarray:
    """Coverage (height, width) uint8 of a rectangle with rounded corners."""
    radius = min(radius, height / 2, width / 2)
    if radius < 1:
        return np.full((height, width), 255, np.uint8)
    x = np.maximum(np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius), 0)
    y = np.maximum(np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius), 0)
    coverage: np.ndarray = np.clip(radius - np.hypot(x, y[:, None]) + 0.5, 0, 1) * 255
    return coverage.astype(np.uint8)


def _paint_picture(canvas: np.ndarray, box: tuple[int, int, int, int], picture: np.ndarray) -> None:
    left, top, right, bottom = box
    right, bottom = min(right, canvas.shape[1]), min(bottom, canvas.shape[0])
    if right - left >= 2 and bottom - top >= 2:
        canvas[top:bottom, left:right] = cv2.resize(picture, (right - left, bottom - top))


def _paint_part(
    canvas: np.ndarray, covered: np.ndarray, part: Part, style: Style, picture: np.ndarray | None
) -> None:
    height = part.size
    if height < _LEAST_FANCY:
        style = Style(style.fill)
    plain = style == Style(style.fill)
    reach = 0 if plain else int(np.ceil(_REACH * height))
    h, w = part.coverage.shape
    y0, x0 = max(0, part.top - reach), max(0, part.left - reach)
    y1, x1 = min(canvas.shape[0], part.top + h + reach), min(canvas.shape[1], part.left + w + reach)
    if y1 <= y0 or x1 <= x0:
        return
    # the coverage, padded for the reach of effects, cut to the canvas
    alpha = np.pad(part.coverage, reach)[
        y0 - part.top + reach : y1 - part.top + reach, x0 - part.left + reach : x1 - part.left + reach
    ]
    window = canvas[y0:y1, x0:x1]
    texture = None
    if style.texture and picture is not None:
        texture = cv2.resize(picture, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    painted = paint(window, alpha, style, height, texture)
    # Letters are blended with what is behind already, so every pixel they touch is covered whole.
    touched = alpha if plain else np.maximum(alpha, cv2.absdiff(painted, window).max(axis=2))
    covered[y0:y1, x0:x1][touched > 0] = 255
    window[...] = painted


def lay(
    scene: np.ndarray,
    block: Block,
    matrix: np.ndarray,
    rng: np.random.Generator,
    picture: np.ndarray | None,
    manner: Manner,
    blur: float,
) -> None:
    """Paint a block onto a scene (h, w, 3) uint8, in place, through a 3x3 matrix to the scene's pixels.

    blur    of the block alone, standard deviation in pixels.
    """
    height, width = scene.shape[:2]
    quad = warp_points(box_polygon(0, 0, block.width, block.height), matrix)
    left, top = np.clip(np.floor(quad.min(axis=0)).astype(int), 0, (width, height)).tolist()
    right, bottom = np.clip(np.ceil(quad.max(axis=0)).astype(int), 0, (width, height)).tolist()
    window = scene[top:bottom, left:right]
    if not window.size:
        return
    # cv2 has pixel centres at whole numbers, we have them at halves
    to_window = shifted(shifted(matrix, -left, -top) @ _HALF_IN, -0.5, -0.5)
    behind = cv2.warpPerspective(
        window,
        to_window,
        (block.width, block.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    painted = paint_block(block, rng, behind, picture, manner)
    layer = cv2.warpPerspective(painted, to_window, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    if blur > 0.3:
        layer = cv2.GaussianBlur(layer, (0, 0), blur)
    keep = 255 - layer[..., 3:].astype(np.uint16)
    window[...] = np.minimum((window * keep + 127) // 255 + layer[..., :3], 255)
