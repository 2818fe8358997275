"""MSRA-TD500 (Yao et al. 2012) and HUST-TR400 (Yao et al. 2014): scenes with turned lines of text."""

from __future__ import annotations

from pathlib import Path

from ..errors import OnWrong, strict, unknown_name
from ..geometry import turned_box
from ..labels import excerpt
from ..types import Sample, TextInstance
from .files import data_folder, one_of
from .scenes import labelled_scenes, line_reader, truth

SPLITS = ("train", "test")
TR400_SPLITS = ("all",)


def td500(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """MSRA-TD500, scenes with turned lines of text in English and Chinese: train (300), test (200).

    root   the folder that holds `train` and `test`, pictures IMG_0059.JPG with IMG_0059.gt beside them; or
           one that holds such a folder `td500`, `MSRA-TD500` or `MSRA_TD500`.

    Lines are `index difficult x y w h angle`: an upright box, turned about its middle, clockwise on screen,
    by the angle in radians. What is difficult is a don't-care; there are no texts.
    Raises DataError for a picture without labels, the reverse, or a wrong line.
    """
    if split not in SPLITS:
        raise unknown_name("split of td500", split, SPLITS)
    folder = data_folder(root, "td500", ("MSRA-TD500", "MSRA_TD500"))
    return _scenes(one_of(folder, (split,)), wrong)


def tr400(root: Path, split: str, wrong: OnWrong = strict) -> list[Sample]:
    """HUST-TR400, scenes in the manner of MSRA-TD500, which it is trained together with: all (400).

    root   the folder that holds the pictures with a .gt beside each; or one that holds such a folder `tr400`,
           `HUST-TR400` or `HUST_TR400`. Lines are those of td500. Raises DataError.
    """
    if split not in TR400_SPLITS:
        raise unknown_name("split of tr400", split, TR400_SPLITS)
    folder = data_folder(root, "tr400", ("HUST-TR400", "HUST_TR400"))
    return _scenes(folder, wrong)


def _scenes(folder: Path, wrong: OnWrong) -> list[Sample]:
    return labelled_scenes([folder], [folder], ("{}.gt",), line_reader(_parse), wrong)


def _parse(line: str) -> TextInstance:
    fields = line.split()
    try:
        _, difficult, x, y, width, height, angle = (float(field) for field in fields)
    except ValueError:
        raise ValueError(f"expected 'index difficult x y w h angle', found {excerpt(line)}") from None
    return truth(turned_box(x, y, width, height, angle).tolist(), None, not difficult)
