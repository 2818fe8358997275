"""What the commands share: arguments to sources, the list of failures, and progress."""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from ..errors import BadImageError

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".jp2", ".avif")
)
STDIN = "-"


def expand(arguments: Iterable[str], failures: list[BadImageError]) -> list[str]:
    """The sources that paths, folders, glob patterns and "-" (standard input) stand for.

    A folder stands for all images below it, by suffix, sorted. A pattern that the shell has not expanded is
    expanded here. A folder or pattern without any image is added to `failures`.
    """
    sources: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if argument == STDIN or path.is_file():
            sources.append(argument)
            continue
        if path.is_dir():
            found = sorted(
                str(p) for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")
            )
            reason = "no images in this folder"
        elif glob.has_magic(argument):
            found = sorted(p for p in glob.glob(argument, recursive=True) if Path(p).is_file())
            reason = "no file matches this pattern"
        else:  # reported with the others, when its turn comes
            found, reason = [argument], ""
        sources += found
        if not found:
            failures.append(BadImageError(argument, reason))
    return sources


def content(source: str) -> str | bytes:
    """What to hand to `load_image`: the path itself, or all of standard input for "-"."""
    return sys.stdin.buffer.read() if source == STDIN else source


def progress(sources: list[str]) -> Iterator[str]:
    """The sources, with a progress bar on stderr if there are many and a person watches."""
    quiet = len(sources) < 4 or not sys.stderr.isatty() or sys.stdout.isatty()
    yield from tqdm(sources, unit="image", disable=quiet, file=sys.stderr, ascii=True)


def report(failures: list[BadImageError], total: int) -> int:
    """Lists the failures on stderr, one line each; returns the exit code."""
    for failure in failures:
        print(f"scenetext: error: {failure}", file=sys.stderr)
    if failures and total > 1:
        print(f"scenetext: {len(failures)} of {total} sources could not be read", file=sys.stderr)
    return 1 if failures else 0
