"""SynthText (Gupta et al. 2016): 858,750 photographs with 7.3 million synthetic words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError, OnWrong, unknown_name
from ..geometry import signed_area
from ..types import Sample, TextInstance
from .files import data_folder
from .lazy import Lazy
from .mat import load_mat, strings
from .views import word_crops
from .words import Words

log = logging.getLogger(__name__)

SPLITS = ("all", "characters")


def synthtext(root: Path, split: str, wrong: OnWrong | None = None) -> Sequence[Sample]:
    """SynthText, photographs with synthetic words: all; characters, the same with the outlines of characters.

    root   the folder that holds `gt.mat` (imnames, wordBB, charBB, txt) and the pictures in their numbered
           folders; or one that holds such a folder `synthtext` or `SynthText`.

    Words are what stands between the blanks and line breaks of `txt`. Their quadrilaterals are as published:
    some reach out of the picture, and those of less than one square pixel are don't-cares. Opening takes
    minutes and several GB of memory, which scipy needs for the file; some 40 bytes a word are kept, and 32 a
    character (a GB) if `characters` of instances are asked for.
    Whether the pictures are there is not asked before their turn comes. A scene whose boxes and words, or
    characters, differ in number is left out, with a warning unless there is a `wrong`. Raises DataError.
    """
    if split not in SPLITS:
        raise unknown_name("split of synthtext", split, SPLITS)
    folder = data_folder(root, "synthtext", ("SynthText",))
    return _Scenes(folder, wrong, characters=split == "characters")


def synthtext_words(root: Path, split: str, wrong: OnWrong | None = None) -> Words:
    """The words of synthtext, cut out of the scenes: all. Converted to an LMDB they are read faster."""
    if split != "all":
        raise unknown_name("split of synthtext-words", split, ("all",))
    return word_crops(synthtext(root, split, wrong))


class _Scenes(Lazy[Sample]):
    """The scenes of a `gt.mat`."""

    def __init__(self, folder: Path, wrong: OnWrong | None, *, characters: bool) -> None:
        file = folder / "gt.mat"
        keys = ["imnames", "wordBB", "txt", *(["charBB"] if characters else [])]
        mat = {key: value.ravel() for key, value in load_mat(file, *keys).items() if key in keys}
        if len({len(mat[key]) for key in keys}) > 1:
            counts = [f"{len(mat[key])} {key}" for key in keys]
            raise DataError(f"{file}: {', '.join(counts[:-1])} and {counts[-1]}")
        self._folder = folder
        self._paths: list[str] = []
        self._texts: list[str] = []  # of a scene, with blanks between the words
        quads: list[np.ndarray] = []
        glyphs: list[np.ndarray] = []
        left_out = []
        for i, (name, box, text) in enumerate(zip(mat["imnames"], mat["wordBB"], mat["txt"], strict=True)):
            try:
                (path,) = strings(name)
                words = [word for entry in strings(text) for word in entry.split()]
                quad = _quads(box, len(words))
                if characters:
                    glyphs.append(_quads(mat["charBB"][i], sum(map(len, words))))
            except ValueError:
                left_out.append(f"{i + 1} ({' '.join(strings(name))})")
                continue
            self._paths.append(path)
            self._texts.append(" ".join(words))
            quads.append(quad)
        differ = "words or characters and boxes differ" if characters else "words and boxes differ"
        if left_out and wrong is None:
            shown = ", ".join(left_out[:3])
            log.warning("%s: %d entries left out, %s: %s", file, len(left_out), differ, shown)
        elif wrong is not None:
            for place in left_out:
                wrong(DataError(f"{file}: entry {place}: {differ} in number"))
        self._starts = np.cumsum([0, *map(len, quads)])
        self._quads = _clockwise(_joined(quads))
        self._glyph_starts = np.cumsum([0, *map(len, glyphs)]) if characters else None
        self._glyphs = _clockwise(_joined(glyphs))

    def __len__(self) -> int:
        return len(self._paths)

    def make(self, index: int) -> Sample:
        path = self._paths[index]
        quads = self._quads[self._starts[index] : self._starts[index + 1]]
        words = self._texts[index].split()
        characters: list[np.ndarray | None] = [None] * len(words)
        if self._glyph_starts is not None:
            glyphs = self._glyphs[self._glyph_starts[index] : self._glyph_starts[index + 1]]
            characters = list(np.split(glyphs, np.cumsum([len(word) for word in words[:-1]], dtype=int)))
        instances = tuple(map(_instance, quads, words, characters))
        return Sample(path.rpartition(".")[0], self._folder / path, instances)


def _instance(quad: np.ndarray, text: str, characters: np.ndarray | None) -> TextInstance:
    if abs(signed_area(quad)) >= 1:  # written so that a NaN fails
        return TextInstance(quad, text, characters=characters)
    return TextInstance(np.nan_to_num(quad), None, legible=False)


def _quads(box: object, count: int) -> np.ndarray:
    """x and y of the four corners of `count` boxes, of a single one without the last axis, as (count, 4, 2).

    Raises ValueError for another number of boxes."""
    return np.asarray(box, dtype=np.float32).reshape(2, 4, count).transpose(2, 1, 0)


def _joined(quads: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros((0, 4, 2), np.float32), *quads])


def _clockwise(quads: np.ndarray) -> np.ndarray:
    """`geometry.clockwise` of millions of quadrilaterals (n, 4, 2), all at once."""
    x, y = quads[..., 0], quads[..., 1]
    mirrored = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) < 0
    quads[mirrored, 1], quads[mirrored, 3] = quads[mirrored, 3], quads[mirrored, 1]
    return quads
