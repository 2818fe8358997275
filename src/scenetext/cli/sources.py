"""What the commands share: arguments to sources, the list of failures, and progress."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from tqdm import tqdm

from ..errors import BadImageError, TooLargeError
from ..image import list_images

STDIN = "-"


def expand(arguments: Iterable[str], failures: list[BadImageError]) -> list[str]:
    """The sources that paths, folders, glob patterns and "-" (standard input) stand for.

    A folder stands for all images below it, by suffix, sorted. A pattern that the shell has not expanded is
    expanded here. A folder or pattern without any image is added to `failures`; a path that leads nowhere
    stays a source, which fails with its reason when its turn comes.
    """
    sources: list[str] = []
    for argument in arguments:
        # os.path, because a Path's own questions raise where a name is too long or a folder is closed
        if argument == STDIN or os.path.isfile(argument):
            sources.append(argument)
            continue
        if os.path.isdir(argument):
            found = [str(path) for path in list_images(argument)]
            reason = "no images in this folder"
        elif glob.has_magic(argument):
            found = sorted(path for path in glob.glob(argument, recursive=True) if os.path.isfile(path))
            reason = "no file matches this pattern"
        else:
            found, reason = [argument], ""
        sources += found
        if not found:
            failures.append(BadImageError(argument, reason))
    return sources


def content(source: str) -> str | bytes:
    """What to hand to `load_image`: the path itself, or all of standard input for "-"."""
    return sys.stdin.buffer.read() if source == STDIN else source


def progress(sources: list[str]) -> Iterator[str]:
    """The sources, with a progress bar on stderr if there are several and a person watches."""
    quiet = len(sources) < 2 or not sys.stderr.isatty()
    yield from tqdm(sources, unit="image", disable=quiet, file=sys.stderr, ascii=True)


def emit(text: str, out: TextIO) -> None:
    """Writes a result at once; a progress bar on the same terminal steps aside for it."""
    tqdm.write(text, file=out, end="")
    out.flush()


def report(failures: list[BadImageError], total: int) -> int:
    """Lists the failures on stderr, one line each; returns the exit code."""
    for failure in failures:
        hint = " (--max-pixels)" if isinstance(failure, TooLargeError) else ""
        print(f"scenetext: error: {failure}{hint}", file=sys.stderr)
    if failures and total > 1:
        print(f"scenetext: {len(failures)} of {total} sources could not be read", file=sys.stderr)
    return 1 if failures else 0
