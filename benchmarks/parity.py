"""Exports all 24 four-stage recognisers and compares onnxruntime with torch.

    python benchmarks/parity.py [--rows 1 24] [--narrow] [--threads 2]

Each network, with the weights it starts training from, reads crops of several widths, alone and together, in
both. Every text has to be the same, and no log-probability may differ by 0.0001 or more; the exit code is 1
otherwise. For attention the graph holds all 26 steps, and the graph of one step is compared too. Prints a
table in Markdown. At full width an export takes a minute, all of them half an hour; --narrow has an eighth of
the channels.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe, versions
from torch import nn
from torch.nn import functional

from scenetext.codecs import make_codec
from scenetext.learn.cost import NAMES
from scenetext.learn.export import walk, write_onnx, write_step
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets import make_net
from scenetext.runtime import OrtGraph

LARGEST = 1e-4  # difference of a log-probability
WIDTHS = (32, 100, 176, 256)
COUNT = 8  # crops of each width
ROWS = list(product(("none", "tps"), ("vgg", "rcnn", "resnet"), ("none", "bilstm"), ("ctc", "attention")))


def crops(width: int) -> np.ndarray:
    """Images (COUNT, 1, 32, width), smooth as photographs are: noise of a quarter of the size, enlarged."""
    noise = torch.rand(COUNT, 1, 8, width // 4, generator=torch.Generator().manual_seed(width))
    enlarged = functional.interpolate(noise, (32, width), mode="bicubic").clamp(0, 1)
    return np.asarray(2 * enlarged - 1)


def settle_statistics(net: nn.Module) -> None:
    """Sets the statistics of batch normalisation to those of a batch, as training does.

    From 0 and 1, which they start at, the activations grow from layer to layer.
    """
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        net.train()(torch.from_numpy(crops(100)))


def compare(row: tuple[str, str, str, str], narrow: bool, threads: int) -> tuple[float, int, int, str]:
    """(largest difference of a log-probability, equal texts, texts, figures of the export) of one network."""
    trans, feat, seq, pred = row
    torch.manual_seed(1)
    codec = make_codec({"name": pred, "charset": "alphanumeric36"})
    settings: dict[str, Any] = {"trans": trans, "feat": feat, "seq": seq, "pred": pred}
    if narrow:
        settings["feat_args"] = {"width": 64}
    if narrow and trans == "tps":
        settings["trans_args"] = {"width": 64}
    net = make_net({"name": "four_stage"} | settings, codec)
    settle_statistics(net)
    net.eval()
    differences, equal, total = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path, step_path = Path(folder) / "model.onnx", Path(folder) / "step.onnx"
        began = time.process_time()
        write_onnx(net, path, crops(100)[:2])
        seconds = time.process_time() - began
        ours, exported = TorchGraph(net), OrtGraph(path, threads)
        for width in WIDTHS:
            images = crops(width)
            for some in (images, images[:1]):
                expected, found = ours({"images": some}), exported({"images": some})
                differences.append(np.abs(expected["log_probs"] - found["log_probs"]).max())
                texts = [[text for text, _ in codec.decode(outputs)] for outputs in (expected, found)]
                equal += sum(a == b for a, b in zip(*texts, strict=True))
                total += len(some)
        step = net.step()
        if step is not None:
            write_step(net, step_path, crops(100)[:2])
            for width in WIDTHS:
                for inputs in walk(net, crops(width)):
                    expected, found = TorchGraph(step)(inputs), OrtGraph(step_path, threads)(inputs)
                    differences.append(np.abs(expected["log_probs"] - found["log_probs"]).max())
        size = path.stat().st_size / 2**20
    return float(np.max(differences)), equal, total, f"{seconds:.0f} | {size:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add(
        "--rows", nargs="+", type=int, choices=range(1, 25), default=range(1, 25), metavar="N", help="1 to 24"
    )
    add("--narrow", action="store_true", help="an eighth of the channels of the first two stages")
    add("--threads", type=int, default=2, metavar="N", help="default: 2")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{describe()}; {versions('torch', 'onnx', 'onnxruntime')}.\n")
    print("| # | Trans | Feat | Seq | Pred | name | difference | same texts | export, s | MiB |")
    print("|--:|---|---|---|---|---|--:|--:|--:|--:|")
    wrong = 0
    for number in args.rows:
        row = ROWS[number - 1]
        difference, equal, total, figures = compare(row, args.narrow, args.threads)
        wrong += not (difference < LARGEST and equal == total)  # written so that a NaN fails
        cells = [str(number), *row, NAMES.get(row, ""), f"{difference:.1e}", f"{equal} of {total}", figures]
        print(f"| {' | '.join(cells)} |", flush=True)
    print(f"{wrong} differ" if wrong else "all agree", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
