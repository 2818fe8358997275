"""What reading with a lexicon costs, by the number of its words.

    python benchmarks/lexicon.py --data FOLDER [--recognizer NAME|DIR|RUN] [--crops 300]

FOLDER holds the data set (iiit5k) and words.txt, one word a line. The crops are run through the network
first; what is timed is the choice of the word from the network's outputs, crop by crop, on one core, less
what reading without a lexicon takes. Lexicons of fewer words are drawn from the file, seeded. Times are of
the processor, so that whatever else the machine does matters less; of each crop, the median of three.
Building is reading the file, and making what is otherwise made when the first crop comes. For a CTC model,
the last columns say what share of the time finding the words in question takes, and what share their
probabilities. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, versions

from scenetext.codecs import ctc
from scenetext.data import open_dataset
from scenetext.lexicon import Lexicon, WordTable
from scenetext.recognizer import Recognizer
from scenetext.runtime import run

SIZES = (50, 1_000, 10_000)
REPEATS = 3
MIB = 2**20

Outputs = dict[str, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dataset", default="iiit5k:test")
    parser.add_argument(
        "--recognizer", default="crnn-light", help="a bundle, or the folder of a training run"
    )
    parser.add_argument("--crops", type=int, default=300)
    args = parser.parse_args()
    print(f"One of {describe()}; {versions('numpy', 'rapidfuzz', 'onnxruntime')}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])

    model = load(args.recognizer)
    samples = open_dataset(args.dataset, args.data)
    chosen = [samples[i * len(samples) // args.crops] for i in range(args.crops)]
    outputs = [run(model.graphs, model.codec, {"images": model.resize(s.image).data}) for s in chosen]
    free = [cost(lambda one=one: model.codec.decode(one)) for one in outputs]

    path = args.data / "words.txt"
    everything = Lexicon.from_file(path)
    kind = f"{type(model.codec).__name__}, {len(model.codec.characters)} characters"
    print(f"{args.recognizer} ({kind}) on {len(outputs)} crops of {args.dataset}")
    print(f"Without a lexicon: {1000 * statistics.mean(free):.3f} ms a word, after the network\n")
    print("| words | searched | build | memory | added, mean | median | 95 % | search | scoring |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    for size in (*SIZES, len(everything)):
        words = drawn(everything.words, size)
        for small in sorted({everything.small, max(len(words), everything.small)}):
            print(row(model, outputs, free, words, small), flush=True)


def load(name: str) -> Recognizer:
    """The recogniser of a bundle or a run, on one thread."""
    if (Path(name) / "recipe.json").is_file():
        from scenetext.learn.validate import load_run

        model, _ = load_run(Path(name), threads=1)
        assert isinstance(model, Recognizer)
        return model
    return Recognizer.load(name, threads=1)


def row(
    model: Recognizer,
    outputs: Sequence[Outputs],
    free: Sequence[float],
    words: Sequence[str],
    small: int,
) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "words.txt"
        file.write_text("\n".join(words), encoding="utf-8")

        def build() -> Lexicon:
            lexicon = Lexicon.from_file(file, small=small)
            prepare(model, lexicon)
            return lexicon

        seconds = cost(build)
        tracemalloc.start()
        lexicon = build()
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

    def decode(one: Outputs) -> Any:
        return model.codec.decode(one, lexicon, model.step)

    added = [cost(lambda one=one: decode(one)) - without for one, without in zip(outputs, free, strict=True)]
    with stopwatch(model) as spent:
        began = time.process_time()
        for one in outputs:
            decode(one)
        total = time.process_time() - began
    shares = [f"{spent[part] / total:.0%}" if part in spent else "" for part in ("search", "scoring")]
    how = "all" if len(words) <= lexicon.small else near(model, lexicon)
    cells = [f"{len(words):,}", how, f"{seconds:.2f} s", f"{memory / MIB:.1f} MiB"]
    cells += [f"{1000 * figure(added):.2f} ms" for figure in (statistics.mean, statistics.median, late)]
    return f"| {' | '.join([*cells, *shares])} |"


def near(model: Recognizer, lexicon: Lexicon) -> str:
    """How a large lexicon is searched."""
    return f"delta {lexicon.delta}" if isinstance(model.codec, ctc.CTC) else f"beam {lexicon.beam}"


def late(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return float(np.quantile(values, 0.95))


def prepare(model: Recognizer, lexicon: Lexicon) -> None:
    """Makes what is otherwise made when the first crop comes."""
    table = lexicon.table(model.codec.characters)
    if isinstance(model.codec, ctc.CTC):
        table.near("prepare", lexicon.delta)
    else:
        _ = table.trie


def drawn(words: Sequence[str], count: int) -> list[str]:
    """Some words of a list, in its order; the same ones each time."""
    places = np.random.default_rng(0).choice(len(words), count, replace=False)
    return [words[i] for i in sorted(places)]


def cost(call: Callable[[], object]) -> float:
    """Seconds of the processor, the median of a few runs."""
    seconds = []
    for _ in range(REPEATS):
        began = time.process_time()
        call()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


@contextmanager
def stopwatch(model: Recognizer) -> Iterator[dict[str, float]]:
    """Adds up what the parts of a choice take: finding the words in question, and their probabilities."""
    spent: dict[str, float] = {}
    kept: list[tuple[Any, str, Any]] = []

    def watch(owner: Any, name: str, part: str) -> None:
        inner = getattr(owner, name)
        kept.append((owner, name, inner))

        def timed(*args: Any) -> Any:
            began = time.process_time()
            try:
                return inner(*args)
            finally:
                spent[part] = spent.get(part, 0.0) + time.process_time() - began

        setattr(owner, name, timed)

    if isinstance(model.codec, ctc.CTC):
        watch(WordTable, "plausible", "search")
        watch(WordTable, "within", "search")
        watch(ctc, "upper_bounds", "scoring")
        watch(ctc, "log_probabilities", "scoring")
    try:
        yield spent
    finally:
        for owner, name, inner in kept:
            setattr(owner, name, inner)


if __name__ == "__main__":
    main()
