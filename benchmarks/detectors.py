"""What each detector's codec keeps of words, and how long it takes to decode a photo.

    python benchmarks/detectors.py [--recipes NAME ...] [--count 12]
    python benchmarks/detectors.py --graphs db-light other-bundle      # the processor time of their graphs

A view of 1280x736 pixels holds 60 words, straight and curved ones, 14 to 40
pixels high. Each recipe's codec encodes them, and decodes what a network that had learnt them would put out
(of TextBPN, whose second graph moves nothing here). Prints a table in Markdown: parameters and
operations of the network, mean and least IoU of the words found with the words given, words found with an IoU
over 0.5, and the median processor time of `decode`, on one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, versions

from scenetext.bundle import load_bundle
from scenetext.codecs import make_codec
from scenetext.geometry import box_polygon, iou
from scenetext.learn.cost import operations, parameters
from scenetext.learn.nets import make_net
from scenetext.recipe import load_recipe, recipe_names
from scenetext.types import TextInstance

SIZE = (736, 1280)
COLUMNS, ROWS = 6, 10


def words(seed: int) -> list[TextInstance]:
    """60 words, one in each cell of a grid; every second one is bent."""
    rng = np.random.default_rng(seed)
    cell = np.array([SIZE[1] / COLUMNS, SIZE[0] / ROWS])
    found = []
    for number in range(COLUMNS * ROWS):
        centre = (np.array([number % COLUMNS, number // COLUMNS]) + 0.5) * cell
        height = float(np.exp(rng.uniform(np.log(14), np.log(40))))
        length = float(min(height * rng.uniform(1.5, 6), 0.85 * cell[0]))
        if number % 2:
            polygon = _bent(length, height, rng.uniform(30, 90) * rng.choice([-1, 1]))
        else:
            polygon = _turned(
                box_polygon(-length / 2, -height / 2, length / 2, height / 2), rng.uniform(-8, 8)
            )
        polygon = polygon * min(1.0, float((0.96 * cell / np.ptp(polygon, axis=0)).min()))
        polygon = polygon - (polygon.min(axis=0) + polygon.max(axis=0)) / 2 + centre
        found.append(TextInstance(polygon.astype(np.float32), "word"))
    return found


def _turned(polygon: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    return np.asarray(polygon @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]))


def _bent(length: float, height: float, degrees: float) -> np.ndarray:
    """A word along an arc of so many degrees, whose middle line has the given length; 7 points a side."""
    span = np.deg2rad(abs(degrees))
    radius = max(length / span, height)
    angles = np.linspace(-span / 2, span / 2, 7)
    ring = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    outer, inner = ring * (radius + height / 2), ring[::-1] * (radius - height / 2)
    polygon = np.concatenate([outer, inner])
    return polygon if degrees > 0 else polygon[::-1] * [1, -1]


def ideal(codec: Any, instances: list[TextInstance]) -> Mapping[str, np.ndarray]:
    """What a network puts out that has learnt these words."""
    targets = codec.encode(instances, SIZE)
    if "kernel" in targets:  # DB
        return {"probability": targets["kernel"][None, None]}
    if "kernels" in targets:  # PSENet
        return {"kernels": targets["kernels"][None].astype(np.float32) / 255}
    if "distance" in targets:  # TextBPN
        outputs = codec.ideal(instances, SIZE)
        proposed = codec.propose(outputs)
        return outputs | proposed | {"boundaries": proposed["proposals"]}
    return {
        name: array[None, :2] if name.startswith("classes") else array[None]
        for name, array in targets.items()
    }


def row(name: str, count: int) -> str:
    """The row of one recipe."""
    recipe = load_recipe(name)
    codec = make_codec(recipe.codec)
    net = make_net(recipe.net, codec)
    total = sum(operations(net, (3, *SIZE)).values())
    overlaps, seconds = [], []
    for seed in range(count):
        given = words(seed)
        outputs = ideal(codec, given)
        began = time.process_time()
        if hasattr(codec, "propose"):
            codec.propose(outputs)
        found = codec.decode(outputs, SIZE)
        seconds.append(time.process_time() - began)
        overlaps += [max((iou(word.polygon, one.polygon) for one in found), default=0.0) for word in given]
    cells = [
        f"`{name}`",
        f"{parameters(net) / 1e6:.2f}",
        f"{total / 1e9:.1f}",
        f"{np.mean(overlaps):.3f}",
        f"{np.min(overlaps):.3f}",
        f"{100 * np.mean(np.array(overlaps) > 0.5):.1f}",
        f"{1000 * np.median(seconds):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def graph_time(name: str, count: int) -> float:
    """Median processor milliseconds of a bundle's first graph for a view, on one thread."""
    graph = load_bundle(name, "detection").graphs(1)[0]
    images = {"images": np.random.default_rng(0).standard_normal((1, 3, *SIZE), dtype=np.float32)}
    graph(images)
    seconds = []
    for _ in range(count):
        began = time.process_time()
        graph(images)
        seconds.append(time.process_time() - began)
    return 1000 * float(np.median(seconds))


def main() -> None:
    detectors = [name for name in recipe_names() if load_recipe(name).task == "detection"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recipes", nargs="+", choices=detectors, default=detectors, metavar="NAME")
    parser.add_argument("--count", type=int, default=12, metavar="N", help="views; default: 12")
    parser.add_argument(
        "--graphs", nargs="+", default=[], metavar="NAME|DIR", help="bundles, whose graphs to time"
    )
    args = parser.parse_args()
    if args.graphs:
        print(f"{describe()}; {versions('onnxruntime')}.\n")
        print("| bundle | graph, ms |\n|---|--:|")
        for name in args.graphs:
            print(f"| {Path(name).name} | {graph_time(name, args.count):.1f} |", flush=True)
        return
    print(f"{describe()}; {versions('numpy', 'shapely', 'contourpy')}. {args.count} views of 60 words.\n")
    print("| recipe | M parameters | GFLOPs | mean IoU | least | found, % | decode, ms |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in args.recipes:
        print(row(name, args.count), flush=True)


if __name__ == "__main__":
    main()
