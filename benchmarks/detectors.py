"""What each detector's codec keeps of words, and how long it takes to decode a photo.

    python benchmarks/detectors.py [--recipes NAME ...] [--count 12]
    python benchmarks/detectors.py --graphs db-light other-bundle      # the processor time of their graphs
    python benchmarks/detectors.py --profile db-light                  # where that time goes

A view of 1280x736 pixels holds 60 words, straight and curved ones, 14 to 40
pixels high. Each recipe's codec encodes them, and decodes what a network that had learnt them would put out
(of TextBPN, whose second graph moves nothing here). Prints a table in Markdown: parameters and
operations of the network, mean and least IoU of the words found with the words given, words found with an IoU
over 0.5, and the median processor time of `decode`, on one thread.

A profile is of a bundle's first graph for a view of that size, on one thread: shares of its time by kind of
operator, as onnxruntime runs it after its own optimisations, and the costliest nodes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
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


def profile(name: str, count: int, nodes: int = 10) -> str:
    """Two tables: the time of a bundle's first graph by kind of operator, and of its costliest nodes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_profiling = True
    images = np.random.default_rng(0).standard_normal((1, 3, *SIZE), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/trace"
        session = onnxruntime.InferenceSession(
            load_bundle(name, "detection").graphs(1)[0].path, options, providers=["CPUExecutionProvider"]
        )
        for _ in range(count + 1):
            session.run(None, {"images": images})
        events = json.loads(Path(session.end_profiling()).read_text())
    durations: dict[tuple[str, str, str], list[int]] = defaultdict(list)  # of a node: name, kind, output
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            shape = next(iter(event["args"]["output_type_shape"][0].values()))
            node = event["name"].removesuffix("_kernel_time")
            durations[node, event["args"]["op_name"], "x".join(map(str, shape))].append(event["dur"])
    # the first run also warms up; in the others, whatever else the machine does meets some nodes and not all
    times = Counter({node: float(np.median(spent[1:])) for node, spent in durations.items()})
    total = sum(times.values()) / 100
    kinds: Counter[str] = Counter()
    for (_, kind, _), spent in times.items():
        kinds[kind] += spent
    rows = ["| operator | nodes | time, % |", "|---|--:|--:|"]
    rows += [
        f"| {kind} | {sum(kind == other for _, other, _ in times)} | {spent / total:.1f} |"
        for kind, spent in kinds.most_common()
        if spent >= 0.5 * total  # shapes are computed by nodes that cost nothing
    ]
    rows += ["", "| node | operator | output | time, % |", "|---|---|---|--:|"]
    rows += [
        f"| `{node}` | {kind} | {shape} | {spent / total:.1f} |"
        for (node, kind, shape), spent in times.most_common(nodes)
    ]
    return "\n".join(rows)


def main() -> None:
    detectors = [name for name in recipe_names() if load_recipe(name).task == "detection"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recipes", nargs="+", choices=detectors, default=detectors, metavar="NAME")
    parser.add_argument("--count", type=int, default=12, metavar="N", help="views; default: 12")
    parser.add_argument(
        "--graphs", nargs="+", default=[], metavar="NAME|DIR", help="bundles, whose graphs to time"
    )
    parser.add_argument("--profile", metavar="NAME|DIR", help="a bundle, whose graph to take apart")
    args = parser.parse_args()
    if args.profile:
        print(f"{describe()}; {versions('onnxruntime')}. {args.count} runs.\n")
        print(profile(args.profile, args.count))
        return
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
