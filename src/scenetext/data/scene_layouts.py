"""Scenes in the official formats of other data sets and tools: SCENE_LAYOUTS by name.

The formats of the text files are of whole pixels, and so is what is written: scripts that read them take no
fractions. JSON keeps two decimals. No layout keeps the text of a don't-care.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..geometry import bounds, resample, signed_area
from ..image import image_size
from ..labels import ILLEGIBLE
from ..rectify import sides
from ..types import Sample, TextInstance
from .coco import coco_instance
from .cocotext import textocr_instance
from .ctw1500 import parse_ctw1500
from .icdar import parse_quad
from .ppocrlabel import LABELS, UNKNOWN, ppocrlabel_instance
from .totaltext import parse_entry
from .writing import Row, Target, save, text_file

Entry = dict[str, Any]

_CTW1500_SIDE = 7  # points along each long side
_UNKNOWN = "**"  # of CTW1500: a text that is not known


class _Lines(NamedTuple):
    """A layout of a label file for each picture, `test_gts/<prefix><name>.txt` for `test_images/<name>`.

    write, parse   an instance as a line without its end, and back.
    """

    prefix: str
    write: Callable[[TextInstance], str]
    parse: Callable[[str], TextInstance]


def _quad_line(instance: TextInstance) -> str:
    return f"{_whole(instance.polygon)},{_text(instance, ILLEGIBLE)}"


def _totaltext_line(instance: TextInstance) -> str:
    x, y = (" ".join(map(str, axis)) for axis in _rounded(instance.polygon).T.tolist())
    text = _text(instance, "#")
    # the third kind, h for horizontal, is a matter of taste
    kind = "#" if not instance.legible else "c" if len(instance.polygon) > 4 else "m"
    return f"x: [[{x}]], y: [[{y}]], ornt: [u'{kind}'], transcriptions: [u{text!r}]"


def _ctw1500_line(instance: TextInstance) -> str:
    polygon = instance.polygon
    if len(polygon) != 2 * _CTW1500_SIDE:
        top, bottom = (resample(side, _CTW1500_SIDE) for side in sides(polygon))
        polygon = np.concatenate([top, bottom[::-1]])
    text = _UNKNOWN if instance.legible and instance.text is None else _text(instance, ILLEGIBLE)
    return f"{_whole(polygon)},####{text}"


_LINES = {
    "icdar2015": _Lines("gt_", _quad_line, parse_quad),
    "totaltext": _Lines("poly_gt_", _totaltext_line, parse_entry),
    "ctw1500": _Lines("", _ctw1500_line, parse_ctw1500),
}


def _write_lines(layout: str, folder: Path, rows: Iterable[Row]) -> None:
    lines, images, labels = _LINES[layout], folder / "test_images", folder / "test_gts"

    def place(picture: str) -> Path:
        below = Path(picture)
        return labels / below.with_name(f"{lines.prefix}{below.stem}.txt")

    for row in rows:
        images.mkdir(exist_ok=True)
        file = place(
            save(images, row, taken=lambda path: place(path.relative_to(images).as_posix()).exists())
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(lines.write(instance) + "\n" for instance in row.sample.instances)
        file.write_bytes(text.encode("utf-8"))


def _write_ppocrlabel(folder: Path, rows: Iterable[Row]) -> None:
    with text_file(folder / LABELS) as file:
        for row in rows:
            entries = [_ppocrlabel_entry(instance) for instance in row.sample.instances]
            file.write(f"{save(folder, row)}\t{json.dumps(entries, ensure_ascii=False)}\n")


def _ppocrlabel_entry(instance: TextInstance) -> Entry:
    text = ILLEGIBLE if not instance.legible else UNKNOWN if instance.text is None else instance.text
    return {"transcription": text, "points": _decimals(instance.polygon), "difficult": not instance.legible}


def _write_coco(folder: Path, rows: Iterable[Row]) -> None:
    images: list[Entry] = []
    annotations: list[Entry] = []
    for row in rows:
        (folder / "images").mkdir(exist_ok=True)
        number = len(images) + 1
        images.append({"id": number, "file_name": save(folder / "images", row), **_size(row)})
        for instance in row.sample.instances:
            ids = {"id": len(annotations) + 1, "image_id": number, "category_id": 1}
            annotations.append(ids | _coco_entry(instance))
    _dump(
        folder / "annotations" / "instances_default.json",
        {
            "images": images,
            "annotations": annotations,
            "categories": [{"id": 1, "name": "text", "supercategory": ""}],
        },
    )


def _coco_entry(instance: TextInstance) -> Entry:
    text = instance.text if instance.legible else None
    return {
        "segmentation": [_flat(instance.polygon)],
        "bbox": _box(instance.polygon),
        "area": _area(instance.polygon),
        "iscrowd": int(not instance.legible),
        "attributes": {} if text is None else {"text": text},
    }


def _write_textocr(folder: Path, rows: Iterable[Row]) -> None:
    images: dict[str, Entry] = {}
    annotations: dict[str, Entry] = {}
    of_image: dict[str, list[str]] = {}
    for row in rows:
        (folder / "train_images").mkdir(exist_ok=True)
        path = save(folder / "train_images", row)
        name = path.rpartition(".")[0]
        images[name] = {"id": name, "set": "train", "file_name": path, **_size(row)}
        entries = {
            f"{name}_{i}": _textocr_entry(instance)
            for i, instance in enumerate(row.sample.instances, start=1)
        }
        annotations |= {key: {"id": key, "image_id": name} | entry for key, entry in entries.items()}
        of_image[name] = list(entries)
    _dump(
        folder / "TextOCR_0.1_train.json",
        {"imgs": images, "anns": annotations, "imgToAnns": of_image},
    )


def _textocr_entry(instance: TextInstance) -> Entry:
    return {
        "bbox": _box(instance.polygon),
        "utf8_string": _text(instance, "."),
        "points": _flat(instance.polygon),
        "area": _area(instance.polygon),
    }


def _refusal(layout: str, again: Callable[[TextInstance], TextInstance], sample: Sample) -> str | None:
    """Why a sample cannot be written: what is read back would be another one."""
    for instance in sample.instances:
        if layout in ("icdar2015", "ctw1500") and instance.legible and set("\n\r") & set(instance.text or ""):
            return f"{layout} label files cannot hold line breaks: {instance.text!r}"
        if layout == "icdar2015" and len(instance.polygon) != 4:
            return f"icdar2015 holds outlines of 4 points, not {len(instance.polygon)}; icdar holds any"
        back = again(instance)
        if instance.legible and not back.legible:
            return f"{layout} would make a don't-care of {_named(instance)}"
        if instance.legible and back.text != instance.text:
            return f"{layout} cannot hold {_named(instance)}: it would be read as {back.text!r}"
    return None


def _named(instance: TextInstance) -> str:
    return "a legible word without text" if instance.text is None else f"the text {instance.text!r}"


def _text(instance: TextInstance, illegible: str) -> str:
    return (instance.text or "") if instance.legible else illegible


def _rounded(polygon: np.ndarray) -> np.ndarray:
    return np.round(polygon).astype(np.int64)


def _whole(polygon: np.ndarray) -> str:
    return ",".join(map(str, _rounded(polygon).ravel().tolist()))


def _decimals(polygon: np.ndarray) -> list[list[float]]:
    rounded: list[list[float]] = np.round(polygon.astype(np.float64), 2).tolist()
    return rounded


def _flat(polygon: np.ndarray) -> list[float]:
    return [number for point in _decimals(polygon) for number in point]


def _box(polygon: np.ndarray) -> list[float]:
    left, top, right, bottom = bounds(polygon)
    return [round(value, 2) for value in (left, top, right - left, bottom - top)]


def _area(polygon: np.ndarray) -> float:
    return round(abs(signed_area(polygon)), 2)


def _size(row: Row) -> dict[str, int]:
    width, height = image_size(row.picture, name=row.sample.name)
    return {"width": width, "height": height}


def _dump(file: Path, found: Entry) -> None:
    file.parent.mkdir(exist_ok=True)
    with text_file(file) as out:
        json.dump(found, out, ensure_ascii=False)


def _again(lines: _Lines, instance: TextInstance) -> TextInstance:
    return lines.parse(lines.write(instance))


def _scenes(
    layout: str,
    write: Callable[[Path, Iterable[Row]], None],
    again: Callable[[TextInstance], TextInstance],
) -> Target:
    return Target(False, True, False, write, partial(_refusal, layout, again))


SCENE_LAYOUTS: dict[str, Target] = {
    **{
        name: _scenes(name, partial(_write_lines, name), partial(_again, lines))
        for name, lines in _LINES.items()
    },
    "ppocrlabel": _scenes(
        "ppocrlabel", _write_ppocrlabel, lambda i: ppocrlabel_instance(_ppocrlabel_entry(i))
    ),
    "coco": _scenes("coco", _write_coco, lambda i: coco_instance(_coco_entry(i))),
    "textocr": _scenes("textocr", _write_textocr, lambda i: textocr_instance(_textocr_entry(i))),
}
