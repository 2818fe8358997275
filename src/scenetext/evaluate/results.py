"""Reading what a system handed in: a folder or a zip of text files, one an image; or one table of words."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from ..errors import DataError
from ..image import IMAGE_SUFFIXES
from ..labels import ILLEGIBLE, Layout, decode_lines, leading_numbers, parse_labels
from ..types import Sample, TextInstance

T = TypeVar("T")

_ESCAPE = re.compile(r"\\([\\tnr])")
_PREFIX = re.compile(r"^(poly_gt_|gt_|res_|voc_)")


def read_results(path: Path, layout: Layout) -> dict[str, list[TextInstance]]:
    """Image key -> instances, from every .txt file of a folder or zip, in the layouts of `labels`.

    The key is the file name without gt_, poly_gt_, res_ or voc_ and without leading zeros of a number, so
    that `gt_img_7.txt` and `res_img_7.txt`, or `0001001.txt` and `1001.txt`, meet. Whether polygon lines end
    in a text is found from the files together: they do unless every line is coordinates alone, or ### behind
    them. Raises DataError for a missing or damaged archive, a wrong line, or two files of one image.
    """
    files = [(f"{path}/{name}", data) for name, data in text_files(path)]
    if not files:
        raise DataError(f"{path}: holds no .txt files")
    lines = [line.split(",") for name, data in files for line in decode_lines(data, name) if line.strip()]
    with_text = any(
        len(fields) % 2 or leading_numbers(fields) < len(fields)
        for fields in lines
        if fields[-1].removeprefix("####") != ILLEGIBLE
    )
    if layout != "polygon" and not with_text and any(leading_numbers(fields) > 8 for fields in lines):
        raise DataError(f"{path}: has polygons of more than 4 points; read them with the layout polygon")
    results: dict[str, list[TextInstance]] = {}
    for name, data in files:
        key = image_key(name)
        if key in results:
            raise DataError(f"{name}: a second file for the image {key!r}")
        results[key] = parse_labels(data, name, layout, with_text=with_text)
    return results


def by_image(samples: Iterable[Sample]) -> dict[str, list[TextInstance]]:
    """Image key -> instances, of a data set: truth for what `read_results` reads.

    Raises DataError for two pictures with one key, which are alike but for their folders.
    """
    truth: dict[str, list[TextInstance]] = {}
    for sample in samples:
        key = sample_key(sample)
        if key in truth:
            raise DataError(f"{sample.name}: a second picture for the image {key!r}")
        truth[key] = list(sample.instances)
    return truth


def sample_key(sample: Sample) -> str:
    """The key of a sample's picture."""
    # names have the suffix of the picture or none, and may hold points
    name = PurePosixPath(sample.name)
    return image_key(f"{name.stem if name.suffix.lower() in IMAGE_SUFFIXES else name.name}.txt")


def image_key(name: str) -> str:
    """What identifies the image in the name of a truth, result or lexicon file."""
    stem = _PREFIX.sub("", PurePosixPath(name).stem)
    return stem.lstrip("0") or "0" if stem.isdigit() else stem


def read_words(path: Path) -> dict[str, str]:
    """Picture -> text, from lines `path <TAB> text` or `path <TAB> text <TAB> score`.

    Two columns are what `labels.tsv` of a data set holds, the text as it stands. Three are what
    `scenetext recognize --format tsv` prints, in which a backslash starts an escape. Raises DataError.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    words: dict[str, str] = {}
    for number, line in enumerate(decode_lines(path.read_bytes(), str(path)), start=1):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) not in (2, 3):
            raise DataError(f"{path}:{number}: expected path <TAB> text, found {len(fields)} columns")
        if fields[0] in words:
            raise DataError(f"{path}:{number}: {fields[0]} appears a second time")
        words[fields[0]] = fields[1] if len(fields) == 2 else _ESCAPE.sub(_unescaped, fields[1])
    if not words:
        raise DataError(f"{path}: holds no words")
    return words


def pair(
    truth: Mapping[str, T], predictions: Mapping[str, T], missing: T
) -> tuple[list[T], list[T], list[str]]:
    """Truth and predictions side by side, in the order of the truth, and the keys that had no prediction.

    missing   what stands for the prediction of such a key.
    Raises DataError for predictions of what the truth does not hold.
    """
    strange = [key for key in predictions if key not in truth]
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise DataError(f"the predictions hold {strange[0]!r}{more}, which the truth does not")
    absent = [key for key in truth if key not in predictions]
    return list(truth.values()), [predictions.get(key, missing) for key in truth], absent


def by_name(words: Mapping[str, str]) -> dict[str, str]:
    """The words of `read_words`, by file name instead of path. Raises DataError if two names are alike."""
    names = Counter(PurePosixPath(path).name for path in words)
    name, times = names.most_common(1)[0]
    if times > 1:
        raise DataError(f"{times} pictures are called {name}; give the same paths in truth and predictions")
    return {PurePosixPath(path).name: text for path, text in words.items()}


def text_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of each .txt file of a folder or zip. Raises DataError for what is neither."""
    if path.is_dir():
        for file in sorted(path.rglob("*.txt")):
            if not file.name.startswith("."):
                yield file.relative_to(path).as_posix(), file.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                place = PurePosixPath(name)
                # Archives packed on a Mac carry a shadow "__MACOSX/._name.txt" of each file.
                if place.suffix == ".txt" and not place.name.startswith("."):
                    yield name, archive.read(name)
    except FileNotFoundError:
        raise DataError(f"{path}: no such folder or zip") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path}: neither a folder nor a zip ({error})") from None


def _unescaped(escape: re.Match[str]) -> str:
    return {"t": "\t", "n": "\n", "r": "\r"}.get(escape[1], escape[1])
