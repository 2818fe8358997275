"""scenetext read: photos in, texts out."""

from __future__ import annotations

import argparse
import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import TextIO

from ..draw import draw_instances, draw_looks
from ..errors import BadImageError
from ..formats import WRITERS
from ..image import MAX_PIXELS
from ..lexicon import Lexicon
from ..reader import DEFAULT_MODEL, MODELS, Reader
from ..runtime import hand_back_memory
from ..spotter import Cascade, EndToEnd, explainer
from ..types import Look
from .arguments import lengths, positive, share
from .pictures import Pictures
from .sources import STDIN, content, emit, expand, progress, report

HELP = "Find and read the text in photos. Results go to stdout as they come, failures to stderr at the end."


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    add = parser.add_argument
    add(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="image, folder, pattern, or - for an image on standard input",
    )
    add("--format", choices=sorted(WRITERS), default="text", help="default: %(default)s")
    add("--out", type=Path, metavar="FILE", help="write there instead of to standard output")
    add("--overlay", type=Path, metavar="DIR", help="also write each photo with what was read drawn on it")
    add(
        "--explain",
        type=Path,
        metavar="DIR",
        help="also write for each photo its words and where the model looked at each letter; for models that "
        "locate and read in one",
    )
    names = ", ".join(MODELS)
    add(
        "--model",
        help=f"detector and recogniser: {names}, or a folder; or one model that does both, by name or folder "
        f"(default: {DEFAULT_MODEL})",
    )
    add("--detector", metavar="NAME|DIR", help="detector in place of the model's")
    add("--recognizer", metavar="NAME|DIR", help="recogniser in place of the model's")
    add("--lexicon", type=Path, metavar="FILE", help="choose each text from these words, one a line")
    add("--threads", type=positive, metavar="N", help="processors to use (default: all)")
    add(
        "--min-score",
        type=share,
        metavar="S",
        help=f"drop words below (default: {Cascade.min_score}; {EndToEnd.min_score} for one model)",
    )
    add(
        "--sides",
        type=lengths,
        default=(),
        metavar="N,N",
        help="one model sees each photo several times, its shorter side so many pixels long",
    )
    add(
        "--max-pixels",
        type=positive,
        default=MAX_PIXELS,
        metavar="N",
        help="refuse larger images before decoding them (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Reads all sources; 1 if some could not be read."""
    hand_back_memory()
    reader = Reader(
        model=args.model,
        detector=args.detector,
        recognizer=args.recognizer,
        threads=args.threads,
        min_score=args.min_score,
        sides=args.sides,
        max_pixels=args.max_pixels,
    )
    lexicon = Lexicon.from_file(args.lexicon) if args.lexicon else None
    failures: list[BadImageError] = []
    sources = expand(args.sources, failures)
    missing = len(failures)
    if args.explain:
        explainer(reader.spotter)  # before anything is made
    overlays = Pictures(args.overlay, ".jpg", "overlay") if args.overlay else None
    explanations = Pictures(args.explain, ".png", "explanation") if args.explain else None
    with contextlib.ExitStack() as stack:
        out: TextIO | None = None if args.out else sys.stdout
        for number, source in enumerate(progress(sources)):
            name = "stdin" if source == STDIN else source
            image = content(source)
            looks: list[Look] = []
            try:
                if explanations:
                    reading, looks = reader.explain(image, name=name, lexicon=lexicon)
                else:
                    reading = reader.read(image, name=name, lexicon=lexicon)
            except BadImageError as error:
                failures.append(error)
                continue
            if out is None:  # not before there is something to put in place of what the file holds
                out = stack.enter_context(open(args.out, "w", encoding="utf-8"))
            headed = args.format == "text" and len(sources) > 1
            head = ("\n" if number else "") + f"==> {name} <==\n" if headed else ""
            emit(head + WRITERS[args.format](reading), out)
            if overlays:
                draw = partial(draw_instances, instances=reading.instances)
                failures += overlays.write(name, image, args.max_pixels, draw)
            if explanations:
                failures += explanations.write(name, image, args.max_pixels, partial(draw_looks, looks=looks))
    return report(failures, len(sources) + missing)
