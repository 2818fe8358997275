"""What the readers of scenes share: annotations put in order, and pictures paired with their label files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError, OnWrong
from ..geometry import densify, valid_shape
from ..image import list_images
from ..labels import parse_lines, read_file
from ..types import Sample, TextInstance

LabelReader = Callable[[Path, OnWrong], list[TextInstance]]
"""read(file, wrong) -> the instances of a label file."""

_FARTHEST = 1e7  # pixels; no picture is as large, and squares of it are still exact


def truth(points: Iterable[Iterable[float]], text: str | None, legible: bool = True) -> TextInstance:
    """One annotated piece of text.

    points   the outline as annotated, x and y, in pixels, from the start of reading. Points that repeat their
             neighbour go, and the rest is turned clockwise about the first one. An outline of fewer than
             three points, or of less than one square pixel, is a don't-care; so is what is not `legible`.

    A don't-care has no text. Coordinates stay as they are, fractions, places outside the picture and outlines
    that cross themselves included. Raises ValueError for an outline without points or out of range.
    """
    given = [(float(x), float(y)) for x, y in points]
    if not given:
        raise ValueError("an outline without points")
    if not all(abs(x) < _FARTHEST and abs(y) < _FARTHEST for x, y in given):  # written so that a NaN fails
        raise ValueError("a coordinate is out of range")
    # of points that are alike the last one stays, but the first one of all where the outline closes on it
    outline = [p for p, after in zip(given, given[1:] + given[:1], strict=True) if p != after] or given[:1]
    twice_area = sum(
        x * after_y - after_x * y
        for (x, y), (after_x, after_y) in zip(outline, outline[1:] + outline[:1], strict=True)
    )
    if twice_area < 0:
        outline = outline[:1] + outline[:0:-1]
    if len(outline) < 3 or (abs(twice_area) < 2 and _is_flat(outline)):
        legible = False
    polygon = np.array(outline, dtype=np.float32)
    if len(polygon) < 4:
        polygon = densify(polygon, 4)
    return TextInstance(polygon, text if legible else None, legible=legible)


def _is_flat(outline: Sequence[tuple[float, float]]) -> bool:
    """Whether an outline covers less than one square pixel; the loops of a crossed one could cancel out."""
    return bool(valid_shape(np.array(outline)).area < 1)


def in_order(instance: TextInstance) -> TextInstance:
    """`truth` of an instance that something else has parsed."""
    return truth(instance.polygon.tolist(), instance.text, instance.legible)


def pairs_of(numbers: Sequence[float]) -> list[tuple[float, float]]:
    """x1, y1, x2, y2, ... as points. Raises ValueError for an odd number of coordinates."""
    if len(numbers) % 2:
        raise ValueError(f"{len(numbers)} coordinates: an x has no y")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def line_reader(parse: Callable[[str], TextInstance]) -> LabelReader:
    """Reads label files of one instance a line; `parse` raises ValueError with the reason."""

    def read(file: Path, wrong: OnWrong) -> list[TextInstance]:
        return parse_lines(read_file(file), str(file), parse, wrong)

    return read


def find_entries(
    file: Path,
    text: str,
    pattern: re.Pattern[str],
    parse: Callable[[re.Match[str]], TextInstance],
    wrong: OnWrong,
) -> list[TextInstance]:
    """What `parse`, which raises ValueError with the reason, makes of each match of a pattern in a text.

    For layouts whose entries run over several lines.
    """
    instances = []
    for entry in pattern.finditer(text):
        try:
            instances.append(parse(entry))
        except ValueError as error:
            line = text.count("\n", 0, entry.start()) + 1
            wrong(DataError(f"{file}:{line}: {error}"))
    return instances


def labelled_scenes(
    images: Sequence[Path], labels: Sequence[Path], names: Sequence[str], read: LabelReader, wrong: OnWrong
) -> list[Sample]:
    """The pictures of some folders, sorted, each with what its label file holds.

    images   folders of pictures; those in folders below are theirs, too.
    labels   folders of label files, laid out as those of the pictures.
    names    of label files, {} standing for the picture's name without suffix; the first one that exists in
             the first of the folders is read.
    wrong    called for a picture without label file and for a label file without picture as well.
    """
    samples: list[Sample] = []
    known: set[Path] = set()
    for folder in images:
        for picture in list_images(folder):
            below = picture.relative_to(folder)
            places = [place / below.with_name(name.format(below.stem)) for place in labels for name in names]
            known.update(places)
            file = next((place for place in places if place.is_file()), None)
            if file is None:
                looked_for = " or ".join(name.format(below.stem) for name in names)
                wrong(DataError(f"{picture}: no label file {looked_for} in {', '.join(map(str, labels))}"))
                continue
            try:
                instances = tuple(read(file, wrong))
            except DataError as error:  # a file that is no such label file at all
                wrong(error)
                continue
            samples.append(Sample(below.with_suffix("").as_posix(), picture, instances))
    patterns = [name.format("*") for name in names]
    found = {file for place in labels for pattern in patterns for file in place.rglob(pattern)}
    for file in sorted(found - known):
        wrong(DataError(f"{file}: labels of a picture that is not in {', '.join(map(str, images))}"))
    if not samples:
        raise DataError(f"{images[0]}: holds no pictures with labels")
    return samples
