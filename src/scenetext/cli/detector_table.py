"""`scenetext benchmark detectors`: detectors on data sets of photos."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..data import open_dataset
from ..detection_benchmark import PROTOCOL, Standing, find_protocols, stand
from ..evaluate.protocols import Protocol
from ..runtime import cpu_count
from ..types import Sample
from .arguments import add_table_options
from .candidates import OPERATIONS, Candidate, open_candidate, stand_each
from .tables import with_notes

_FIGURES = {"precision": "P", "recall": "R", "hmean": "F"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "Precision, recall and F of detectors, and what they cost."
    parser.epilog = "MODEL is a bundle (packaged name or folder) or the folder of a training run."
    add = parser.add_argument
    add("models", nargs="+", metavar="MODEL")
    add("--sets", nargs="+", default=["icdar2015:val"], metavar="NAME", help="default: icdar2015:val")
    add("--protocols", nargs="+", default=[PROTOCOL], metavar="NAME", help=f"default: {PROTOCOL}")
    add_table_options(parser, "photo")
    parser.set_defaults(print_table=_print_table)


def _print_table(args: argparse.Namespace) -> None:
    # everything is opened before anything is run
    protocols = find_protocols(args.protocols)
    sets = {name: open_dataset(name, args.data) for name in args.sets}
    if args.limit:
        sets = {name: samples[: args.limit] for name, samples in sets.items()}
    candidates = [open_candidate(name, "detection", args.threads) for name in args.models]
    photos = sum(len(samples) for samples in sets.values())
    entries = stand_each(candidates, "img", photos, lambda model, done: stand(model, sets, protocols, done))
    threads = args.threads or cpu_count()
    if args.format == "json":
        print(json.dumps(_to_dict(entries, sets, threads), indent=2))
        return
    header = ["model"]
    for name in sets:
        for protocol in protocols:
            place = f"{name} {protocol.name}" if len(protocols) > 1 else name
            header += [f"{place} {figure}" for figure in _FIGURES.values()]
        header.append(f"{name} ms")
    header += ["M parameters", "GFLOPs"]
    rows = [_row(candidate, standing, sets, protocols) for candidate, standing in entries]
    print(with_notes(args.format, header, rows, _notes(candidates, sets, protocols, threads)))


def _row(
    candidate: Candidate,
    standing: Standing,
    sets: Mapping[str, Sequence[Sample]],
    protocols: Sequence[Protocol],
) -> list[str]:
    cells = [candidate.name]
    for name in sets:
        for protocol in protocols:
            values = standing.scores[name, protocol.name].values
            cells += [f"{100 * values[figure]:.1f}" for figure in _FIGURES]
        cells.append(f"{standing.milliseconds[name]:.0f}")
    return [*cells, *candidate.cost_cells]


def _notes(
    candidates: Sequence[Candidate],
    sets: Mapping[str, Sequence[Sample]],
    protocols: Sequence[Protocol],
    threads: int,
) -> list[str]:
    """What the figures are: lines below the table."""
    notes = [f"P, R, F: precision, recall and F in percent by {p.name}: {p.description}." for p in protocols]
    notes += [f"{name}: {len(samples)} photos." for name, samples in sets.items()]
    notes.append(f"ms: {_timing(threads)}.")
    notes.append(f"{OPERATIONS}, for a photo of 1280x736 with 60 words.")
    notes += [candidate.note("photo") for candidate in candidates]
    return notes


def _timing(threads: int) -> str:
    return f"from a photo in memory to its polygons, one at a time, threads: {threads}; mean over the photos"


def _to_dict(
    entries: Sequence[tuple[Candidate, Standing]], sets: Mapping[str, Sequence[Sample]], threads: int
) -> dict[str, Any]:
    """The table for programs: what protocols return, and None for what is unknown."""
    return {
        "sets": {name: len(samples) for name, samples in sets.items()},
        "timing": _timing(threads),
        "threads": threads,
        "models": [
            {
                "model": candidate.name,
                "runtime": candidate.runtime,
                "scores": {
                    name: {p: score.to_dict() for (at, p), score in standing.scores.items() if at == name}
                    for name in sets
                },
                "milliseconds": {name: round(value, 3) for name, value in standing.milliseconds.items()},
                **candidate.figures,
            }
            for candidate, standing in entries
        ],
    }
