"""Word crops in an LMDB, in the layout of the recognition benchmarks.

num-samples        decimal count n
image-000000001    encoded picture, untouched bytes; numbers run from 1 to n
label-000000001    text, UTF-8
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import DataError, MissingExtraError
from ..types import Sample
from .files import split_folder
from .words import Word, Words

# A database is mapped into memory as a whole, and not every system has the address space, or the disk, for a
# map that would do for everything: it starts with this many bytes, and doubles.
_MAP_BYTES = 2**24
_BATCH = 1000  # samples committed together


def lmdb_words(root: Path, split: str) -> Sequence[Sample]:
    """Word crops in an LMDB. A split is a folder inside `root`; without one, `root` itself is read.

    Raises DataError if it is no such database, MissingExtraError without the lmdb package.
    """
    fetch = _Fetch(split_folder(root, split))
    return Words(fetch.count(), fetch)


def write_lmdb(folder: Path, words: Iterable[tuple[bytes, str]]) -> int:
    """Writes (encoded picture, text) pairs as a new database; returns how many.

    Samples are committed a thousand at a time, and `num-samples` with them, so that what an interrupted run
    leaves behind can be read. Raises DataError if `folder` already holds a database.
    """
    lmdb = _lmdb()
    if (folder / "data.mdb").exists():
        raise DataError(f"{folder}: already holds a database; write into a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    waiting: dict[bytes, bytes] = {b"num-samples": b"0"}
    # sync=False: one flush at the end, not one a commit. Only a crash of the machine itself could tell.
    with lmdb.open(os.fspath(folder), map_size=_MAP_BYTES, lock=False, sync=False) as environment:
        for picture, text in words:
            count += 1
            waiting[b"image-%09d" % count] = picture
            waiting[b"label-%09d" % count] = text.encode("utf-8")
            waiting[b"num-samples"] = str(count).encode()
            if count % _BATCH == 0:
                _commit(environment, waiting)
                waiting = {}
        _commit(environment, waiting)
        environment.sync(True)
    return count


def _commit(environment: Any, values: Mapping[bytes, bytes]) -> None:
    """Writes all the values in one transaction, doubling the map until they fit."""
    lmdb = _lmdb()
    while True:
        try:
            with environment.begin(write=True) as transaction:
                for key, value in values.items():
                    transaction.put(key, value)
            return
        except lmdb.MapFullError:
            environment.set_mapsize(2 * environment.info()["map_size"])


class _Fetch:
    """Index of a word -> the word. Holds no open database, so that it can be sent to other processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def count(self) -> int:
        value = self._get(b"num-samples")
        if not value.isdigit():
            raise DataError(f"{self._folder}: num-samples is {value[:20]!r}, not a number")
        return int(value)

    def __call__(self, index: int) -> Word:
        number = index + 1
        label = self._get(b"label-%09d" % number)
        try:
            text = label.decode("utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{self._folder}: label-{number:09d} is not UTF-8") from None
        return f"{self._folder.name}/{number:09d}", self._get(b"image-%09d" % number), text

    def _get(self, key: bytes) -> bytes:
        with _environment(self._folder).begin() as transaction:
            value: bytes | None = transaction.get(key)
        if value is None:
            raise DataError(f"{self._folder}: the database has no key {key.decode()}")
        return value


# A process may open a database only once, and one that was opened before a fork must not be used after it: so
# the open ones are kept here, each with the process that opened it.
_environments: dict[str, tuple[int, Any]] = {}
_lock = Lock()


def _environment(folder: Path) -> Any:
    path = os.path.realpath(folder)
    with _lock:
        process, environment = _environments.get(path, (0, None))
        if process != os.getpid():
            if environment is not None:
                environment.close()  # this process's copy; the parent's stays open
            environment = _open(path)
            _environments[path] = os.getpid(), environment
        return environment


def _open(path: str) -> Any:
    lmdb = _lmdb()
    try:
        return lmdb.open(
            path, readonly=True, create=False, lock=False, readahead=False, meminit=False, max_readers=256
        )
    except lmdb.Error as error:
        raise DataError(f"{path}: not an LMDB database ({error})") from None


def _lmdb() -> Any:
    try:
        import lmdb  # optional: part of the extra "train"
    except ImportError:
        raise MissingExtraError("lmdb", "train") from None
    return lmdb
