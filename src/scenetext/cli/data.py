"""`scenetext data`: look at a data set before training on it, and convert between layouts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import positive, whole

if TYPE_CHECKING:  # --help is to answer without numpy
    from ..errors import DataError
    from ..types import Sample

HELP = "Look at a data set before training on it, or write it in another layout."

_SHEETS = (".png", ".jpg", ".jpeg", ".webp")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="check|convert")
    check = actions.add_parser(
        "check",
        help="what is wrong with a data set, and what it is like",
        description="Decode every picture, look at every label, and say what is wrong. The exit code is 1 if "
        "anything is.",
    )
    convert = actions.add_parser(
        "convert",
        help="write a data set in another layout",
        description="Write a data set in another layout. Pictures keep their bytes. A sample that fails is "
        "left out and named, and the exit code is 1. Filters are for word crops; each says what it dropped.",
    )
    for action in (check, convert):
        action.add_argument("name", metavar="NAME[:SPLIT]", help="see: scenetext datasets")
        action.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="default: data")
        action.add_argument(
            "--skip-bad",
            action="store_true",
            help="leave out wrong lines and entries of label files, name and count them, and go on",
        )
    _configure_check(check)
    _configure_convert(convert)


def _configure_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--charset",
        default="",
        metavar="NAME",
        help="printable94, alphanumeric36, or the characters themselves",
    )
    parser.add_argument(
        "--max-length", type=whole, default=0, metavar="N", help="longer labels are a problem"
    )
    parser.add_argument(
        "--limit", type=whole, default=0, metavar="N", help="check N samples, spread evenly (0: all)"
    )
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="a picture of samples, to look at (.png)")


def _configure_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        required=True,
        metavar="LAYOUT",
        help="lmdb, tsv, jsonl, icdar; or as other sets and tools: icdar2015, totaltext, ctw1500, "
        "ppocrlabel, coco, textocr",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--alphanumeric", action="store_true", help="drop words with anything but 0-9, A-Z and a-z"
    )
    parser.add_argument(
        "--charset", default="", metavar="NAME", help="drop words that this charset cannot write"
    )
    parser.add_argument("--min-length", type=whole, default=0, metavar="N", help="drop shorter words")
    parser.add_argument("--max-length", type=positive, metavar="N", help="drop longer words")


def run(args: argparse.Namespace) -> int:
    """Checks or converts; 1 if there are problems."""
    return _check(args) if args.action == "check" else _convert(args)


def _open(args: argparse.Namespace) -> tuple[Sequence[Sample], list[DataError]]:
    """The data set, and what was wrong with the entries that --skip-bad left out, after naming each."""
    from ..data import open_dataset

    skipped: list[DataError] = []
    samples = open_dataset(args.name, args.data, skipped.append if args.skip_bad else None)
    for error in skipped:
        print(f"scenetext: error: {error}", file=sys.stderr)
    return samples, skipped


def _check(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..data.check import check
    from ..data.sheet import contact_sheet
    from ..errors import SettingsError

    # before the work, not after it
    if args.sheet and args.sheet.suffix.lower() not in _SHEETS:
        raise SettingsError(f"--sheet {args.sheet}: its name ends in one of {', '.join(_SHEETS)}")
    samples, skipped = _open(args)
    total = min(args.limit, len(samples)) if args.limit else len(samples)
    with tqdm(total=total, disable=None, file=sys.stderr, unit="img") as bar:
        report = check(
            samples, charset=args.charset, max_length=args.max_length, limit=args.limit, progress=bar.update
        )
    print(f"{args.name}: {report}")
    if args.skip_bad:
        print(f"wrong entries left out: {len(skipped)}")
    if args.sheet:
        args.sheet.parent.mkdir(parents=True, exist_ok=True)
        contact_sheet(samples, report).save(args.sheet)
        print(f"sheet: {args.sheet}")
    return 1 if report.found or skipped else 0


def _convert(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..data.convert import convert
    from ..data.filters import Filters
    from ..errors import ScenetextError

    filters = Filters(args.alphanumeric, args.charset, args.min_length, args.max_length or 0)
    samples, skipped = _open(args)
    with tqdm(total=len(samples), disable=None, file=sys.stderr, unit="img") as bar:

        def progress(failure: ScenetextError | None) -> None:
            if failure is not None:
                tqdm.write(f"scenetext: error: {failure}", file=sys.stderr)
            bar.update()

        result = convert(samples, args.to, args.out, filters, progress)
    left = result.read
    print(f"{args.name}: {left} samples")
    if args.skip_bad:
        print(f"wrong entries left out: {len(skipped)}")
    for name in filters.names:
        left -= result.dropped[name]
        print(f"{name}: dropped {result.dropped[name]}, left {left}")
    if result.failures:
        print(f"failed: {len(result.failures)}")
    if result.lexicons_lost:
        print(f"lexicons not written, which {args.to} cannot hold: {result.lexicons_lost}")
    print(f"written: {result.written} to {args.out}")
    return 1 if result.failures or skipped else 0
