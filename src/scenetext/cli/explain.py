"""`scenetext explain`: where a pre-trained network looks."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import BadImageError, SettingsError
from ..image import MAX_PIXELS
from .arguments import names, positive
from .pictures import Pictures
from .sources import STDIN, content, expand, progress, report

HELP = "Draw where a network of pre-training looks in photos, for words. Needs the extra 'train'."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = (
        "A picture for each photo: the attention of the image encoder, and that of the decoder for each "
        "word, whose middle character is hidden and guessed. Where a reader looked: scenetext read --explain."
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run of pre-training")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="photos, folders, patterns, or -")
    parser.add_argument("--words", type=names, required=True, metavar="WORD,...", help="to look for")
    parser.add_argument("--out", type=Path, default=Path("looks"), metavar="DIR", help="default: looks")
    parser.add_argument(
        "--max-pixels",
        type=positive,
        default=MAX_PIXELS,
        metavar="N",
        help="refuse larger images before decoding them (default: %(default)s)",
    )
    parser.add_argument("--threads", type=positive, metavar="N", help="processors to use (default: all)")


def run(args: argparse.Namespace) -> int:
    """Writes the pictures; 1 if some could not be made."""
    from ..draw import draw_weights
    from ..learn.match import Matcher
    from ..learn.validate import load_run

    model, _ = load_run(args.run, args.threads)
    if not isinstance(model, Matcher):
        raise SettingsError(f"{args.run}: not a run of pre-training; scenetext read --explain is for readers")
    model.look(np.zeros((32, 32, 3), np.uint8), args.words)  # before anything is made

    def draw(image: np.ndarray, matcher: Matcher) -> Image.Image:
        return draw_weights(image, matcher.look(image, args.words))

    failures: list[BadImageError] = []
    sources = expand(args.sources, failures)
    missing = len(failures)
    pictures = Pictures(args.out, ".png", "explanation")
    for source in progress(sources):
        name = "stdin" if source == STDIN else source
        failures += pictures.write(name, content(source), args.max_pixels, partial(draw, matcher=model))
    return report(failures, len(sources) + missing)
