"""COCO-Text (Veit et al. 2016) and TextOCR (Singh et al. 2021): one JSON file of pictures and annotations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import OnWrong, strict, unknown_name
from ..types import Sample, TextInstance
from .entries import a_box, a_path, a_table, a_text, an_object, an_outline, find_picture, report
from .files import data_folder, one_of, read_json
from .scenes import truth

SPLITS = ("train", "val", "test")
TEXTOCR_SPLITS = ("train", "val")


def cocotext(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """COCO-Text, version 2 or 1, photographs of COCO in which text is mostly incidental: train, val, test.

    root   the folder that holds `cocotext.v2.json` or `COCO_Text.json` and the pictures in `train2014`; or
           one that holds such a folder `cocotext` or `COCO-Text`.

    Outlines are the `mask` (version 2) or `polygon` (version 1), where there is none the box. Don't-cares are
    the illegible instances and those whose language is "na". Splits are those that the file names, and in
    version 2 there is no test. Raises DataError for a missing picture or a wrong entry.
    """
    if split not in SPLITS:
        raise unknown_name("split of cocotext", split, SPLITS)
    folder = data_folder(root, "cocotext", ("COCO-Text",))
    file = one_of(folder, ("cocotext.v2.json", "COCO_Text.json"))
    places = [folder / "train2014", folder / "images", folder]
    return _scenes(file, lambda picture: picture.get("set") == split, places, _cocotext_instance, wrong)


def textocr(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """TextOCR, every word of photographs of Open Images: train (21,778), val (3124).

    root   the folder that holds `TextOCR_0.1_train.json`, `TextOCR_0.1_val.json` and the pictures in
           `train_images` (as `train_val_images.zip` unpacks); or one that holds such a folder `textocr` or
           `TextOCR`.

    Outlines are the `points`, since sources disagree on what the boxes are. A word . is illegible: a
    don't-care. Raises DataError for a missing picture or a wrong entry.
    """
    if split not in TEXTOCR_SPLITS:
        raise unknown_name("split of textocr", split, TEXTOCR_SPLITS)
    folder = data_folder(root, "textocr", ("TextOCR",))
    file = one_of(folder, (f"TextOCR_0.1_{split}.json", f"TextOCR_{split}.json"))
    places = [folder / "train_images", folder / "train_val_images/train_images", folder]
    return _scenes(file, lambda picture: True, places, textocr_instance, wrong)


def _scenes(
    file: Path,
    wanted: Callable[[dict[str, Any]], bool],
    places: list[Path],
    instance_of: Callable[[dict[str, Any]], TextInstance],
    wrong: OnWrong,
) -> list[Sample]:
    """Pictures and annotations meet by the ids inside the entries; the keys above them may differ."""
    found = read_json(file)
    pictures, annotations = (a_table(file, found, key) for key in ("imgs", "anns"))
    by_picture: defaultdict[str, list[TextInstance]] = defaultdict(list)
    known: dict[str, dict[str, Any]] = {}
    for key, entry in pictures.items():
        try:
            picture = an_object(entry)
        except ValueError as error:
            report(wrong, f"{file}: picture {key}", error)
            continue
        known[str(picture.get("id", key))] = picture
    chosen = {key: picture for key, picture in known.items() if wanted(picture)}
    for key, entry in annotations.items():
        try:
            annotation = an_object(entry)
            owner = str(annotation.get("image_id"))
            if owner not in known:
                raise ValueError(f"no picture has the image_id {owner!r}")
            if owner in chosen:
                by_picture[owner].append(instance_of(annotation))
        except ValueError as error:
            report(wrong, f"{file}: annotation {key}", error)
    samples = []
    for key, picture in chosen.items():
        try:
            name = a_path(picture, "file_name", "filename")
            path = find_picture(name, places)
        except ValueError as error:
            report(wrong, f"{file}: picture {key}", error)
            continue
        samples.append(Sample(name.rpartition(".")[0] or name, path, tuple(by_picture[key])))
    return samples


def _cocotext_instance(annotation: dict[str, Any]) -> TextInstance:
    key = next((key for key in ("mask", "polygon") if annotation.get(key)), None)
    points = a_box(annotation, "bbox") if key is None else an_outline(annotation, key)
    legible = annotation.get("legibility") != "illegible" and annotation.get("language") != "na"
    return truth(points, a_text(annotation, "utf8_string") or None, legible)


def textocr_instance(annotation: dict[str, Any]) -> TextInstance:
    """An annotation of TextOCR. Raises ValueError."""
    text = a_text(annotation, "utf8_string")
    return truth(an_outline(annotation, "points"), text or None, text != ".")
