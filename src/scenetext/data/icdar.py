"""Scenes with label files in the ICDAR manner: ICDAR 2015 Incidental, and any folder laid out like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DataError, unknown_name
from ..image import list_images
from ..labels import read_labels, write_labels
from ..types import Sample, TextInstance
from .files import data_folder, one_of, split_folder
from .views import word_crops

# The training images have no official validation part. The last hundred are never trained on.
ICDAR2015_SPLITS = {"train": range(1, 901), "val": range(901, 1001), "all": range(1, 1001)}

# The names inside the archive of the competition, and shorter ones.
_IMAGE_FOLDERS = ("ch4_training_images", "train_images")
_LABEL_FOLDERS = ("ch4_training_localization_transcription_gt", "train_gts")


def icdar2015(root: Path, split: str) -> Sequence[Sample]:
    """ICDAR 2015 Incidental, the 1000 training scenes: train (images 1-900), val (901-1000), all.

    root   the folder that holds `ch4_training_images` and `ch4_training_localization_transcription_gt` (as
           the archives unpack) or `train_images` and `train_gts`; or a folder that holds such an `icdar2015`.
    Raises DataError for a missing picture or label file, or a wrong line.
    """
    if split not in ICDAR2015_SPLITS:
        raise unknown_name("split of icdar2015", split, ICDAR2015_SPLITS)
    folder = data_folder(root, "icdar2015")
    images = one_of(folder, _IMAGE_FOLDERS)
    labels = one_of(folder, _LABEL_FOLDERS)
    samples = []
    for number in ICDAR2015_SPLITS[split]:
        name = f"img_{number}"
        image = images / f"{name}.jpg"
        if not image.is_file():
            raise DataError(f"{image}: missing; ICDAR 2015 has the images 1 to 1000")
        samples.append(Sample(name, image, tuple(read_labels(labels / f"gt_{name}.txt"))))
    return samples


def icdar2015_words(root: Path, split: str) -> Sequence[Sample]:
    """The legible words of icdar2015, cut out of the scenes: train, val, all."""
    return word_crops(icdar2015(root, split))


def icdar(root: Path, split: str) -> Sequence[Sample]:
    """A folder of scenes as `scenetext synth scenes` writes it: pictures, and `gt_<name>.txt` for each.

    The label files lie beside the pictures or in a folder `labels` there; lines are polygons of any number of
    points with their text. A split is a folder inside `root`; without one, `root` itself is read.
    """
    folder = split_folder(root, split)
    samples = []
    for image in list_images(folder):
        name = image.relative_to(folder).with_suffix("").as_posix()
        beside = image.with_name(f"gt_{image.stem}.txt")
        labels = beside if beside.is_file() else folder / "labels" / beside.name
        if not labels.is_file():
            raise DataError(f"{image}: no label file {beside.name} beside it or in {folder / 'labels'}")
        samples.append(Sample(name, image, tuple(read_labels(labels, "polygon"))))
    if not samples:
        raise DataError(f"{folder}: holds no pictures")
    return samples


def write_icdar(folder: Path, name: str, instances: Iterable[TextInstance]) -> Path:
    """Writes the label file of the picture `name` where `icdar` looks for it; returns its path."""
    path = folder / "labels" / f"gt_{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, instances, "polygon")
    return path
