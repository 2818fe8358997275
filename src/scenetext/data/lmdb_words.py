"""Word crops in an LMDB, in the layout of the recognition benchmarks.

num-samples        decimal count n
image-000000001    encoded picture, untouched bytes; numbers run from 1 to n
label-000000001    text, UTF-8
lexicon-000000001  optional: words that a reader may choose from, UTF-8, with blanks between
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import BadImageError, DataError, MissingExtraError, OnWrong, strict
from .files import split_folder
from .words import Word, Words, chain

# A database is mapped into memory as a whole, and not every system has the address space, or the disk, for a
# map that would do for everything: it starts with this many bytes, and doubles.
_MAP_BYTES = 2**24
_BATCH = 1000  # samples committed together
# Pages at the end that were used and freed in one transaction count, but are not in the file: bytes at most.
_NEVER_WRITTEN = 2**24


Record = tuple[bytes, str] | tuple[bytes, str, Sequence[str] | None]
"""Encoded picture, text, and perhaps a lexicon."""


def lmdb_words(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """Word crops in an LMDB, or in all the LMDBs below a folder. A split is a folder inside `root`.

    Without a split `root` itself is read. Databases below it are read one after the other, sorted by path.
    A sample without picture or label, or with a label that is not UTF-8, raises BadImageError when its turn
    comes, so that `wrong` has nothing to do here. Raises DataError if there is no such database,
    MissingExtraError without the lmdb package.
    """
    _lmdb()
    folder = split_folder(root, split)
    tree = os.walk(folder, followlinks=True)  # large data sets are often linked into place
    places = sorted(Path(place) for place, _, files in tree if "data.mdb" in files)
    if not places:
        raise DataError(f"{folder}: not an LMDB database, and there is none below it (no data.mdb)")
    parts = []
    for place in places:
        name = folder.name if place == folder else place.relative_to(folder).as_posix()
        fetch = _Fetch(place, name)
        parts.append(Words(fetch.count(), fetch))
    return chain(parts)


def write_lmdb(folder: Path, words: Iterable[Record]) -> int:
    """Writes words as a new database; returns how many.

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
        for record in words:
            count += 1
            waiting[b"image-%09d" % count] = record[0]
            waiting[b"label-%09d" % count] = record[1].encode("utf-8")
            lexicon = record[2] if len(record) == 3 else None
            if lexicon is not None:
                waiting[b"lexicon-%09d" % count] = " ".join(lexicon).encode("utf-8")
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

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    def count(self) -> int:
        (value,) = self._get(b"num-samples")
        if value is None or not value.isdigit():
            found = "has no key num-samples" if value is None else f"says num-samples is {value[:20]!r}"
            raise DataError(f"{self._folder}: no database of word crops: it {found}")
        return int(value)

    def __call__(self, index: int) -> Word:
        number = index + 1
        name = f"{self._name}/{number:09d}"
        label, picture, lexicon = self._get(
            b"label-%09d" % number, b"image-%09d" % number, b"lexicon-%09d" % number
        )
        if label is None or picture is None:
            missing = "label" if label is None else "image"
            raise BadImageError(name, f"the database {self._folder} has no key {missing}-{number:09d}")
        try:
            words = None if lexicon is None else tuple(lexicon.decode("utf-8").split())
            return Word(name, picture, label.decode("utf-8"), words)
        except UnicodeDecodeError:
            raise BadImageError(name, f"its label in {self._folder} is not UTF-8") from None

    def _get(self, *keys: bytes) -> list[bytes | None]:
        with _environment(self._folder).begin() as transaction:
            return [transaction.get(key) for key in keys]


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
        environment = lmdb.open(
            path, readonly=True, create=False, lock=False, readahead=False, meminit=False, max_readers=256
        )
    except lmdb.Error as error:
        raise DataError(f"{path}: not an LMDB database ({error})") from None
    # Beyond the end of a mapped file there is no error to catch: the system kills whoever reads on.
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    size = os.path.getsize(os.path.join(path, "data.mdb"))
    if size < needed - _NEVER_WRITTEN:
        environment.close()
        raise DataError(f"{path}: data.mdb is cut off ({size} of {needed} bytes); copy it again")
    return environment


def _lmdb() -> Any:
    try:
        import lmdb  # optional: part of the extra "train"
    except ImportError:
        raise MissingExtraError("lmdb", "train") from None
    return lmdb
