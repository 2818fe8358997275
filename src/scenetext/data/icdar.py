"""Scenes with label files in the ICDAR manner: ICDAR 2013 and 2015, MLT, and any folder laid out alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..errors import DataError, OnWrong, strict, unknown_name
from ..image import list_images
from ..labels import ILLEGIBLE, excerpt, leading_numbers, parse_line, write_labels
from ..types import Sample, TextInstance
from .files import all_of, data_folder, one_of, split_folder
from .scenes import in_order, labelled_scenes, line_reader, pairs_of, truth
from .views import word_crops
from .words import Words

# The training images have no official validation part. The last hundred are never trained on.
ICDAR2015_SPLITS = {"train": range(1, 901), "val": range(901, 1001), "all": range(1, 1001), "test": None}

# Of each split the folders of the pictures and of the label files: as the archives of the competition are
# called, and shorter.
_ICDAR2013 = {
    "train": (
        ("Challenge2_Training_Task12_Images", "train_images"),
        ("Challenge2_Training_Task1_GT", "train_gts"),
    ),
    "test": (
        ("Challenge2_Test_Task12_Images", "test_images"),
        ("Challenge2_Test_Task1_GT", "test_gts"),
    ),
}
_ICDAR2015 = {
    "train": (
        ("ch4_training_images", "train_images"),
        ("ch4_training_localization_transcription_gt", "train_gts"),
    ),
    "test": (
        ("ch4_test_images", "test_images"),
        ("Challenge4_Test_Task1_GT", "Challenge4_Test_Task4_GT", "test_gts"),
    ),
}
_MLT2017 = {
    "train": (
        ("ch8_training_images*", "train_images"),
        ("ch8_training_localization_transcription_gt*", "train_gts"),
    ),
    "val": (
        ("ch8_validation_images", "val_images"),
        ("ch8_validation_localization_transcription_gt*", "val_gts"),
    ),
}
_MLT2019 = {
    "train": (
        ("ImagesPart*", "TrainSetImagesTask1_Part*", "train_images"),
        ("train_gt_t13", "TrainSetGT", "train_gts"),
    ),
}
_Places = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


def icdar2013(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """ICDAR 2013 Focused, scenes with upright boxes (Challenge 2, Task 1): train (229), test (233).

    root   the folder that holds `Challenge2_Training_Task12_Images` and `Challenge2_Training_Task1_GT`,
           `Challenge2_Test_Task12_Images` and `Challenge2_Test_Task1_GT` (or `train_images`, `train_gts` and
           so on); or one that holds such a folder `icdar2013`.

    Lines are `61 17 149 52 "Bakery"` in the training set and `61, 17, 149, 52, "Bakery"` in the test set, of
    either either is read; one pair of quotes goes, as do the backslashes before quotes and backslashes in it.
    The box is taken as it stands, although its last row and column belong to the word.
    Raises DataError for a picture without labels, labels without a picture, or a wrong line.
    """
    return _scenes(root, "icdar2013", split, _ICDAR2013, _parse_box, wrong)


def icdar2015(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """ICDAR 2015 Incidental: of the 1000 training scenes train (1-900), val (901-1000), all; test (500).

    root   the folder that holds `ch4_training_images` and `ch4_training_localization_transcription_gt`,
           `ch4_test_images` and `Challenge4_Test_Task1_GT` (as the archives unpack) or `train_images` and
           `train_gts`, `test_images` and `test_gts`; or a folder that holds such an `icdar2015`.
    Raises DataError for a missing picture or label file, or a wrong line.
    """
    if split not in ICDAR2015_SPLITS:
        raise unknown_name("split of icdar2015", split, ICDAR2015_SPLITS)
    numbers = ICDAR2015_SPLITS[split]
    if numbers is None:
        return _scenes(root, "icdar2015", split, _ICDAR2015, parse_quad, wrong)
    folder = data_folder(root, "icdar2015")
    images, labels = (one_of(folder, names) for names in _ICDAR2015["train"])
    read = line_reader(parse_quad)
    samples = []
    for number in numbers:
        name = f"img_{number}"
        image = images / f"{name}.jpg"
        try:
            if not image.is_file():
                raise DataError(f"{image}: missing; ICDAR 2015 has the images 1 to 1000")
            samples.append(Sample(name, image, tuple(read(labels / f"gt_{name}.txt", wrong))))
        except DataError as error:
            wrong(error)
    return samples


def icdar2015_words(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """The legible words of icdar2015, cut out of the scenes: train, val, all, test."""
    return word_crops(icdar2015(root, split, wrong))


def mlt2017(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """ICDAR 2017 MLT, scenes in nine languages: train (7200), val (1800).

    root   the folder that holds folders `ch8_training_images_1` to `_8` (or one, `ch8_training_images`),
           `ch8_training_localization_transcription_gt_v2`, `ch8_validation_images` and
           `ch8_validation_localization_transcription_gt_v2` (or `train_images`, `train_gts` and so on); or
           one that holds such a folder `mlt2017`.

    Lines are eight coordinates, the script, and behind the ninth comma the text, `###` for don't-care. The
    script is not kept: an instance has no place for it, and a text shows its own. The labels of the test
    images are not public. Raises DataError for a picture without labels, the reverse, or a wrong line.
    """
    return _scenes(root, "mlt2017", split, _MLT2017, _parse_scripted, wrong)


def mlt2019(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """ICDAR 2019 MLT, scenes in ten languages: train (10000).

    root   the folder that holds `ImagesPart1`, `ImagesPart2` and `train_gt_t13` (or `train_images` and
           `train_gts`); or one that holds such a folder `mlt2019`. Lines are those of mlt2017.
    Raises DataError for a picture without labels, the reverse, or a wrong line.
    """
    return _scenes(root, "mlt2019", split, _MLT2019, _parse_scripted, wrong)


def icdar(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """A folder of scenes as `scenetext synth scenes` writes it: pictures, and `gt_<name>.txt` for each.

    The label files lie beside the pictures or in a folder `labels` there; lines are polygons of any number of
    points with their text. A split is a folder inside `root`; without one, `root` itself is read.
    """
    folder = split_folder(root, split)
    read = line_reader(lambda line: in_order(parse_line(line, "polygon")))
    samples = []
    for image in list_images(folder):
        name = image.relative_to(folder).with_suffix("").as_posix()
        beside = image.with_name(f"gt_{image.stem}.txt")
        labels = beside if beside.is_file() else folder / "labels" / beside.name
        if not labels.is_file():
            wrong(DataError(f"{image}: no label file {beside.name} beside it or in {folder / 'labels'}"))
            continue
        samples.append(Sample(name, image, tuple(read(labels, wrong))))
    if not samples:
        raise DataError(f"{folder}: holds no pictures")
    return samples


def write_icdar(folder: Path, name: str, instances: Iterable[TextInstance]) -> Path:
    """Writes the label file of the picture `name` where `icdar` looks for it; returns its path."""
    path = folder / "labels" / f"gt_{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, instances, "polygon")
    return path


def parse_quad(line: str) -> TextInstance:
    """A line of ICDAR 2015: eight coordinates, and whatever follows the eighth comma. Raises ValueError."""
    return in_order(parse_line(line, "quad"))


def _parse_box(line: str) -> TextInstance:
    return in_order(parse_line(line, "box"))


def _parse_scripted(line: str) -> TextInstance:
    fields = line.split(",", 9)
    if len(fields) < 10 or leading_numbers(fields[:8]) < 8:
        raise ValueError(f"expected 8 coordinates, a script and a text, found {excerpt(line)}")
    text = fields[9]
    return truth(pairs_of([float(field) for field in fields[:8]]), text, text != ILLEGIBLE)


def _scenes(
    root: Path,
    name: str,
    split: str,
    places: _Places,
    parse: Callable[[str], TextInstance],
    wrong: OnWrong,
) -> list[Sample]:
    if split not in places:
        raise unknown_name(f"split of {name}", split, places)
    folder = data_folder(root, name)
    images, labels = (all_of(folder, patterns) for patterns in places[split])
    return labelled_scenes(images, labels, ("gt_{}.txt", "{}.txt"), line_reader(parse), wrong)
