"""How far polygons of an exported detector are from those of the network it was exported from.

    python benchmarks/polygon_parity.py RUN ... --data DIR [--dataset icdar2015:val] [--limit 20]

Each run is exported, in single precision and as bundles store it (weights of half precision), and finds the
text of the same photos with onnxruntime and with torch. Prints a table in Markdown: polygons of torch,
polygons that only one of the two has, and mean and least IoU of the others; the exit code is 1 if an IoU of
single precision is 0.99 or less.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, versions

from scenetext.data import open_dataset
from scenetext.detector import Detector
from scenetext.geometry import iou
from scenetext.learn.export import later_inputs, write_later, write_onnx
from scenetext.learn.half import halve_graph
from scenetext.learn.validate import load_net, make_model, torch_graphs
from scenetext.runtime import OrtGraph
from scenetext.types import TextInstance

LEAST = 0.99
SAME = 0.5  # IoU from which on two polygons are the same text


@dataclass
class Parity:
    """Of all photos: polygons of torch, those that only one side has, IoUs of the rest."""

    polygons: int
    alone: int
    overlaps: list[float]

    @classmethod
    def of(cls, ours: Sequence[list[TextInstance]], exported: Sequence[list[TextInstance]]) -> Parity:
        """Pairs every polygon with the one it overlaps most."""
        overlaps, alone = [], 0
        for some, others in zip(ours, exported, strict=True):
            best = [max((iou(a.polygon, b.polygon) for b in others), default=0.0) for a in some]
            paired = [overlap for overlap in best if overlap > SAME]
            alone += len(some) + len(others) - 2 * len(paired)
            overlaps += paired
        return cls(sum(map(len, ours)), alone, overlaps)


def compare(run: Path, photos: Sequence[np.ndarray], threads: int) -> tuple[Parity, Parity]:
    """Single precision, and weights of half precision, against torch."""
    recipe, codec, net, _ = load_net(run)
    trained = make_model(recipe, codec, torch_graphs(net))
    assert isinstance(trained, Detector)
    ours = [trained.detect(photo) for photo in photos]
    view = trained.resize(photos[0]).data
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "model.onnx"]
        write_onnx(net, paths[0], np.concatenate([view, view]), free_height=True)
        tried = later_inputs(net, codec, view)
        for name, later in net.later().items():
            paths.append(Path(folder) / f"{name}.onnx")
            write_later(later, paths[-1], tried[name][0])
        single = _found(trained, codec, paths, photos, threads)
        for path in paths:
            halve_graph(path)
        half = _found(trained, codec, paths, photos, threads)
    return Parity.of(ours, single), Parity.of(ours, half)


def _found(
    trained: Detector, codec: Any, paths: list[Path], photos: Sequence[np.ndarray], threads: int
) -> list[list[TextInstance]]:
    detector = Detector(trained.resize, tuple(OrtGraph(path, threads) for path in paths), codec)
    return [detector.detect(photo) for photo in photos]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", default="icdar2015:val", metavar="NAME:SPLIT")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="photos; default: 20")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="default: 2")
    args = parser.parse_args()
    samples = open_dataset(args.dataset, args.data)[: args.limit]
    photos = [sample.image for sample in samples]
    print(f"{describe()}; {versions('torch', 'onnxruntime')}. {len(photos)} photos of {args.dataset}.\n")
    print("| run | polygons | alone | mean IoU | least | half: alone | mean IoU | least |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    failed = False
    for run in args.runs:
        cells = [run.name]
        for number, parity in enumerate(compare(run, photos, args.threads)):
            mean, least = np.mean(parity.overlaps), np.min(parity.overlaps)
            cells += [str(parity.polygons)] * (number == 0) + [
                str(parity.alone),
                f"{mean:.5f}",
                f"{least:.4f}",
            ]
            failed |= number == 0 and least <= LEAST
        print(f"| {' | '.join(cells)} |", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
