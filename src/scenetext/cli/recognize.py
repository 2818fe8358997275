"""scenetext recognize: words already cut out in, texts out."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import BadImageError, GraphError
from ..formats import tsv_cell
from ..image import MAX_PIXELS, load_image
from ..lexicon import Lexicon
from ..reader import DEFAULT_MODEL, MODELS
from ..recognizer import Recognizer
from ..runtime import hand_back_memory
from .arguments import positive
from .sources import STDIN, content, emit, expand, progress, report

HELP = "Read words that are already cut out: one line a crop, in the order given."

_CHUNK = 256  # crops held in memory at a time


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    add = parser.add_argument
    add(
        "sources",
        nargs="+",
        metavar="CROP",
        help="image, folder, pattern, or - for an image on standard input",
    )
    default = MODELS[DEFAULT_MODEL][1]
    add("--recognizer", metavar="NAME|DIR", default=default, help="default: %(default)s")
    add("--lexicon", type=Path, metavar="FILE", help="choose each text from these words, one a line")
    add("--format", choices=["tsv", "jsonl", "text"], default="tsv", help="default: %(default)s")
    add("--threads", type=positive, metavar="N", help="processors to use (default: all)")
    add(
        "--max-pixels",
        type=positive,
        default=MAX_PIXELS,
        metavar="N",
        help="refuse larger images before decoding them (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Reads all crops; 1 if some could not be read. tsv: path, text, score, with tabs between."""
    hand_back_memory()
    recognizer = Recognizer.load(args.recognizer, args.threads)
    lexicon = Lexicon.from_file(args.lexicon) if args.lexicon else None
    failures: list[BadImageError] = []
    sources = expand(args.sources, failures)
    total = len(sources) + len(failures)
    waiting = progress(sources)
    while chunk := list(itertools.islice(waiting, _CHUNK)):
        names: list[str] = []
        crops: list[np.ndarray] = []
        for source in chunk:
            name = "stdin" if source == STDIN else source
            try:
                crops.append(load_image(content(source), name=name, max_pixels=args.max_pixels))
                names.append(name)
            except BadImageError as error:
                failures.append(error)
        lines = (_line(args.format, *row) for row in _read(recognizer, names, crops, lexicon, failures))
        emit("".join(lines), sys.stdout)
    return report(failures, total)


def _read(
    recognizer: Recognizer,
    names: list[str],
    crops: list[np.ndarray],
    lexicon: Lexicon | None,
    failures: list[BadImageError],
) -> Iterator[tuple[str, str, float]]:
    """(name, text, score) of each crop that the model can be run on."""
    try:
        for name, (text, score) in zip(names, recognizer.recognize(crops, lexicon), strict=True):
            yield name, text, score
    except GraphError as error:
        if len(crops) == 1:
            failures.append(BadImageError(names[0], f"cannot be read ({error})"))
            return
        for name, crop in zip(names, crops, strict=True):  # one of them is to blame
            yield from _read(recognizer, [name], [crop], lexicon, failures)


def _line(kind: str, name: str, text: str, score: float) -> str:
    if kind == "text":
        return f"{text}\n"
    if kind == "tsv":
        return f"{tsv_cell(name)}\t{tsv_cell(text)}\t{score:.4f}\n"
    return json.dumps({"path": name, "text": text, "score": round(score, 4)}, ensure_ascii=False) + "\n"
