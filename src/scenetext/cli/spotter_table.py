"""`scenetext benchmark spotters`: what locates and reads, on data sets of photos."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..data import open_dataset
from ..evaluate.lexicons import CHOICES, choose_lexicons
from ..evaluate.protocols import Protocol
from ..runtime import cpu_count
from ..spotting_benchmark import (
    FREELY,
    PROTOCOLS,
    Photos,
    Standing,
    find_protocols,
    lexicon_word,
    looks,
    stand,
)
from .arguments import add_table_options
from .candidates import OPERATIONS, Candidate, open_candidate, stand_each
from .tables import with_notes


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "How well spotters locate and read, without and with lexicons, and what they cost."
    parser.epilog = (
        "MODEL is a bundle (packaged name or folder), the folder of a training run, a packaged pair such as "
        "'light', or DETECTOR+RECOGNIZER."
    )
    add = parser.add_argument
    add("models", nargs="+", metavar="MODEL")
    add("--sets", nargs="+", default=["icdar2015:val"], metavar="NAME", help="default: icdar2015:val")
    add(
        "--protocols",
        nargs="+",
        default=list(PROTOCOLS),
        metavar="NAME",
        help=f"of detection or spotting; default: {' '.join(PROTOCOLS)}",
    )
    add(
        "--lexicons",
        nargs="+",
        default=[],
        metavar="WORDS",
        help=f"with which texts are read, too: {CHOICES}",
    )
    add_table_options(parser, "photo")
    parser.set_defaults(print_table=_print_table)


def _print_table(args: argparse.Namespace) -> None:
    # everything is opened before anything is run
    protocols = find_protocols(args.protocols)
    word = lexicon_word(protocols) if args.lexicons else str
    sets = {}
    for name in args.sets:
        samples = open_dataset(name, args.data)
        lexicons = {
            choice: choose_lexicons(choice, samples, args.data, word=word) for choice in args.lexicons
        }
        sets[name] = Photos(samples[: args.limit] if args.limit else samples, lexicons)
    candidates = [open_candidate(name, "spotting", args.threads) for name in args.models]
    entries = stand_each(
        candidates, "img", looks(sets, protocols), lambda model, done: stand(model, sets, protocols, done)
    )
    threads = args.threads or cpu_count()
    if args.format == "json":
        print(json.dumps(_to_dict(entries, sets, threads), indent=2))
        return
    columns = _columns(sets, protocols)
    header = ["model", *(" ".join(filter(None, column)) for column in columns)]
    header += [*(f"{name} ms" for name in sets), "M parameters", "GFLOPs"]
    rows = [_row(candidate, standing, columns) for candidate, standing in entries]
    print(with_notes(args.format, header, rows, _notes(candidates, sets, protocols, threads)))


def _columns(sets: Mapping[str, Photos], protocols: Sequence[Protocol]) -> list[tuple[str, str, str]]:
    """(data set, protocol, lexicon) of each score."""
    found = []
    for name, photos in sets.items():
        for protocol in protocols:
            choices = photos.lexicons if protocol.task == "spotting" else ()
            found += [(name, protocol.name, choice) for choice in (FREELY, *choices)]
    return found


def _row(candidate: Candidate, standing: Standing, columns: Sequence[tuple[str, str, str]]) -> list[str]:
    return [
        candidate.name,
        *(f"{100 * standing.scores[column].figure:.1f}" for column in columns),
        *(f"{value:.0f}" for value in standing.milliseconds.values()),
        *candidate.cost_cells,
    ]


def _notes(
    candidates: Sequence[Candidate],
    sets: Mapping[str, Photos],
    protocols: Sequence[Protocol],
    threads: int,
) -> list[str]:
    """What the figures are: lines below the table."""
    notes = [f"{p.name}: {p.main} in percent; {p.description}." for p in protocols]
    notes += [f"{name}: {len(photos.samples)} photos." for name, photos in sets.items()]
    notes += [
        f"{choice} of {name}: {lexicons.description}."
        for name, photos in sets.items()
        for choice, lexicons in photos.lexicons.items()
    ]
    notes.append(f"ms: {_timing(threads)}.")
    notes.append(f"{OPERATIONS}, for a photo of 1280x736 with 60 words.")
    notes += [candidate.note("photo") for candidate in candidates]
    return notes


def _timing(threads: int) -> str:
    return (
        "from a photo in memory to its texts, read without a lexicon, one at a time, threads: "
        f"{threads}; mean over the photos"
    )


def _to_dict(
    entries: Sequence[tuple[Candidate, Standing]], sets: Mapping[str, Photos], threads: int
) -> dict[str, Any]:
    """The table for programs: what protocols return, and None for what is unknown."""
    return {
        "sets": {name: len(photos.samples) for name, photos in sets.items()},
        "timing": _timing(threads),
        "threads": threads,
        "models": [
            {
                "model": candidate.name,
                "runtime": candidate.runtime,
                "scores": [
                    {"set": name, "lexicon": choice or None, **score.to_dict()}
                    for (name, _, choice), score in standing.scores.items()
                ],
                "milliseconds": {name: round(value, 3) for name, value in standing.milliseconds.items()},
                **candidate.figures,
            }
            for candidate, standing in entries
        ],
    }
