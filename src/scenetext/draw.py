"""What was read, drawn onto the photo, and where a model looked as it read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .geometry import bounds
from .rectify import crop_instance
from .types import Look, TextInstance

_OUTLINE = (0, 230, 118)
_LABEL = (20, 20, 20)
_INK = (255, 255, 255)

_PAPER = (245, 245, 245)
_DIM = (120, 120, 120)
_HEAT = np.array([(24, 20, 60), (190, 60, 70), (255, 235, 130)])  # from no weight to the most
_SHEET = 960  # columns of a sheet of looks
_CROP, _STRIP, _HEAD, _GAP = 56, 15, 24, 16  # rows of a crop, a letter, a title; between words
_MARGIN = 20  # columns that the letters stand in
_WIDEST = _SHEET - 2 * _GAP - _MARGIN

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


def draw_looks(image: np.ndarray, looks: Iterable[Look]) -> Image.Image:
    """A sheet with each word cut out, and below it a strip for each letter: bright where the model looked.

    image   (H, W, 3) uint8, which the looks are into.

    A strip is as wide as the word and shows the weights of its letter from left to right, as shares of the
    largest one. A title says the text and its score, and what was read where a lexicon made another text of
    it. Words stand in the order given, row by row.
    """
    nothing = _titled("no text", Image.new("RGB", (1, 1), _PAPER))
    return _sheet([_card(image, look) for look in looks] or [nothing])


def draw_weights(image: np.ndarray, weights: Iterable[tuple[str, np.ndarray]]) -> Image.Image:
    """A sheet with the image once for each map of weights, dark where little lies, below its title.

    image     (H, W, 3) uint8, which is reduced where it is large
    weights   titles and maps (h, w) over the whole image, whose brightest place is their largest weight
    """
    scale = min(1.0, (_SHEET - 3 * _GAP) / 2 / image.shape[1])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    photo = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)).astype(np.float32)
    cards = []
    for title, values in weights:
        smooth = Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
        share = np.clip(np.asarray(smooth) / max(float(values.max(initial=0)), 1e-12), 0, 1)
        colours = _heat(share.ravel()).reshape(photo.shape).astype(np.float32)
        body = Image.fromarray((0.45 * photo + 0.55 * colours).astype(np.uint8))
        cards.append(_titled(title, body))
    return _sheet(cards)


def _sheet(cards: Sequence[Image.Image]) -> Image.Image:
    """Cards row by row."""
    rows: list[list[Image.Image]] = [[]]
    for card in cards:
        if rows[-1] and sum(other.width + _GAP for other in rows[-1]) + card.width > _SHEET - 2 * _GAP:
            rows.append([])
        rows[-1].append(card)
    height = _GAP + sum(max(card.height for card in row) + _GAP for row in rows)
    width = max(sum(card.width + _GAP for card in row) for row in rows) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    top = _GAP
    for row in rows:
        left = _GAP
        for card in row:
            sheet.paste(card, (left, top))
            left += card.width + _GAP
        top += max(card.height for card in row) + _GAP
    return sheet


def _card(image: np.ndarray, look: Look) -> Image.Image:
    """A word, its strips and its title."""
    crop = Image.fromarray(crop_instance(image, look.region, max_height=2 * _CROP))
    width = min(max(1, round(crop.width * _CROP / crop.height)), _WIDEST)
    body = Image.new("RGB", (_MARGIN + width, _CROP + (_STRIP + 1) * len(look.letters) + 1), _PAPER)
    body.paste(crop.resize((width, _CROP), Image.Resampling.BICUBIC), (_MARGIN, 0))
    draw, font = ImageDraw.Draw(body), ImageFont.load_default(_STRIP - 2)
    for i, (letter, weights) in enumerate(zip(look.letters, look.weights, strict=True)):
        top = _CROP + 1 + (_STRIP + 1) * i
        strip = Image.fromarray(_heat(weights)[None]).resize((width, _STRIP), Image.Resampling.NEAREST)
        body.paste(strip, (_MARGIN, top))
        draw.text((0.6 * _MARGIN, top + _STRIP / 2), letter, fill=_LABEL, font=font, anchor="mm")
    text = " ".join((look.instance.text or "").split())
    read = "" if look.letters.lower() == text.lower() else f"  read: {look.letters}"
    return _titled(text, body, f"  {look.instance.score:.2f}{read}")


def _titled(title: str, body: Image.Image, note: str = "") -> Image.Image:
    """A picture below its title."""
    font = ImageFont.load_default(_STRIP)
    long = font.getlength(title)
    width = max(body.width, min(_MARGIN + math.ceil(long + font.getlength(note)), _MARGIN + _WIDEST))
    card = Image.new("RGB", (width, _HEAD + body.height), _PAPER)
    card.paste(body, (0, _HEAD))
    draw = ImageDraw.Draw(card)
    draw.text((_MARGIN, 2), title, fill=_LABEL, font=font)
    draw.text((_MARGIN + long, 2), note, fill=_DIM, font=font)
    return card


def _heat(weights: np.ndarray) -> np.ndarray:
    """Colours (n, 3) uint8 of weights (n,), the largest the brightest."""
    share = weights / max(float(weights.max(initial=0)), 1e-12)
    places = np.linspace(0, 1, len(_HEAT))
    return np.stack([np.interp(share, places, colour) for colour in _HEAT.T], axis=1).astype(np.uint8)
