"""Scenes in COCO's layout for instance segmentation, with texts, as CVAT and other tools export them."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, OnWrong, strict
from ..geometry import min_area_rectangle, turned_box
from ..labels import ILLEGIBLE
from ..types import Sample, TextInstance
from .entries import Points, a_box, a_flag, a_path, a_text, an_object, an_outline, find_picture, report
from .files import read_json, split_folder
from .scenes import truth

_TEXTS = ("text", "transcription", "utf8_string")
_IGNORED = ("iscrowd", "ignore", "illegible")


def coco(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """COCO-like JSON with polygons and texts, as CVAT exports it. A split is a file or a folder in `root`.

    root   the folder that holds `annotations/instances_<split>.json` or `<split>.json`; or, where `split` is
           a folder or empty, one JSON file in that folder or in its `annotations`. Pictures are in that
           folder, in `images`, or in either's folder of the split's name.

    The text is the attribute `text`, `transcription` or `utf8_string` of an annotation, or its key of that
    name; without one a word is located, but not read. Don't-care is what is marked by `iscrowd`, `ignore` or
    `illegible` in either place, or has the text ###. Of a segmentation in several parts the smallest
    rectangle around them is taken, without one the `bbox`, turned by the attribute `rotation` in degrees;
    masks are not read. Raises DataError for a missing picture or a wrong entry.
    """
    file, folder = _annotations(root, split)
    found = read_json(file)
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), list) for key in ("images", "annotations")
    ):
        raise DataError(f'{file}: expected an object with lists "images" and "annotations"')
    places = [
        place
        for base in (folder, folder / "images")
        for place in (base, base / split, base / "default", base / file.stem.removeprefix("instances_"))
    ]
    known: set[int | str] = set()
    pictures: dict[int | str, tuple[str, Path]] = {}
    for number, entry in enumerate(found["images"]):
        try:
            picture = an_object(entry)
            key = _id(picture, "id")
            known.add(key)
            name = a_path(picture, "file_name")
            pictures[key] = name, find_picture(name, places)
        except ValueError as error:
            report(wrong, f"{file}: image {number}", error)
    instances: defaultdict[int | str, list[TextInstance]] = defaultdict(list)
    for number, entry in enumerate(found["annotations"]):
        try:
            annotation = an_object(entry)
            owner = _id(annotation, "image_id")
            if owner not in known:
                raise ValueError(f"no image has the id {owner!r}")
            instances[owner].append(coco_instance(annotation))
        except ValueError as error:
            report(wrong, f"{file}: annotation {number}", error)
    return [
        Sample(name.rpartition(".")[0] or name, path, tuple(instances[key]))
        for key, (name, path) in pictures.items()
    ]


def coco_instance(annotation: dict[str, Any]) -> TextInstance:
    """An annotation. Raises ValueError."""
    attributes = an_object(annotation.get("attributes") or {})
    both = attributes | annotation
    text = next((a_text(both, key) for key in _TEXTS if both.get(key) is not None), None)
    ignored = any(a_flag(entry, key) for entry in (attributes, annotation) for key in _IGNORED)
    return truth(_outline(annotation, attributes), text, not ignored and text != ILLEGIBLE)


def _id(entry: dict[str, Any], key: str) -> int | str:
    value = entry.get(key)
    if not isinstance(value, int | str):
        raise ValueError(f"an id is a number or a string, not {value!r}")
    return value


def _outline(annotation: dict[str, Any], attributes: dict[str, Any]) -> Points:
    parts = annotation.get("segmentation")
    if isinstance(parts, list) and parts:
        outlines = [an_outline({"segmentation": part}, "segmentation") for part in parts]
        if len(outlines) == 1:
            return outlines[0]
        around = min_area_rectangle(np.array([point for outline in outlines for point in outline]))
        return [(x, y) for x, y in around.tolist()]
    if parts and not a_flag(annotation, "iscrowd"):
        raise ValueError("a segmentation as a mask; export polygons")
    (left, top), _, (right, bottom), _ = a_box(annotation, "bbox")
    rotation = attributes.get("rotation", 0)
    if type(rotation) not in (int, float):
        raise ValueError(f'"rotation" is an angle in degrees, not {rotation!r}')
    turned = turned_box(left, top, right - left, bottom - top, math.radians(rotation))
    return [(x, y) for x, y in turned.tolist()]


def _annotations(root: Path, split: str) -> tuple[Path, Path]:
    """The file of a split, and the folder that its pictures are in or below."""
    for name in (f"annotations/instances_{split}.json", f"{split}.json"):
        if split and (root / name).is_file():
            return root / name, root
    folder = split_folder(root, split)
    found = sorted([*folder.glob("*.json"), *(folder / "annotations").glob("*.json")])
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise DataError(f"{folder}: expected one JSON file, there or in annotations, found {names}")
    return found[0], folder
