"""Street View Text (Wang et al. 2011): scenes, words, and a lexicon for each scene."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from ..errors import DataError, OnWrong, strict, unknown_name
from ..geometry import box_polygon
from ..types import Sample, TextInstance
from .files import data_folder, read_xml
from .views import word_crops
from .words import Words

SPLITS = ("train", "test")


def svt(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """Street View Text, scenes with some of their words labelled, and lexicons: train (100), test (249).

    root   the folder that holds `train.xml`, `test.xml` and the pictures in `img`; or one that holds such a
           folder `svt` or `svt1`.

    Boxes are upright, labels are in capitals. A scene's lexicon is the 50 or so words of its <lex>. Words
    that nobody looked for are not labelled, so this is no set to score a detector's precision on.
    Raises DataError for a wrong file or a missing picture.
    """
    if split not in SPLITS:
        raise unknown_name("split of svt", split, SPLITS)
    folder = data_folder(root, "svt", ("svt1",))
    file = folder / f"{split}.xml"
    samples = []
    for image in read_xml(file).iter("image"):
        try:
            samples.append(_sample(folder, file, image))
        except DataError as error:
            wrong(error)
    return samples


def svt_words(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """The words of svt, cut out of the scenes, each with its scene's lexicon: train (257), test (647)."""
    return word_crops(svt(root, split, wrong))


def _sample(folder: Path, file: Path, image: ElementTree.Element) -> Sample:
    path = (image.findtext("imageName") or "").strip()
    if not path or not (folder / path).is_file():
        raise DataError(f"{file}: no such picture: {path or '(an <image> without <imageName>)'}")
    instances = []
    for box in image.iter("taggedRectangle"):
        try:
            x, y, width, height = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        except (KeyError, ValueError):
            raise DataError(f"{file}: {path}: a taggedRectangle has numbers x, y, width and height") from None
        instances.append(
            TextInstance(box_polygon(x, y, x + width, y + height), (box.findtext("tag") or "").strip())
        )
    words = tuple(word.strip() for word in (image.findtext("lex") or "").split(",") if word.strip())
    return Sample(Path(path).stem, folder / path, tuple(instances), lexicon=words or None)
