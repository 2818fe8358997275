"""`scenetext benchmark recognizers`: the table of the recognition benchmark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..benchmark import PROTOCOL, REPEATS, TIMED, Found, Standing, find_lists, stand
from ..errors import SettingsError
from ..evaluate.protocols import find_protocol
from ..runtime import cpu_count
from .arguments import add_table_options
from .candidates import OPERATIONS, Candidate, open_candidate, stand_each
from .tables import markdown, plain, with_notes

MISSING = "missing"
STRUCTURE_NOTES = f"""{OPERATIONS}, for an image of 1x32x100 and 36 characters.
As published: the benchmark's attention projects all frames again in each of its 26 steps, ours once."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "The table of the recognition benchmark (Baek et al. 2019) for a set of recognisers."
    parser.epilog = (
        "MODEL is a bundle (packaged name or folder) or the folder of a training run. A list is an LMDB "
        "folder of its name in --data or its folder 'evaluation', or one of our data sets."
    )
    add = parser.add_argument
    add("models", nargs="*", metavar="MODEL")
    add("--sets", nargs="+", default=[], metavar="NAME", help="only these lists, or data sets NAME:SPLIT")
    add_table_options(parser, "word")
    add("--structure", action="store_true", help="the 24 four-stage models: parameters, frames, operations")
    parser.set_defaults(print_table=_print_table)


def _print_table(args: argparse.Namespace) -> None:
    if args.structure:
        if args.models:
            raise SettingsError("--structure is about the networks alone; name no models with it")
        print(_structure(args.format))
        return
    if not args.models:
        raise SettingsError("name at least one model, or --structure")
    # everything is opened before anything is run
    candidates = [open_candidate(name, "recognition", args.threads) for name in args.models]
    lists = find_lists(args.sets, args.data, args.limit)
    words = sum(len(found.samples) for found in lists if found.samples is not None)
    entries = stand_each(candidates, "word", words, lambda model, done: stand(model, lists, done))
    threads = args.threads or cpu_count()
    if args.format == "json":
        print(json.dumps(_to_dict(entries, lists, threads), indent=2))
        return
    header = ["model", *(found.entry.name + "*" * found.differs for found in lists)]
    header += ["union", "ten lists", "ms", "M parameters", "GFLOPs"]
    rows = [_row(candidate, standing, lists) for candidate, standing in entries]
    print(with_notes(args.format, header, rows, _notes(candidates, lists, threads)))


def _row(candidate: Candidate, standing: Standing, lists: Sequence[Found]) -> list[str]:
    accuracies = [standing.accuracy(found.entry.name) for found in lists]
    union_differs = any(found.differs for found in lists if found.entry.union)
    differs = any(found.differs for found in lists)
    return [
        candidate.name,
        *(MISSING if share is None else f"{100 * share:.1f}" for share in accuracies),
        MISSING if standing.union is None else f"{100 * standing.union:.2f}" + "*" * union_differs,
        MISSING if standing.lists is None else f"{100 * standing.lists:.2f}" + "*" * differs,
        f"{standing.milliseconds:.1f}",
        *candidate.cost_cells,
    ]


def _notes(candidates: Sequence[Candidate], lists: Sequence[Found], threads: int) -> list[str]:
    """What the figures are: lines below the table."""
    protocol = find_protocol(PROTOCOL)
    notes = [
        f"Accuracy in percent by {PROTOCOL}: {protocol.description}.",
        "union: of the 8539 words of seven lists, without the smaller versions; the total of the paper.",
        "ten lists: of all 12067 entries, most words of the versions twice; the total of the paper's script.",
    ]
    notes += [
        f"* {found.entry.name} has {len(found.samples or ())} words here, {found.entry.words} as published."
        for found in lists
        if found.differs
    ]
    notes.append(f"ms: {_timing(threads)}.")
    notes.append(f"{OPERATIONS}, for a crop of 32x100.")
    notes += [candidate.note("crop") for candidate in candidates]
    return notes


def _timing(threads: int) -> str:
    return (
        f"from a crop in memory to its text, one crop at a time, threads: {threads}; mean over up to {TIMED} "
        f"crops, spread over the lists, of the median of {REPEATS} runs"
    )


def _to_dict(
    entries: Sequence[tuple[Candidate, Standing]], lists: Sequence[Found], threads: int
) -> dict[str, Any]:
    """The table for programs: shares in [0, 1], None for what is missing."""
    return {
        "protocol": PROTOCOL,
        "sets": {
            found.entry.name: {
                "words": None if found.samples is None else len(found.samples),
                "published": found.entry.words or None,
                "in_union": found.entry.union,
            }
            for found in lists
        },
        "timing": _timing(threads),
        "threads": threads,
        "models": [
            {
                "model": candidate.name,
                "runtime": candidate.runtime,
                "accuracy": {f.entry.name: standing.accuracy(f.entry.name) for f in lists},
                "correct": {name: correct for name, (correct, _) in standing.counts.items()},
                "union": standing.union,
                "ten_lists": standing.lists,
                "milliseconds": round(standing.milliseconds, 3),
                **candidate.figures,
            }
            for candidate, standing in entries
        ],
    }


def _structure(form: str) -> str:
    """The table of the 24 models."""
    from ..learn.cost import structures  # needs torch

    if form == "json":
        return json.dumps([asdict(structure) for structure in structures()], indent=2)
    header = ["#", "Trans", "Feat", "Seq", "Pred", "name", "parameters", "frames", "GFLOPs", "as published"]
    rows = [
        [
            str(number),
            *(s.trans, s.feat, s.seq, s.pred, s.name),
            f"{s.parameters:,}",
            str(s.frames),
            f"{s.operations / 1e9:.2f}",
            f"{s.published / 1e9:.2f}",
        ]
        for number, s in enumerate(structures(), start=1)
    ]
    table = markdown(header, rows) if form == "markdown" else plain(header, rows)
    return f"{table}\n\n{STRUCTURE_NOTES}"
