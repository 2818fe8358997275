"""`scenetext score`: a protocol on anyone's result files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, SettingsError
from .arguments import add_protocol_settings

if TYPE_CHECKING:  # --help is to answer without numpy
    from ..types import Sample

HELP = "Score result files of any system against truth files."

_FILES = """\
Detection and spotting protocols take folders or zips of text files, one file an image: gt_img_1.txt in the
truth, res_img_1.txt in the predictions. A line is x1,y1,x2,y2,x3,y3,x4,y4,text, or, in protocols of curved
text, any number of points and then the text; in those of upright boxes (icdar2013-..., svt-...) also
x1,y1,x2,y2,text. Detections need no text; truth has ### for don't-care.
Recognition protocols take two files of lines: path <TAB> text.
The truth may also be a data set that lies in --data, such as totaltext:test; then results are named as its
pictures are: res_img1.txt, or the picture's path <TAB> text. A path that exists is read as a path."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = _FILES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--truth", required=True, metavar="PATH|NAME:SPLIT", help="truth: folder, zip or file, or a data set"
    )
    parser.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="of data sets (default: data)"
    )
    parser.add_argument(
        "--predictions", type=Path, required=True, metavar="PATH", help="predictions, likewise"
    )
    parser.add_argument("--protocol", required=True, metavar="NAME", help="see: scenetext protocols")
    add_protocol_settings(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Prints the score; returns the exit code. Raises ScenetextError."""
    # Here, not at the top: `--help` need not wait for shapely.
    from ..evaluate.fragments import Fragments
    from ..evaluate.protocols import adjusted, find_protocol
    from ..evaluate.recognition import Recognition
    from ..evaluate.results import by_image, by_name, pair, read_results, read_words
    from ..evaluate.retrieval import Retrieval
    from ..evaluate.score import Score
    from ..judge import word_of
    from ..settings import parse_change

    protocol = adjusted(find_protocol(args.protocol), dict(parse_change(change) for change in args.set))
    if isinstance(protocol, Retrieval):
        raise SettingsError(f"{protocol.name} scores a network, not files; use scenetext evaluate RUN")
    samples = _samples(args.truth, args.data)
    score: Score
    if isinstance(protocol, Recognition | Fragments):
        read = read_words(args.predictions)
        if samples is None:
            words = read_words(Path(args.truth))
        else:
            words = {sample.name: word_of(sample, protocol) for sample in samples}
        if not words.keys() & read.keys():
            words, read = by_name(words), by_name(read)
        texts, guesses, absent = pair(words, read, "")
        count = len(texts)
        score = protocol(texts, guesses)
    else:
        predictions = read_results(args.predictions, protocol.layout)
        truth = read_results(Path(args.truth), protocol.layout) if samples is None else by_image(samples)
        wanted, found, absent = pair(truth, predictions, [])
        count = len(wanted)
        score = protocol(wanted, found)
    if absent:
        print(
            f"scenetext score: {len(absent)} of {count} have no prediction ({absent[0]}, ...) "
            "and count as empty",
            file=sys.stderr,
        )
    print(json.dumps(score.to_dict(), indent=2) if args.format == "json" else score)
    return 0


def _samples(truth: str, data: Path) -> Sequence[Sample] | None:
    """The data set that --truth names, or None if it is a path."""
    from ..data import DATASETS, open_dataset

    if Path(truth).exists():
        return None
    if ":" in truth or truth in DATASETS:
        return open_dataset(truth, data)
    raise DataError(
        f"{truth}: no such folder, zip or file, and no data set; those are NAME:SPLIT (scenetext datasets)"
    )
