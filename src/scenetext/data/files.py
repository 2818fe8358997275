"""Where data sets lie on disk, and files too long to be held as lists."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..errors import BadImageError, DataError
from ..labels import read_file
from .lazy import Lazy

_SCAN = 2**24  # bytes of a file looked at together
_BREAK = b"\n"


def data_folder(root: Path, name: str, inner: Iterable[str] = ()) -> Path:
    """`root/name` if there is such a folder, otherwise `root`: one `--data` can serve many data sets.

    inner   folders that an archive unpacks into; the first one that is there is entered.
    """
    folder = root / name if (root / name).is_dir() else root
    if not folder.is_dir():
        raise DataError(f"{root}: no such folder")
    return next((folder / place for place in inner if (folder / place).is_dir()), folder)


def split_folder(root: Path, split: str) -> Path:
    """The folder `split` inside `root`, or `root` itself if the split is empty."""
    folder = root / split
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    return folder


def one_of(folder: Path, names: Sequence[str]) -> Path:
    """The first of `names` that exists in `folder`. Raises DataError."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise DataError(f"{folder}: holds no {' or '.join(names)}")


def all_of(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """The folders in `folder` that match the first of the patterns that has any. Raises DataError."""
    for pattern in patterns:
        found = sorted(place for place in folder.glob(pattern) if place.is_dir())
        if found:
            return found
    raise DataError(f"{folder}: holds no folder {' or '.join(patterns)}")


def read_json(file: Path) -> Any:
    """What a JSON file holds. Raises DataError."""
    try:
        return json.loads(read_file(file).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # ValueError: of JSON or of UTF-8
        raise DataError(f"{file}: not JSON ({error})") from None


def read_xml(file: Path) -> ElementTree.Element:
    """The root of an XML file. Raises DataError."""
    try:
        return ElementTree.parse(file).getroot()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise DataError(f"{file}: not XML ({error})") from None


class Lines(Lazy[str]):
    """The lines of a UTF-8 text file, by index, without line ends; blank lines do not count.

    For files of millions of lines: the file is mapped into memory, not read, and 16 bytes a line are kept.
    Another process opens it again. Raises DataError for a missing file. A line that is not UTF-8 raises
    BadImageError when its turn comes: among millions, it is one sample that cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with open(path, "rb") as file:
                size = file.seek(0, 2)
                # an empty file cannot be mapped
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from None
        ends = [
            start + np.flatnonzero(np.frombuffer(self._data[start : start + _SCAN], np.uint8) == _BREAK[0])
            for start in range(0, size, _SCAN)
        ]
        stops = np.concatenate([*ends, np.array([size])]).astype(np.int64)
        starts = np.concatenate([[3 if self._data[:3] == b"\xef\xbb\xbf" else 0], stops[:-1] + 1])
        # a blank line of a file with CRLF still holds the CR
        blank = stops - starts < 1
        for i in np.flatnonzero(stops - starts == 1):
            blank[i] = self._data[int(starts[i])] in b"\r \t"
        self._starts, self._stops = starts[~blank], stops[~blank]

    def __reduce__(self) -> tuple[type[Lines], tuple[Path]]:
        return Lines, (self._path,)

    def __len__(self) -> int:
        return len(self._starts)

    def make(self, index: int) -> str:
        start = int(self._starts[index])
        try:
            return self._data[start : int(self._stops[index])].removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadImageError(self.where(index), f"not UTF-8 ({error.reason}); convert the file") from None

    def where(self, index: int) -> str:
        """File and line number of a line, for messages."""
        before = self._data[: int(self._starts[index])]
        return f"{self._path}:{before.count(_BREAK) + 1}"
