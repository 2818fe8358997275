"""What detectors and spotters make of the same short training from different starts.

    python benchmarks/transfer.py RUN... --data FOLDER [--tune SET...] [--test SET...] [--out FILE.json]

RUNs are folders of training runs, named SYSTEM-START-SEED, such as runs/psenet-oclip-1. Their last
weights (the running average) are taken, not those that validation liked best. After so short a training
networks differ in how sure they are of what they find, so each run gets the least score that serves it
best: of 0.05, 0.1 ... 0.95 the one with the highest mean hmean (IoU 0.5) over the tune sets, of which
the first `--count` images are taken. With it the test sets are scored. Prints a table in Markdown, a row
for each system and start: mean hmean of the seeds, and the difference of the highest and lowest.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe

from scenetext.codecs import make_codec
from scenetext.codecs.spelling import END, FIRST
from scenetext.data import open_dataset
from scenetext.evaluate.protocols import find_protocol
from scenetext.learn.checkpoint import load_checkpoint, load_weights
from scenetext.learn.nets import make_net
from scenetext.learn.processes import limit_threads
from scenetext.learn.validate import make_model, recipe_of, torch_graphs
from scenetext.types import Graph, Sample, TextInstance

LEVELS = [level / 20 for level in range(1, 20)]
# of codecs: what keeps them from putting out what they are not sure of, and readings, which do not count here
OPEN = {"min_score": 0.05, "min_characters": 0.0, "min_sequence": 0.0, "min_proposal": 0.1}
OPEN_OF = {"fcenet": {"threshold": 0.15}}  # whose score is that of single places; others' is a level to trace

Found = list[list[TextInstance]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tune", nargs="+", default=["icdar2015:train", "icdar:curved/tune"])
    parser.add_argument("--test", nargs="+", default=["icdar2015:val", "icdar:curved/test"])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument(
        "--out", type=Path, help="also write every figure here; runs that stand in it are kept"
    )
    args = parser.parse_args()
    limit_threads(1)
    known = json.loads(args.out.read_text("utf-8")) if args.out and args.out.is_file() else {}
    for run in args.runs:
        if run.name not in known:
            known[run.name] = figures_of(run, args.data, args.tune, args.test, args.count)
            print(run.name, known[run.name], flush=True)
            if args.out:
                args.out.write_text(json.dumps(known, indent=1), "utf-8")
    print(f"\nOne of {describe()}\n")
    print(table({run.name: known[run.name] for run in args.runs}, args.test))


def figures_of(run: Path, data: Path, tune: Sequence[str], test: Sequence[str], count: int) -> dict[str, Any]:
    """The chosen level of a run, its step, and hmean, precision and recall on each test set."""
    recipe = recipe_of(run)
    net = make_net(recipe.net, make_codec(recipe.codec))
    groups, meta = load_checkpoint(run / "last.safetensors")
    load_weights(net, groups["average"], str(run))
    net.eval()
    settings: dict[str, float] = OPEN_OF.get(str(recipe.codec["name"]), {})
    settings = settings | {
        name: value for name, value in OPEN.items() if hasattr(make_codec(recipe.codec), name)
    }
    recipe = replace(recipe, codec=dict(recipe.codec) | settings)
    graphs = torch_graphs(net)
    if recipe.codec["name"] == "mask_textspotter":  # which puts out only what it can read
        graphs[-1] = partial(alike, graphs[-1])
    model = make_model(recipe, make_codec(recipe.codec), graphs)
    sums = dict.fromkeys(LEVELS, 0.0)
    for name in tune:
        truth, found = seen(model, open_dataset(name, data), count)
        for level in LEVELS:
            sums[level] += scored(truth, found, level)["hmean"]
    level = max(LEVELS, key=lambda level: sums[level])
    figures: dict[str, Any] = {"step": meta["step"], "level": level, "tuned": sums[level] / len(tune)}
    for name in test:
        figures[name] = scored(*seen(model, open_dataset(name, data)), level)
    return figures


def alike(reads: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a graph that reads, were each text one letter and sure: scores are those of finding."""
    outputs = reads(inputs)
    outputs["texts"][:, 0], outputs["texts"][:, 1:] = FIRST, END
    outputs["log_probs"] = np.zeros_like(outputs["log_probs"])
    return outputs


def seen(model: Any, samples: Sequence[Sample], count: int | None = None) -> tuple[Found, Found]:
    """Truth, and what the model finds, without texts."""
    find = model.detect if hasattr(model, "detect") else model.spot
    chosen = [samples[i] for i in range(min(len(samples), count or len(samples)))]
    found = [[instance.replace(text=None) for instance in find(sample.image)] for sample in chosen]
    return [list(sample.instances) for sample in chosen], found


def scored(truth: Found, found: Found, level: float) -> dict[str, float]:
    kept = [[instance for instance in one if instance.score >= level] for one in found]
    protocol: Any = find_protocol("icdar2015-detection")
    values = protocol(truth, kept).to_dict()["values"]
    return {name: values[name] for name in ("hmean", "precision", "recall")}


def table(figures: dict[str, dict[str, Any]], test: Sequence[str]) -> str:
    groups = defaultdict(list)
    for name, values in figures.items():
        groups[name.rpartition("-")[0]].append(values)
    lines = [f"| | seeds | {' | '.join(test)} |", "|---|---|" + "---|" * len(test)]
    for group, runs in groups.items():
        cells = []
        for name in test:
            hmeans = [100 * run[name]["hmean"] for run in runs]
            cells.append(f"{sum(hmeans) / len(hmeans):.1f} ({max(hmeans) - min(hmeans):.1f})")
        lines.append(f"| {group} | {len(runs)} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
