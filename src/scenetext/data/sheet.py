"""Contact sheets: samples with their labels as one picture, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..draw import draw_instances
from ..errors import BadImageError, DataError
from ..types import Sample
from .check import Report
from .words import Words

_PAPER, _INK, _WARNING, _FRAME = (245, 245, 245), (20, 20, 20), (200, 0, 0), (205, 205, 205)
_MARGIN = 6
_LINE = 18  # pixels of a line of text

# Of word crops and of scenes: how many, columns, and the size of a picture's place.
_WORDS = (60, 6, (186, 60))
_SCENES = (12, 3, (460, 300))


def contact_sheet(samples: Sequence[Sample], report: Report) -> Image.Image:
    """A sheet of samples with their labels, or outlines for scenes.

    Up to a third of the places goes to samples with problems, whose problem is written below them in red; the
    rest goes to samples spread evenly over the set.
    """
    words = isinstance(samples, Words)
    count, columns, size = _WORDS if words else _SCENES
    chosen = _chosen(samples, report, count)
    cell = size[0] + 2 * _MARGIN, size[1] + 2 * _LINE + 2 * _MARGIN
    rows = max(1, -(-len(chosen) // columns))
    sheet = Image.new("RGB", (columns * cell[0], rows * cell[1]), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for place, (index, problem) in enumerate(chosen):
        left, top = place % columns * cell[0], place // columns * cell[1]
        draw.rectangle((left, top, left + cell[0], top + cell[1]), outline=_FRAME)
        caption = ""
        try:
            sample = samples[index]
            caption = (sample.instances[0].text or "") if words else sample.name
            picture = _picture(sample, size, words)
            offset = (size[0] - picture.width) // 2, (size[1] - picture.height) // 2
            sheet.paste(picture, (left + _MARGIN + offset[0], top + _MARGIN + offset[1]))
        except (BadImageError, DataError) as error:
            problem = str(error)
        below = top + _MARGIN + size[1] + 2
        for line, (text, colour) in enumerate(((caption, _INK), (problem, _WARNING))):
            fitting = _fitting(text, font, size[0])
            draw.text((left + _MARGIN, below + line * _LINE), fitting, fill=colour, font=font)
    return sheet


def _chosen(samples: Sequence[Sample], report: Report, count: int) -> list[tuple[int, str]]:
    """(index, problem) of the samples to show."""
    wrong: dict[int, str] = {}
    kinds = [(kind, problem) for kind, problem in report.problems.items() if problem.count]
    for kind, problem in kinds:
        for index, _ in problem.samples[: max(1, count // 3 // len(kinds))]:
            wrong.setdefault(index, kind)
    spread = (
        [i * len(samples) // count for i in range(count)] if len(samples) > count else range(len(samples))
    )
    fine = [(index, "") for index in spread if index not in wrong]
    return [*wrong.items(), *fine][:count]


def _picture(sample: Sample, size: tuple[int, int], word: bool) -> Image.Image:
    """The picture within `size`; small words up to three times as large; scenes with their outlines."""
    picture = Image.fromarray(sample.image)
    scale = min(size[0] / picture.width, size[1] / picture.height, 3.0 if word else 1.0)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    if word:
        return picture
    instances = [instance.moved(lambda points: points * scale) for instance in sample.instances]
    return draw_instances(np.asarray(picture), instances)


def _fitting(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """`text` on one line, cut where it would be wider than `width` pixels."""
    text = " ".join(text.split("\n"))
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
