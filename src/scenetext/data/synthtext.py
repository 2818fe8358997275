"""SynthText (Gupta et al. 2016): 858,750 photographs with 7.3 million synthetic words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from ..errors import DataError, unknown_name
from ..types import Sample, TextInstance
from .files import data_folder
from .mat import load_mat, strings
from .views import word_crops
from .words import Words

log = logging.getLogger(__name__)

SPLITS = ("all",)


def synthtext(root: Path, split: str) -> Sequence[Sample]:
    """SynthText, photographs with synthetic words: all.

    root   the folder that holds `gt.mat` (imnames, wordBB, txt) and the pictures in their numbered folders;
           or one that holds such a folder `synthtext` or `SynthText`.

    Words are what stands between the blanks and line breaks of `txt`. Their quadrilaterals are as published:
    some reach out of the picture. Opening takes minutes and several GB of memory, which scipy needs for the
    file; some 40 bytes a word are kept. Whether the pictures are there is not asked before their turn comes.
    A scene whose boxes and words differ in number is left out, with a warning. Raises DataError.
    """
    if split not in SPLITS:
        raise unknown_name("split of synthtext", split, SPLITS)
    folder = data_folder(root, "synthtext", ("SynthText",))
    return _Scenes(folder)


def synthtext_words(root: Path, split: str) -> Words:
    """The words of synthtext, cut out of the scenes: all. Converted to an LMDB they are read faster."""
    return word_crops(synthtext(root, split))


class _Scenes(Sequence[Sample]):
    """The scenes of a `gt.mat`; each sample is built when it is asked for."""

    def __init__(self, folder: Path) -> None:
        file = folder / "gt.mat"
        mat = load_mat(file, "imnames", "wordBB", "txt")
        names, boxes, texts = (mat[key].ravel() for key in ("imnames", "wordBB", "txt"))
        if not len(names) == len(boxes) == len(texts):
            raise DataError(f"{file}: {len(names)} imnames, {len(boxes)} wordBB and {len(texts)} txt")
        self._folder = folder
        self._paths: list[str] = []
        self._texts: list[str] = []  # of a scene, with blanks between the words
        quads: list[np.ndarray] = []
        wrong = []
        for number, (name, box, text) in enumerate(zip(names, boxes, texts, strict=True), start=1):
            try:
                (path,) = strings(name)
                words = [word for entry in strings(text) for word in entry.split()]
                # x and y of four corners of each word; of a single word without the last axis
                quad = np.asarray(box, dtype=np.float32).reshape(2, 4, len(words)).transpose(2, 1, 0)
            except ValueError:
                wrong.append(f"{number} ({' '.join(strings(name))})")
                continue
            self._paths.append(path)
            self._texts.append(" ".join(words))
            quads.append(quad)
        if wrong:
            shown = ", ".join(wrong[:3])
            log.warning("%s: %d entries left out, words and boxes differ: %s", file, len(wrong), shown)
        self._starts = np.cumsum([0, *map(len, quads)])
        self._quads = _clockwise(np.concatenate([np.zeros((0, 4, 2), np.float32), *quads]))

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        path = self._paths[index]
        i = index + len(self) if index < 0 else index
        quads = self._quads[self._starts[i] : self._starts[i + 1]]
        instances = tuple(
            TextInstance(quad, text) for quad, text in zip(quads, self._texts[index].split(), strict=True)
        )
        return Sample(path.rpartition(".")[0], self._folder / path, instances)


def _clockwise(quads: np.ndarray) -> np.ndarray:
    """`geometry.clockwise` of millions of quadrilaterals (n, 4, 2), all at once."""
    x, y = quads[..., 0], quads[..., 1]
    mirrored = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) < 0
    quads[mirrored, 1], quads[mirrored, 3] = quads[mirrored, 3], quads[mirrored, 1]
    return quads
