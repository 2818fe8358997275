"""Overlays: what was read, drawn onto the photo."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .geometry import bounds
from .types import TextInstance

_OUTLINE = (0, 230, 118)
_LABEL = (20, 20, 20)
_INK = (255, 255, 255)

Box = tuple[float, float, float, float]


def draw_instances(image: np.ndarray, instances: Iterable[TextInstance]) -> Image.Image:
    """The image with the outline of every instance and its text on a label beside it.

    image   (H, W, 3) uint8; it is not changed. Line widths and letters grow with the image. Labels keep clear
    of one another where there is room.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    unit = max(1.0, min(picture.size) / 360)
    instances = list(instances)
    for instance in instances:
        outline = [(float(x), float(y)) for x, y in instance.polygon]
        # a dark line around the bright one shows on any background
        draw.line([*outline, outline[0]], fill=_LABEL, width=round(2.6 * unit), joint="curve")
        draw.line([*outline, outline[0]], fill=_OUTLINE, width=max(1, round(1.2 * unit)), joint="curve")
        x, y = outline[0]
        draw.circle((x, y), 1.8 * unit, fill=_OUTLINE, outline=_LABEL)  # where reading starts
    words = np.array([bounds(instance.polygon) for instance in instances]).reshape(-1, 4)
    taken: list[Box] = []
    for instance in instances:
        if instance.text:
            taken.append(_label(draw, picture.size, instance, unit, words, np.array(taken).reshape(-1, 4)))
    return picture


def _label(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    instance: TextInstance,
    unit: float,
    words: np.ndarray,
    taken: np.ndarray,
) -> Box:
    """Draws one label where it hides least of other labels and of words; returns its box."""
    left, top, right, bottom = bounds(instance.polygon)
    height = min(max(0.6 * (bottom - top), 9 * unit), 16 * unit)
    font = ImageFont.load_default(height)
    text = " ".join((instance.text or "").split())
    x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
    margin = 0.2 * height
    w, h = x1 - x0 + 2 * margin, y1 - y0 + 2 * margin
    gap = 2 * unit
    places = [
        (left, top - h - gap),
        (left, bottom + gap),
        (right + gap, top),
        (left - w - gap, top),
        (left, top),
    ]
    boxes = []
    for x, y in places:
        x, y = min(max(x, 0), max(0, size[0] - w)), min(max(y, 0), max(0, size[1] - h))
        boxes.append((x, y, x + w, y + h))
    best = min(boxes, key=lambda box: _shared(box, taken) + 0.5 * _shared(box, words))
    draw.rounded_rectangle(best, radius=margin, fill=_LABEL)
    draw.text((best[0] + margin - x0, best[1] + margin - y0), text, fill=_INK, font=font)
    return best


def _shared(box: Box, others: np.ndarray) -> float:
    """The area that a box shares with boxes (n, 4), summed."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    return float(np.clip(high - low, 0, None).prod(axis=1).sum())
