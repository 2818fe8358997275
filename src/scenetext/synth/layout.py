"""What stands on a sign, and where: words, lines, paragraphs, boards, labels, stamps.

A layout is a function (writer, budget) -> Block, where budget is how many words may be written. It fixes
shapes only; colours come later, when it is known what the block stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .block import Block, Panel, Part, bare, boarded, moved, on_line, stack
from .marks import PICTOGRAMS, draw_mark
from .writer import Line, Writer


def _maybe_boarded(writer: Writer, parts: Sequence[Part], width: int, height: int, size: float) -> Block:
    if writer.rng.random() < writer.plates:
        return boarded(writer, parts, width, height, size * writer.rng.uniform(0.25, 0.9))
    return bare(parts, width, height)


def _icon(writer: Writer, size: int, ground: int = 0, accent: bool = False) -> Part:
    kind = PICTOGRAMS[int(writer.rng.integers(len(PICTOGRAMS)))]
    return Part(draw_mark(kind, writer.rng, size, size), 0, 0, ground, accent)


def single_word(writer: Writer, budget: int) -> Block:
    """One word."""
    size = writer.size()
    line = writer.line(writer.texts(1), size)
    return _maybe_boarded(writer, *stack([line], 0, [0]), size)


def big_word(writer: Writer, budget: int) -> Block:
    """One or two large words, as over a shop's door."""
    size = writer.size(0.7, 1.0)
    line = writer.line(writer.texts(min(budget, int(writer.rng.integers(1, 3)))), size)
    return _maybe_boarded(writer, *stack([line], 0, [0]), size)


def word_line(writer: Writer, budget: int) -> Block:
    """Two to five words in a row, at times beside a pictogram."""
    size = writer.size(0.05, 0.9)
    line = writer.line(writer.texts(min(budget, int(writer.rng.integers(2, 6)))), size)
    parts, width, height = stack([line], 0, [0])
    if writer.rng.random() < 0.2:
        icon = _icon(writer, height)
        parts = [icon, *moved(parts, 1.3 * height, 0)]
        width += int(1.3 * height)
    return _maybe_boarded(writer, parts, width, height, size)


