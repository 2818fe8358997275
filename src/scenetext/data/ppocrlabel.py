"""Scenes as PPOCRLabel saves them, and PaddleOCR trains on them: a Label.txt for a folder of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import DataError, OnWrong, strict
from ..labels import ILLEGIBLE, decode_lines, read_file
from ..types import Sample, TextInstance
from .entries import a_flag, a_text, an_object, an_outline, find_picture, report
from .files import split_folder
from .scenes import truth

LABELS = "Label.txt"
UNKNOWN = "*"


def ppocrlabel(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """A folder of scenes with a `Label.txt` of PPOCRLabel. A split is a folder inside `root`.

    Lines are a path, a tab, and a JSON list of `{"transcription": ..., "points": [[x, y], ...], "difficult":
    false}`. Paths begin with the folder's own name, or in the folder. What is difficult, or has the text ###,
    is a don't-care; * is a word whose text is not known. (PaddleOCR ignores those too when it trains.)
    Raises DataError, with file and line, for a wrong line or a missing picture.
    """
    place = split_folder(root, split)
    file = place / LABELS
    samples = []
    for number, line in enumerate(decode_lines(read_file(file), str(file), wrong), start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        path, _, rest = line.partition("\t")
        try:
            picture = find_picture(path, (place, place.parent))
            entries = json.loads(rest)
            if not isinstance(entries, list):
                raise ValueError("expected a path, a tab and a JSON list")
        except (ValueError, RecursionError) as error:
            report(wrong, where, error)
            continue
        instances = []
        for i, entry in enumerate(entries, start=1):
            try:
                instances.append(ppocrlabel_instance(an_object(entry)))
            except ValueError as error:
                report(wrong, f"{where}: instance {i}", error)
        name = picture.relative_to(place) if picture.is_relative_to(place) else Path(path)
        samples.append(Sample(name.with_suffix("").as_posix(), picture, tuple(instances)))
    if not samples:
        raise DataError(f"{file}: holds no pictures")
    return samples


def ppocrlabel_instance(entry: dict[str, Any]) -> TextInstance:
    """An entry of a line's list. Raises ValueError."""
    text = a_text(entry, "transcription")
    legible = not a_flag(entry, "difficult") and text != ILLEGIBLE
    return truth(an_outline(entry, "points"), None if text == UNKNOWN else text, legible)
