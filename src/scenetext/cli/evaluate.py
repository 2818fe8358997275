"""`scenetext evaluate`: a model on a data set."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .arguments import add_protocol_settings, lengths, positive, share, whole

HELP = "Score a model on a labelled data set."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = (
        "MODEL is a bundle (packaged name or folder), the folder of a training run, or a reader: a packaged "
        "pair such as 'light', or DETECTOR+RECOGNIZER. The protocol defaults to the one it was validated by."
    )
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--dataset", required=True, metavar="NAME:SPLIT", help="see: scenetext datasets")
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="default: data")
    parser.add_argument("--protocol", metavar="NAME", help="see: scenetext protocols")
    add_protocol_settings(parser)
    parser.add_argument(
        "--limit", type=whole, default=0, metavar="N", help="only the first N samples (0: all)"
    )
    parser.add_argument("--threads", type=positive, metavar="N", help="processors to use (default: all)")
    parser.add_argument(
        "--lexicon",
        metavar="WORDS",
        help="choose texts from words: strong (100 an image), weak (all of the set), generic (words.txt in "
        "the data), official (of the data set), a number of words an image, a file, or a folder or zip of "
        "files, one an image (default: read freely)",
    )
    parser.add_argument("--min-score", type=share, metavar="S", help="of readings, for a reader")
    parser.add_argument(
        "--sides",
        type=lengths,
        default=(),
        metavar="N,N",
        help="for a model that locates and reads in one: it sees each image several times, the shorter side "
        "so many pixels long",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--examples",
        type=whole,
        default=0,
        metavar="N",
        help="print N samples to stderr, truth beside prediction",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the score."""
    from tqdm import tqdm

    from ..data import open_dataset
    from ..evaluate.lexicons import choose_lexicons
    from ..evaluate.protocols import adjusted, find_protocol
    from ..evaluate.spotting import Spotting
    from ..judge import judge
    from ..settings import parse_change

    model, default = _model(args.model, args.threads, args.min_score, args.sides)
    samples = open_dataset(args.dataset, args.data)
    changes = dict(parse_change(change) for change in args.set)
    protocol = adjusted(find_protocol(args.protocol or default), changes)
    lexicons = None
    if args.lexicon:
        word = protocol.lexicon_word if isinstance(protocol, Spotting) else str
        lexicons = choose_lexicons(args.lexicon, samples, args.data, word=word)
    if args.limit:
        samples = samples[: args.limit]
    with tqdm(total=len(samples), disable=None, file=sys.stderr, unit="img") as bar:
        judgement = judge(model, samples, protocol, bar.update, lexicons)
    for line in judgement.examples(args.examples) if args.examples else ():
        print(line, file=sys.stderr)
    print(json.dumps(judgement.score.to_dict(), indent=2) if args.format == "json" else judgement.score)
    return 0


def _model(
    name: str, threads: int | None, min_score: float | None, sides: tuple[int, ...]
) -> tuple[Any, str]:
    """What MODEL names, and the protocol to score it by if no other is asked for."""
    from ..bundle import load_bundle
    from ..detector import Detector
    from ..reader import load_cascade, pair_of
    from ..recognizer import Recognizer
    from ..spotter import Cascade, EndToEnd

    model: Any
    if pair := pair_of(name):
        model = load_cascade(detector=pair[0], recognizer=pair[1], threads=threads)
        protocol = "icdar2015-end-to-end"
    elif (Path(name) / "recipe.json").is_file():
        from ..learn.validate import load_run  # needs torch

        model, recipe = load_run(Path(name), threads=threads)
        protocol = recipe.validate.protocol
    else:
        manifest = load_bundle(name).manifest
        kinds: dict[str, tuple[Any, str]] = {
            "detection": (Detector, "icdar2015-detection"),
            "recognition": (Recognizer, "word-accuracy"),
            "spotting": (EndToEnd, "icdar2015-end-to-end"),
        }
        if manifest.task not in kinds:
            raise SettingsError(f"{name}: a backbone, which reads nothing; score the run that it comes from")
        kind, usual = kinds[manifest.task]
        model = kind.load(name, threads)
        protocol = manifest.recipe.get("validate", {}).get("protocol", usual)
    if min_score is not None:
        if not isinstance(model, Cascade | EndToEnd):
            raise SettingsError(
                "--min-score is for readers; a detector's or recogniser's score has no threshold here"
            )
        model = replace(model, min_score=min_score)
    if sides:
        if not isinstance(model, EndToEnd):
            raise SettingsError("--sides is for models that locate and read in one")
        model = replace(model, sides=sides)
    return model, protocol
