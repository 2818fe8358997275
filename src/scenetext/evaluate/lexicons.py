"""Which lexicon each image of an evaluation is read with."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError, SettingsError
from ..lexicon import Lexicon, fold_case, words_of
from ..types import Sample
from .results import image_key, sample_key, text_files

STRONG = 100  # words for an image, as in ICDAR 2015
GENERIC = "words.txt"

Word = Callable[[str], str | None]
"""What a legible text adds to the words that lexicons are made of, or None."""

CHOICES = "strong, weak, generic, official, a number of words, a file, or a folder or zip of files"


@dataclass(frozen=True)
class Lexicons:
    """description: what is printed with a score; of: the lexicon of a sample."""

    description: str
    of: Callable[[Sample], Lexicon]


def choose_lexicons(
    choice: str,
    samples: Sequence[Sample],
    data: Path,
    seed: int = 0,
    word: Word = str,
) -> Lexicons:
    """The lexicons that a word on the command line stands for.

    a number    so many words for each image: its own, and others drawn from the words of all `samples`
    "strong"    the same with 100 words
    "weak"      all words of `samples`
    "generic"   the file words.txt in the folder `data`
    "official"  what the data set itself gives for each image
    otherwise   a file, one word a line; or a folder or zip with such a file for each image, `voc_img_1.txt`
                for img_1, as ICDAR hands them out

    Words are what `word` makes of legible texts; those that differ in case alone are one. What is drawn
    depends on `seed` and on the name of the image, on nothing else; a set of fewer words gives them all.
    Raises SettingsError for another choice or a set without lexicons, DataError for a file or samples that
    hold no word.
    """
    if choice == "official":
        return Lexicons("official", _official)
    if choice == "generic":
        return _from_file(data / GENERIC, f"generic: {GENERIC}")
    if choice == "weak":
        words = _of_all(samples, word)
        everything = Lexicon(words)
        return Lexicons(f"weak: the {len(words)} words of the set", lambda sample: everything)
    if choice == "strong" or choice.isdecimal():
        size = STRONG if choice == "strong" else int(choice)
        if size == 0:
            raise SettingsError("a lexicon holds at least one word, not 0")
        words = _of_all(samples, word)
        name = "strong: " if choice == "strong" else ""
        return Lexicons(
            f"{name}{size} words an image, of {len(words)} of the set, seed {seed}",
            lambda sample: Lexicon(_drawn(sample, words, size, seed, word)),
        )
    path = Path(choice)
    if path.is_dir() or path.suffix.lower() == ".zip":
        return _from_files(path)
    if not path.is_file():
        raise SettingsError(f"no lexicon {choice!r}; it is {CHOICES}")
    return _from_file(path, path.name)


def _official(sample: Sample) -> Lexicon:
    if sample.lexicon is None:
        raise SettingsError(f"{sample.name} comes without a lexicon of its own; choose another than official")
    return Lexicon(sample.lexicon)


def _from_file(path: Path, name: str) -> Lexicons:
    lexicon = Lexicon.from_file(path)
    return Lexicons(f"{name}, {len(lexicon)} words", lambda sample: lexicon)


def _from_files(path: Path) -> Lexicons:
    words = {image_key(name): words_of(data, f"{path}/{name}") for name, data in text_files(path)}

    def of(sample: Sample) -> Lexicon:
        key = sample_key(sample)
        if key not in words:
            raise DataError(f"{path}: holds no lexicon of {sample.name}, such as voc_{key}.txt")
        return Lexicon(words[key])

    return Lexicons(f"{path.name}, of {len(words)} images", of)


def _drawn(sample: Sample, words: Sequence[str], size: int, seed: int, word: Word) -> list[str]:
    """The words of a sample, and others up to `size`; sorted, so that their place tells nothing."""
    own = {fold_case(found): found for found in _distinct([sample], word)}
    rng = np.random.default_rng([seed, zlib.crc32(sample.name.encode("utf-8", "surrogatepass"))])
    drawn = rng.choice(len(words), size=min(size + len(own), len(words)), replace=False)
    others = [words[i] for i in drawn if fold_case(words[i]) not in own]
    return sorted([*own.values(), *others[: max(size - len(own), 0)]])


def _distinct(samples: Iterable[Sample], word: Word) -> list[str]:
    """The words of some samples, each once."""
    words: dict[str, str] = {}
    for sample in samples:
        for instance in sample.instances:
            if instance.legible and instance.text and (found := word(instance.text)):
                words.setdefault(fold_case(found), found)
    return list(words.values())


def _of_all(samples: Iterable[Sample], word: Word) -> list[str]:
    words = _distinct(samples, word)
    if not words:
        raise DataError(
            "the set holds no word for a lexicon; give a file, or --set vocabulary=texts if the protocol "
            "leaves out short words and numbers"
        )
    return words
