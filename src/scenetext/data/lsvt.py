"""LSVT and ArT (ICDAR 2019): one JSON file with the annotations of all pictures, by the pictures' names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError, OnWrong, strict, unknown_name
from ..labels import ILLEGIBLE
from ..types import Sample, TextInstance
from .entries import a_flag, a_text, an_object, an_outline, pictures_by_stem, report
from .files import all_of, data_folder, one_of, read_json
from .scenes import truth
from .weak import Weak, WeakScenes

SPLITS = ("train", "weak")
ART_SPLITS = ("train",)


def lsvt(root: Path, split: str, wrong: OnWrong = strict) -> Sequence[Sample]:
    """LSVT, street views in Chinese: train (30,000 with outlines), weak (400,000 with texts alone).

    root   the folder that holds `train_full_labels.json` and `train_full_images_0`, `train_full_images_1` (or
           `train_full_images`), `train_weak_labels.json` and `train_weak_images`, or folders whose names
           begin so; or one that holds such a folder `lsvt` or `LSVT`.

    Annotations are of lines of text, with four points or more. What has the flag `illegibility` or the text
    ### is a don't-care. The labels of the test set are not public.

    Of a picture of `weak` it is known that some text stands somewhere in it. It has an instance for each text
    that is known, whose polygon is the whole picture, and which is a don't-care: whoever wants to know where
    text is learns nothing from it, nor anything wrong, and whoever wants texts (pre-training) finds them.
    Whether these pictures are there is not asked before their turn comes. Raises DataError.
    """
    if split not in SPLITS:
        raise unknown_name("split of lsvt", split, SPLITS)
    folder = data_folder(root, "lsvt", ("LSVT",))
    if split == "weak":
        return _read_weak(folder, wrong)
    return _read_full(folder, ("train_full_labels.json",), ("train_full_images*",), wrong)


def art(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """ArT, scenes with text of any shape in English and Chinese: train (5603).

    root   the folder that holds `train_labels.json` and `train_images`; or one that holds such a folder `art`
           or `ArT`.

    Annotations are of words in English, of lines in Chinese, with four to twelve points; don't-cares as in
    lsvt. The pictures of the test set of Total-Text and some of CTW1500 are among them: leave those out that
    the two name on their pages, before you score on either. Raises DataError.
    """
    if split not in ART_SPLITS:
        raise unknown_name("split of art", split, ART_SPLITS)
    folder = data_folder(root, "art", ("ArT",))
    return _read_full(folder, ("train_labels.json",), ("train_images*",), wrong)


def _read_full(
    folder: Path, labels: tuple[str, ...], images: tuple[str, ...], wrong: OnWrong
) -> list[Sample]:
    file = one_of(folder, labels)
    pictures = pictures_by_stem(all_of(folder, images))
    samples = []
    for name, entries in _pictures(file).items():
        if name not in pictures:
            wrong(DataError(f"{file}: {name}: no such picture in {' or '.join(images)}"))
            continue
        instances = []
        for number, entry in enumerate(entries, start=1):
            try:
                instances.append(_instance(an_object(entry)))
            except ValueError as error:
                report(wrong, f"{file}: {name}: instance {number}", error)
        samples.append(Sample(name, pictures[name], tuple(instances)))
    return samples


def _instance(entry: dict[str, Any]) -> TextInstance:
    text = a_text(entry, "transcription")
    legible = not a_flag(entry, "illegibility") and text != ILLEGIBLE
    return truth(an_outline(entry, "points"), text, legible)


def _read_weak(folder: Path, wrong: OnWrong) -> Sequence[Sample]:
    file = one_of(folder, ("train_weak_labels.json",))
    folders = all_of(folder, ("train_weak_images*",))
    # of one folder, the names need not be listed: there are 400,000
    places = {} if len(folders) == 1 else pictures_by_stem(folders)
    rows: list[Weak] = []
    for name, entries in _pictures(file).items():
        texts = []
        for number, entry in enumerate(entries, start=1):
            try:
                text = a_text(an_object(entry), "transcription")
            except ValueError as error:
                report(wrong, f"{file}: {name}: instance {number}", error)
                continue
            if text and text != ILLEGIBLE:
                texts.append(text)
        rows.append(Weak(name, os.fspath(places.get(name, folders[0] / f"{name}.jpg")), tuple(texts)))
    return WeakScenes(rows)


def _pictures(file: Path) -> dict[str, list[Any]]:
    found = read_json(file)
    if not isinstance(found, dict) or not all(isinstance(entries, list) for entries in found.values()):
        raise DataError(f'{file}: expected an object of lists, such as {{"gt_0": [...]}}')
    return found