def paragraph(writer: Writer, budget: int) -> Block:
    """Two to six lines, of one size or with a larger head, left-aligned or centred."""
    rng = writer.rng
    size = writer.size(0.0, 0.75)
    per_line = int(rng.integers(1, 5))
    count = max(1, min(int(rng.integers(2, 7)), budget // per_line))
    return _maybe_boarded(writer, *_paragraph(writer, size, count, per_line, budget), size)


def _paragraph(
    writer: Writer, size: float, count: int, per_line: int, budget: int
) -> tuple[list[Part], int, int]:
    """At most `count` lines of about `per_line` words, `budget` in all: (parts, width, height)."""
    rng = writer.rng
    rows: list[list[str]] = []
    for _ in range(count):
        wanted = min(max(1, per_line + int(rng.integers(-1, 2))), budget - sum(map(len, rows)))
        if wanted > 0:
            rows.append(writer.texts(wanted))
    count = len(rows)
    font = writer.font([text for row in rows for text in row])
    varied = rng.random() < 0.4
    lines = []
    for i, row in enumerate(rows):
        scale = rng.uniform(0.6, 1.5) if varied else (rng.uniform(1.2, 2.0) if i == 0 and count > 2 else 1.0)
        lines.append(writer.line(row, size * scale, font))
    gaps = [rng.uniform(0.2, 0.9) * size] * count
    accents = [
        (varied and rng.random() < 0.4) or (i == 0 and not varied and rng.random() < 0.4)
        for i in range(count)
    ]
    return stack(lines, float(rng.choice([0.0, 0.0, 0.5, 0.5, 1.0])), gaps, accents=accents)


def sign(writer: Writer, budget: int) -> Block:
    """A board: a head, lines below, perhaps a stripe of another colour and a pictogram."""
    rng = writer.rng
    size = writer.size(0.0, 0.75)
    head = writer.line(writer.texts(min(budget, int(rng.integers(1, 4)))), size * rng.uniform(1.3, 2.2))
    rest = max(0, budget - len(head.words))
    per_line = int(rng.integers(1, 5))
    count = min(int(rng.integers(1, 5)), rest // per_line)
    striped = rng.random() < 0.4
    top, width, top_height = stack([head], 0, [0], ground=1 if striped else 0, accents=[rng.random() < 0.4])
    gap = size * rng.uniform(0.5, 1.2)
    if count:
        body, body_width, body_height = _paragraph(writer, size, count, per_line, rest)
    else:
        body, body_width, body_height = [_icon(writer, int(2 * size))], int(2 * size), int(2 * size)
    full = max(width, body_width)
    align = float(rng.choice([0.0, 0.5]))
    parts = moved(top, align * (full - width), 0) + moved(body, align * (full - body_width), top_height + gap)
    icons_height = 0
    if rng.random() < 0.3:
        side = int(size * rng.uniform(1.0, 2.5))
        row = [_icon(writer, side) for _ in range(int(rng.integers(1, 4)))]
        y = top_height + gap + body_height + gap
        fits = [icon for i, icon in enumerate(row) if (i + 1) * 1.5 * side <= full]
        parts += [moved([icon], i * 1.5 * side, y)[0] for i, icon in enumerate(fits)]
        icons_height = int(gap + side) if fits else 0
    block = boarded(writer, parts, full, int(top_height + gap + body_height + icons_height), gap)
    if striped:
        stripe = min(p.top for p in moved(top, 0, 0)) + block.parts[0].top + top_height + gap / 2
        panel = replace(block.panels[0], radius=0.0)
        return replace(block, panels=(panel, Panel((0, 0, block.width, stripe), 1)))
    return block


def directions(writer: Writer, budget: int) -> Block:
    """A direction board: rows of an arrow or pictogram and words, on one or several colours."""
    rng = writer.rng
    size = writer.size(0.05, 0.8)
    count = max(1, min(int(rng.integers(1, 6)), budget // 2))
    coloured = rng.random() < 0.3
    arrow_first, pad = rng.random() < 0.7, size * rng.uniform(0.3, 0.8)
    rows: list[tuple[Part, Line]] = []
    texts = [writer.texts(max(1, min(budget // count, int(rng.integers(1, 4))))) for _ in range(count)]
    font = writer.font([text for row in texts for text in row])
    for i, row in enumerate(texts):
        ground = i if coloured else 0
        icon = draw_mark("arrow" if rng.random() < 0.7 else "person", rng, int(size * 1.2), int(size * 1.2))
        rows.append((Part(icon, 0, 0, ground), writer.line(row, size, font)))
    row_height = max(max(line.height for _, line in rows), int(size * 1.2)) + 2 * pad
    width = max(line.width for _, line in rows) + 1.2 * size + 3 * pad
    parts, panels = [], []
    for i, (arrow, line) in enumerate(rows):
        y = i * row_height
        icon_x, text_x = (pad, 1.2 * size + 2 * pad) if arrow_first else (width - pad - 1.2 * size, pad)
        parts += moved([arrow], icon_x, y + (row_height - arrow.coverage.shape[0]) / 2)
        parts.append(on_line(line, text_x, y + (row_height - line.height) / 2, arrow.ground))
        panels.append(Panel((0, y, width, y + row_height), arrow.ground, 0, 1.0 if coloured else 0))
    if not coloured:
        border = max(1.0, size * 0.08) if rng.random() < 0.5 else 0.0
        panels = [Panel((0, 0, width, count * row_height), 0, pad * rng.uniform(0, 1), border)]
    return Block(int(width), int(count * row_height), tuple(parts), tuple(panels))


def column(writer: Writer, budget: int) -> Block:
    """Shop signs above each other, each on a plate of its own colour."""
    rng = writer.rng
    size = writer.size(0.1, 0.85)
    count = max(1, min(int(rng.integers(2, 6)), budget))
    lines = [
        writer.line(writer.texts(1 if rng.random() < 0.7 or budget < 2 * count else 2), size)
        for _ in range(count)
    ]
    pad = size * rng.uniform(0.2, 0.6)
    width = max(line.width for line in lines) + 2 * pad
    parts, panels, y = [], [], 0.0
    for i, line in enumerate(lines):
        height = line.height + 2 * pad
        panels.append(Panel((0, y, width, y + height), i, 0.0, 1.0 if rng.random() < 0.3 else 0.0))
        parts.append(on_line(line, (width - line.width) / 2, y + pad, i))
        y += height + (rng.uniform(0, 0.3) * size if rng.random() < 0.5 else 0.0)
    return Block(int(width), int(y), tuple(parts), tuple(panels))


def product_label(writer: Writer, budget: int) -> Block:
    """A package: a brand in large letters, a stripe, small print, perhaps a bar code."""
    rng = writer.rng
    size = writer.size(0.0, 0.5)
    brand = writer.line(writer.texts(1), size * rng.uniform(1.8, 3.0))
    parts, width, height = stack([brand], 0, [0], ground=1, accents=[rng.random() < 0.3])
    count = min(int(rng.integers(1, 5)), (budget - 1) // 2)
    gap = size * rng.uniform(0.6, 1.5)
    stripe = height + gap / 2
    if count > 0:
        body, body_width, body_height = _paragraph(writer, size, count, 2, budget - 1)
        full = max(width, body_width)
        parts = moved(parts, (full - width) / 2, 0) + moved(body, (full - body_width) / 2, height + gap)
        width, height = full, int(height + gap + body_height)
    if rng.random() < 0.5:
        code_h, code_w = int(size * rng.uniform(1, 2.5)), int(width * rng.uniform(0.3, 0.7))
        code = draw_mark("barcode" if rng.random() < 0.7 else "matrix", rng, code_h, max(8, code_w))
        parts.append(Part(code, int((width - code.shape[1]) * rng.uniform()), int(height + gap)))
        height = int(height + gap + code_h)
    block = boarded(writer, parts, width, height, gap)
    panel = replace(block.panels[0], radius=0.0)
    return replace(block, panels=(panel, Panel((0, 0, block.width, block.parts[0].top + stripe), 1)))


def number_plate(writer: Writer, budget: int) -> Block:
    """The plate of a car: a few letters and digits on a bordered plate."""
    rng = writer.rng
    size = writer.size(0.1, 0.8)
    letters, digits = "ABCDEFGHJKLMNPRSTUVWXYZ", "0123456789"
    forms = ("LLL DDDD", "LLDDLLL", "LL DD LL DDDD", "DDD LLL", "L DDDD LL", "LLL-DDDD")
    form = forms[int(rng.integers(len(forms)))]
    pick = {"L": letters, "D": digits}
    text = "".join(pick[c][int(rng.integers(len(pick[c])))] if c in pick else c for c in form)
    words = text.split()
    if len(words) > budget:
        words = ["".join(words)]
    parts, width, height = stack([writer.line(words, size)], 0, [0])
    block = boarded(writer, parts, width, height, size * 0.35)
    return replace(
        block,
        panels=(replace(block.panels[0], radius=size * 0.15, border=max(1.0, size * rng.uniform(0, 0.1))),),
    )


def price_tag(writer: Writer, budget: int) -> Block:
    """A price in large figures, a small line above or below."""
    rng = writer.rng
    size = writer.size(0.1, 0.8)
    whole = int(10 ** rng.uniform(0, 3))
    cents = f".{rng.choice(['00', '50', '90', '95', '99'])}" if rng.random() < 0.6 else ""
    price = f"{rng.choice(['$', '$', 'S$', ''])}{whole}{cents}"
    if rng.random() < 0.15:
        price = f"{int(rng.integers(1, 10)) * 10}%"
    lines = [writer.line([price], size)]
    if budget > 1 and rng.random() < 0.7:
        small = writer.line(
            writer.texts(min(budget - 1, int(rng.integers(1, 4)))), size * rng.uniform(0.3, 0.7)
        )
        lines = [small, lines[0]] if rng.random() < 0.5 else [lines[0], small]
    stacked = stack(lines, 0.5, [size * 0.3], accents=[True, False])
    return boarded(writer, *stacked, size * rng.uniform(0.2, 0.6))


def poster(writer: Writer, budget: int) -> Block:
    """An advertisement: a picture, a large line over or under it, small print."""
    rng = writer.rng
    size = writer.size(0.0, 0.5)
    head = writer.line(writer.texts(min(budget, int(rng.integers(1, 3)))), size * rng.uniform(1.5, 3.5))
    count = min(int(rng.integers(0, 5)), max(0, budget - len(head.words)) // 2)
    body, body_width, body_height = (
        _paragraph(writer, size, count, 2, budget - len(head.words)) if count else ([], 0, 0)
    )
    gap = size * rng.uniform(0.6, 1.4)
    width = int(max(head.width, body_width) * rng.uniform(1.0, 1.4))
    picture_height = int(width * rng.uniform(0.4, 1.2))
    parts, y, picture_top = [], 0.0, 0.0
    for piece in (["head", "picture", "body"], ["picture", "head", "body"], ["body", "picture", "head"])[
        int(rng.integers(3))
    ]:
        if piece == "head":
            parts.append(on_line(head, (width - head.width) / 2, y, accent=rng.random() < 0.4))
            y += head.height + gap
        elif piece == "picture":
            picture_top = y
            y += picture_height + gap
        elif body:
            parts += moved(body, rng.uniform(0, 1) * (width - body_width), y)
            y += body_height + gap
    block = boarded(writer, parts, width, int(y - gap), gap)
    dx, dy = (block.width - width) // 2, block.parts[0].top - parts[0].top
    return replace(
        block, pictures=((dx, int(picture_top + dy), dx + width, int(picture_top + dy + picture_height)),)
    )


def arc(writer: Writer, budget: int) -> Block:
    """One to three words on an arc or a wave, on a round plate, or on none."""
    rng = writer.rng
    size = writer.size(0.1, 0.8)
    line = writer.curved_line(writer.texts(min(budget, int(rng.integers(1, 4)))), size)
    parts, width, height = stack([line], 0, [0])
    if rng.random() < writer.plates:
        return replace(boarded(writer, parts, width, height, size * rng.uniform(0.4, 1.0)), curved=True)
    return replace(bare(parts, width, height), curved=True)


def emblem(writer: Writer, budget: int) -> Block:
    """A round badge: words along its rim, above and below, something in the middle."""
    rng = writer.rng
    size = writer.size(0.0, 0.6)
    above = writer.texts(max(1, min(budget // 2, int(rng.integers(1, 4)))))
    below = writer.texts(min(budget - len(above), int(rng.integers(0, 3)))) if budget > len(above) else []
    font = writer.font([*above, *below])
    ring = writer.ring(above, below, size, font)
    parts, width, height = stack([ring], 0, [0])
    inner = int((width - 4 * size) * rng.uniform(0.4, 0.7))
    if inner > 8:
        icon = _icon(writer, inner, accent=rng.random() < 0.5)
        parts += moved([icon], (width - inner) / 2, (height - inner) / 2)
    if rng.random() < 0.7:
        pad = int(size * rng.uniform(0.3, 0.6))
        side = width + 2 * pad
        panel = Panel((0, 0, side, side), 0, side / 2, max(1.0, size * 0.12) if rng.random() < 0.6 else 0.0)
        return Block(side, side, tuple(moved(parts, pad, pad)), (panel,), curved=True)
    return replace(bare(parts, width, height), curved=True)


Layout = Callable[[Writer, int], Block]

LAYOUTS: dict[str, tuple[float, Layout]] = {
    "single_word": (2.0, single_word),
    "word_line": (2.0, word_line),
    "paragraph": (2.0, paragraph),
    "sign": (2.0, sign),
    "directions": (1.2, directions),
    "column": (1.0, column),
    "big_word": (1.0, big_word),
    "product_label": (1.0, product_label),
    "number_plate": (0.5, number_plate),
    "price_tag": (0.8, price_tag),
    "poster": (1.2, poster),
}
"""Straight writing: how often, and the function."""

CURVED_LAYOUTS: dict[str, tuple[float, Layout]] = {"arc": (2.0, arc), "emblem": (1.0, emblem)}
"""Writing on curves."""


def choose_layout(rng: np.random.Generator, table: dict[str, tuple[float, Layout]]) -> Layout:
    """A layout of a table, by its weights."""
    weights = np.array([weight for weight, _ in table.values()])
    names = list(table)
    return table[names[int(rng.choice(len(names), p=weights / weights.sum()))]][1]
