"""What is wrong with a data set, and what it is like: to be looked at before a night of training."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from ..charset import Charset, alphanumeric, find_charset
from ..errors import BadImageError, DataError
from ..geometry import bounds, perimeter, signed_area
from ..image import load_image
from ..types import Sample, TextInstance
from .words import Words

# Lower edges of the bars of the histograms.
ASPECTS = (0.5, 1, 2, 3, 4, 6, 8, 12)
LENGTHS = (1, 2, 3, 4, 5, 7, 9, 13, 17, 26)
HEIGHTS = (4, 8, 12, 16, 24, 32, 48, 64, 128)

_SHOWN = 5  # samples named for each problem
_KEPT = 100  # samples remembered for each problem
_BAR = 40  # characters of the longest bar


@dataclass
class Problem:
    """A kind of problem: how often, and the first samples that have it, as (index, what exactly)."""

    count: int = 0
    samples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, index: int, what: str) -> None:
        """Counts one more."""
        self.count += 1
        if len(self.samples) < _KEPT:
            self.samples.append((index, what))


@dataclass
class Report:
    """What a check found.

    total, checked   samples there are, and samples looked at.
    problems         by kind; an empty one was looked for and not found.
    facts            lines of text: counts, characters, histograms.
    """

    total: int
    checked: int
    problems: dict[str, Problem]
    facts: list[str]

    @property
    def found(self) -> bool:
        """Whether there is any problem."""
        return any(problem.count for problem in self.problems.values())

    def __str__(self) -> str:
        width = max(map(len, self.problems))
        lines = [f"{self.checked} of {self.total} samples checked"]
        for kind, problem in self.problems.items():
            lines.append(f"{kind:{width}}  {problem.count or 'none'}")
            lines += [f"  {what}" for _, what in problem.samples[:_SHOWN]]
            if problem.count > _SHOWN:
                lines.append(f"  and {problem.count - _SHOWN} more")
        return "\n".join([*lines, *self.facts])


def check(
    samples: Sequence[Sample],
    *,
    charset: str = "",
    max_length: int = 0,
    limit: int = 0,
    progress: Callable[[int], object] = lambda done: None,
) -> Report:
    """Decodes every picture and looks at every label.

    charset      what the texts are to be written in: a name of `charset.CHARSETS`, or the characters. Without
                 it no glyph is missing.
    max_length   texts with more characters are too long; 0: none is.
    limit        look only at so many samples, spread evenly; 0: at all.
    progress     called with the number of samples done since the last call.

    Of scenes, the texts of legible instances count. Raises SettingsError for an unknown charset.
    """
    total = len(samples)
    chosen = range(total) if not 0 < limit < total else [i * total // limit for i in range(limit)]
    words = isinstance(samples, Words)
    broken = Problem()
    pictures = _Pictures()
    texts = _Texts(find_charset(charset) if charset else None, max_length)
    outlines = _Outlines()
    for index in chosen:
        progress(1)
        try:
            sample, data, image = _decoded(samples, index)
        except (BadImageError, DataError) as error:
            broken.add(index, str(error))
            continue
        pictures.look(index, sample, data, image)
        texts.look_at_lexicon(sample)
        for instance in sample.instances:
            if not words:
                outlines.look(index, sample, instance, image)
            if words or (instance.legible and instance.text is not None):
                texts.look(index, sample, instance.text or "")
        outlines.end_scene(len(sample.instances))
    repeated = pictures.repeated(samples)
    problems = {"cannot be decoded": broken, "the same picture again": repeated} | texts.problems
    facts = pictures.facts() + texts.facts()
    if words:
        facts += pictures.histograms()
    else:
        problems |= outlines.problems
        facts += outlines.facts()
    return Report(total, len(chosen), problems, facts + texts.histograms())


def _decoded(samples: Sequence[Sample], index: int) -> tuple[Sample, bytes, np.ndarray]:
    """A sample, the bytes of its picture, and its pixels. Raises BadImageError, DataError."""
    sample = samples[index]
    source = sample.source
    if isinstance(source, np.ndarray):
        return sample, source.tobytes(), sample.image
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise BadImageError(sample.name, error.strerror or str(error)) from None
    return sample, data, load_image(data, name=sample.name)


class _Pictures:
    """Sizes of pictures, and pictures that occur twice. 40 bytes a picture: there may be millions."""

    def __init__(self) -> None:
        self._widths, self._heights = array("L"), array("L")
        self._indices, self._digests, self._labels = array("Q"), array("Q"), array("Q")

    def look(self, index: int, sample: Sample, data: bytes, image: np.ndarray) -> None:
        self._heights.append(image.shape[0])
        self._widths.append(image.shape[1])
        self._indices.append(index)
        self._digests.append(_digest(data))
        labels = "\n".join(instance.text or "" for instance in sample.instances)
        self._labels.append(_digest(labels.encode("utf-8", "surrogatepass")))

    def repeated(self, samples: Sequence[Sample]) -> Problem:
        problem = Problem()
        digests = np.array(self._digests, dtype=np.uint64)
        _, firsts, groups = np.unique(digests, return_index=True, return_inverse=True)
        originals = firsts[groups]
        for position in np.flatnonzero(originals != np.arange(len(digests))).tolist():
            original, what = int(originals[position]), ""
            if problem.count < _SHOWN:  # the names are fetched again only for those that are shown
                pair = [samples[int(self._indices[i])].name for i in (position, original)]
                same = self._labels[position] == self._labels[original]
                what = f"{pair[0]} is {pair[1]}, with {'the same' if same else 'another'} label"
            problem.add(int(self._indices[position]), what)
        return problem

    def facts(self) -> list[str]:
        return [f"pictures: width {_spread(self._widths)}, height {_spread(self._heights)}"]

    def histograms(self) -> list[str]:
        aspects = np.array(self._widths, dtype=np.float64) / np.array(self._heights, dtype=np.float64)
        return _histogram("aspect (width / height)", aspects, ASPECTS)


class _Texts:
    """Characters and lengths of texts, and what is wrong with them; lexicons."""

    def __init__(self, known: Charset | None, max_length: int) -> None:
        self._known = known
        self._tokens = known is not None and known.of_tokens
        self._max_length = max_length
        self._characters: Counter[str] = Counter()
        self._lengths = array("L")
        self._lexicons: Counter[int] = Counter()  # by number of words
        self._not_listed = 0
        self._empty, self._missing, self._long = Problem(), Problem(), Problem()

    @property
    def problems(self) -> dict[str, Problem]:
        problems = {"empty label": self._empty}
        if self._known:
            problems["missing glyphs"] = self._missing
        if self._max_length:
            problems["too long"] = self._long
        return problems

    def look(self, index: int, sample: Sample, text: str) -> None:
        characters = self._known.split(text) if self._tokens and self._known else text
        self._characters.update(characters)
        self._lengths.append(len(characters))
        if not text.strip():
            self._empty.add(index, f"{sample.name}: {text!r}")
        if self._known and (missing := self._known.unknown(text)):
            self._missing.add(index, f"{sample.name}: {missing!r} in {text!r}")
        if 0 < self._max_length < len(characters):
            self._long.add(index, f"{sample.name}: {len(characters)} characters: {text!r}")

    def look_at_lexicon(self, sample: Sample) -> None:
        if sample.lexicon is not None:
            self._lexicons[len(sample.lexicon)] += 1
            listed = {alphanumeric(word) for word in sample.lexicon}
            texts = [instance.text for instance in sample.instances if instance.text]
            self._not_listed += sum(alphanumeric(text) not in listed for text in texts)

    def facts(self) -> list[str]:
        used = (" " if self._tokens else "").join(sorted(self._characters))
        shown = used if len(used) <= 200 else used[:200] + " ..."
        facts = [f"characters: {len(self._characters)} different: {shown}"]
        if self._known:
            absent = [(c, n) for c, n in self._characters.most_common() if self._known.unknown(c)]
            facts += [f"  not in the charset: {_named(c)}: {n}" for c, n in absent]
        if self._lexicons:
            sizes = sorted(self._lexicons)
            span = f"{sizes[0]} words" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} words"
            facts.append(
                f"lexicons: {self._lexicons.total()} samples have one, of {span}; "
                f"{self._not_listed} labels are not in theirs"
            )
        return facts

    def histograms(self) -> list[str]:
        return _histogram("label length", np.array(self._lengths, dtype=np.float64), LENGTHS, whole=True)


def _named(character: str) -> str:
    """A character with its code, or a token."""
    return f"{character!r} (U+{ord(character):04X})" if len(character) == 1 else repr(character)


class _Outlines:
    """Polygons of scenes, and what is wrong with them."""

    def __init__(self) -> None:
        self.problems = {
            "polygon without area": Problem(),
            "polygon crosses itself": Problem(),
            "polygon outside the picture": Problem(),
        }
        self._legible = self._unread = self._leaving = 0
        self._heights = array("d")  # of legible texts
        self._counts = array("L")  # of instances in a scene

    def look(self, index: int, sample: Sample, instance: TextInstance, image: np.ndarray) -> None:
        height, width = image.shape[:2]
        left, top, right, bottom = bounds(instance.polygon)
        where = f"{sample.name}: {instance.text!r} at ({left:.0f}, {top:.0f})"
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            self.problems["polygon outside the picture"].add(index, where)
        elif left < -1 or top < -1 or right > width + 1 or bottom > height + 1:
            self._leaving += 1
        area, half = abs(signed_area(instance.polygon)), perimeter(instance.polygon) / 2
        outline = shapely.Polygon(instance.polygon)
        if not outline.is_valid and outline.buffer(0).area >= 1:
            self.problems["polygon crosses itself"].add(index, where)
        elif area < 1:
            self.problems["polygon without area"].add(index, where)
        if instance.legible:
            self._legible += 1
            self._unread += instance.text is None
            # a strip of length l and height h has the area l h and the perimeter 2 (l + h), curved or not
            self._heights.append((half - math.sqrt(max(half * half - 4 * area, 0))) / 2)

    def end_scene(self, instances: int) -> None:
        self._counts.append(instances)

    def facts(self) -> list[str]:
        total = sum(self._counts)
        empty = sum(count == 0 for count in self._counts)
        share = self._legible / total if total else 0.0
        return [
            f"instances: {total}; in a scene {_spread(self._counts)}; {empty} scenes have none",
            f"legible: {self._legible} ({share:.0%}), {self._unread} of them without text",
            f"polygons that reach out of the picture: {self._leaving}",
            *_histogram("height of legible text, pixels", np.array(self._heights), HEIGHTS),
        ]


def _digest(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _spread(values: array) -> str:
    if not values:
        return "(none)"
    return f"{min(values)} to {max(values)} (median {np.median(np.array(values)):.0f})"


def _histogram(title: str, values: np.ndarray, edges: Sequence[float], whole: bool = False) -> list[str]:
    """Lines of a bar chart; `edges` are the lower edges of all bars but the first; whole: of integers."""
    bars = np.searchsorted(np.array(edges, dtype=np.float64), values, side="right")
    counts = np.bincount(bars, minlength=len(edges) + 1).tolist()
    names = [f"under {edges[0]:g}"]
    for low, high in pairwise(edges):
        last = high - 1 if whole else high
        names.append(f"{low:g}" if last == low else f"{low:g} to {last:g}")
    names.append(f"{edges[-1]:g} and more")
    scale = _BAR / max(*counts, 1)
    rows = zip(names, counts, strict=True)
    return [title, *(f"  {name:>12} {'#' * math.ceil(count * scale)} {count}" for name, count in rows)]
