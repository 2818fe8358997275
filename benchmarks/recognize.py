"""How long 10,000 word crops take, and where the time goes.

    python benchmarks/recognize.py [--dataset NAME:SPLIT --data FOLDER] [--recognizer NAME|DIR]

Reads the crops in the order in which they come, greedily and without a lexicon, in calls of `--chunk`, as the
command does. Without a data set they are the words of the example photos, over and over. Times are of the
processor, all threads together, so that whatever else the machine does hardly counts. Prints a table in
Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, versions

from scenetext.data import open_dataset
from scenetext.data.views import word_crops
from scenetext.reader import DEFAULT_MODEL, MODELS
from scenetext.recognizer import Recognizer

EXAMPLES = Path(__file__).parent.parent / "examples"


class Clock:
    """A part of a recogniser, whose calls are timed; otherwise it is that part."""

    def __init__(self, part: Any, *methods: str) -> None:
        self._part = part
        self._methods = methods
        self.seconds = 0.0

    def __call__(self, *args: Any) -> Any:
        return self._timed(self._part, *args)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._part, name)
        return (lambda *args: self._timed(attribute, *args)) if name in self._methods else attribute

    def _timed(self, function: Any, *args: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args)
        finally:
            self.seconds += time.process_time() - began


def load_crops(args: argparse.Namespace) -> list[np.ndarray]:
    """The crops, decoded, as many as are wanted."""
    if args.dataset:
        samples = open_dataset(args.dataset, args.data)
    else:
        samples = word_crops(open_dataset("icdar", EXAMPLES))
    distinct = [samples[i].image for i in range(min(len(samples), args.count))]
    return list(itertools.islice(itertools.cycle(distinct), args.count))


def read(recognizer: Recognizer, crops: Sequence[np.ndarray], chunk: int) -> int:
    """Reads all crops; the number of characters read."""
    parts = (crops[start : start + chunk] for start in range(0, len(crops), chunk))
    return sum(len(text) for part in parts for text, _ in recognizer.recognize(part))


def main() -> None:
    args = arguments()
    crops = load_crops(args)
    plain = Recognizer.load(args.recognizer, args.threads)
    resize, codec = Clock(plain.resize), Clock(plain.codec, "decode", "stitch")
    graphs = [Clock(graph) for graph in plain.graphs]
    recognizer = replace(plain, resize=resize, codec=codec, graphs=graphs)  # type: ignore[arg-type]
    read(recognizer, crops[: args.chunk], args.chunk)  # what is made on first use is made now
    parts = {"resize": [resize], "graph": graphs, "decode": [codec]}
    for clock in itertools.chain(*parts.values()):
        clock.seconds = 0.0
    began, wall = time.process_time(), time.perf_counter()
    characters = read(recognizer, crops, args.chunk)
    total, wall = time.process_time() - began, time.perf_counter() - wall

    widths = [plain.resize.width_for(*crop.shape[:2]) for crop in crops]
    spread = ", ".join(f"{width:.0f}" for width in np.percentile(widths, [0, 25, 50, 75, 100]))
    print(f"{describe()}; {versions('onnxruntime', 'numpy', 'pillow')}.")
    print(
        f"{len(crops)} crops, {args.dataset or 'words of the examples'}, whose views have widths (quartiles) "
        f"of {spread}; {characters} characters read by {args.recognizer}, {args.threads} threads, "
        f"{args.chunk} crops a call.\n"
    )
    print("| | seconds of processor | share | microseconds a crop |\n|---|--:|--:|--:|")
    rows = {name: sum(clock.seconds for clock in clocks) for name, clocks in parts.items()}
    rows["the rest"] = total - sum(rows.values())
    for name, seconds in (rows | {"all": total}).items():
        print(f"| {name} | {seconds:.2f} | {seconds / total:.1%} | {1e6 * seconds / len(crops):.0f} |")
    print(f"\n{wall:.1f} seconds by the clock on the wall, with whatever else the machine did.")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--dataset", metavar="NAME:SPLIT", help="word crops (default: the words of the examples)")
    add("--data", type=Path, default=Path("data"), metavar="DIR", help="folder of data sets")
    add("--recognizer", default=MODELS[DEFAULT_MODEL][1], metavar="NAME|DIR", help="default: %(default)s")
    add("--count", type=int, default=10_000, metavar="N", help="crops (default: %(default)s)")
    add("--chunk", type=int, default=256, metavar="N", help="crops a call (default: %(default)s)")
    add("--threads", type=int, default=1, metavar="N", help="default: %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    main()
