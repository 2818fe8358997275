"""The network of Li, Wang and Shen as one drawing, with the shapes of what flows through it.

    python benchmarks/diagram.py [--recipe li2017] [--size 600x800] [--words 10] --out docs/li2017.svg

Every number is taken from the network that the recipe describes, as it runs over an image of that size: on
torch's device `meta`, which computes shapes alone. Prints a table in Markdown: parameters of each part.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import torch
from torch import Tensor, nn

from scenetext.codecs import make_codec
from scenetext.learn.cost import parameters
from scenetext.learn.nets import make_net
from scenetext.learn.nets.li2017 import Li2017Network
from scenetext.learn.nets.li2017.pooling import LEVELS
from scenetext.recipe import load_recipe

WIDTH, HEIGHT = 244, 64  # of a box
LEFT, TOP, ACROSS, DOWN = 14, 14, 298, 88  # the first box; from one to the next
FILLS = {"model.onnx": "#d9e8f6", "refine.onnx": "#dcefdc", "read.onnx": "#fbe5d0", "codec": "#f2f2f2"}
STYLE = (
    "text{font:12px Arial,Helvetica,sans-serif;fill:#222} .name{font-weight:bold} "
    ".count{text-anchor:end;fill:#555} "
    ".shape{font-family:monospace;font-size:11px} rect{stroke:#777} "
    "path{fill:none;stroke:#444;stroke-width:1.3;marker-end:url(#tip)}"
)
TIP = '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
TIP += '<polygon points="0,0 8,4 0,8" fill="#444"/></marker>'


@dataclass(frozen=True)
class Box:
    """A part at a column and a row of the drawing; what it is, what it puts out, and what runs it."""

    column: int
    row: int
    name: str
    what: str
    shapes: str
    graph: str
    count: str = ""


def traced(net: Li2017Network, size: tuple[int, int], proposals: int, words: int) -> dict[str, list]:
    """The shapes that each part puts out, call by call, for one image with so many boxes."""
    calls: dict[str, list] = defaultdict(list)

    def note(name: str, part: nn.Module, inputs: Any, output: Any) -> None:
        calls[name].append([tuple(x.shape) for x in (output if isinstance(output, tuple) else (output,))])

    parts = [(f"trunk.{name}", block) for name, block in net.trunk.named_children()]
    parts += [(name, getattr(net, name)) for name in ("tpn", "pooling", "rfe", "tdn", "trn")]
    for name, part in parts:
        part.register_forward_hook(partial(note, name))
    with torch.inference_mode(), torch.device("meta"):
        features = net(torch.empty(1, 3, *size))["features"]
        net.tdn(_region(net, features, proposals)[2])
        states, widths, _ = _region(net, features, words)
        net.trn(states, widths, net.codec.length + 1)
    return calls


def _region(net: Li2017Network, features: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """States, widths and codes of so many boxes."""
    image = torch.zeros(count, dtype=torch.long)
    cells = net.pooling.cells(torch.empty(count, 4), image, *features.shape[2:])
    states, codes = net.rfe(net.pooling(features, cells, LEVELS), cells.widths)
    return states, cells.widths, codes


def boxes(net: Li2017Network, size: tuple[int, int], proposals: int, words: int) -> list[Box]:
    """The parts, in three columns: the trunk, from proposals to boxes, and from boxes to texts."""
    calls = traced(net, size, proposals, words)
    codec = net.codec

    def shown(name: str, call: int = 0) -> str:
        whole = name == "tpn" or name.startswith("trunk")  # of the image, of which there is one
        return ", ".join(" x ".join(map(str, shape[whole:])) for shape in calls[name][call])

    drawn = [Box(0, 0, "image", "red, green, blue", f"3 x {size[0]} x {size[1]}", "codec")]
    for row, (name, block) in enumerate(net.trunk.named_children(), start=1):
        layers = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]
        pooled = any(isinstance(layer, nn.MaxPool2d) for layer in block.modules())
        what = f"{len(layers)} convolutions {_by(layers[0])}" + (", then pooling" if pooled else "")
        count = _short(parameters(block))
        drawn.append(Box(0, row, f"trunk.{name}", what, shown(f"trunk.{name}"), "model.onnx", count))
    tpn, tdn, pool = net.tpn, net.tdn, net.pooling
    filters = f"filters {_by(tpn.large)} and {_by(tpn.small)}, {tpn.large.out_channels} each"
    pooling = f"{pool.rows} rows, at most {pool.columns} columns"
    encoding = f"LSTM of {net.rfe.lstm.hidden_size} along the columns"
    dense = f"2 x {tdn.fc1.out_features}; textness and offsets"
    writing = f"2 LSTMs of {net.trn.cell.hidden_size}, with attention"
    read = "read.onnx"
    return [
        *drawn,
        Box(1, 0, "tpn", filters, shown("tpn"), "model.onnx", _short(parameters(tpn))),
        Box(1, 1, "codec.propose", f"NMS at IoU {codec.proposal_overlap}", f"{proposals} x 4", "codec"),
        Box(1, 2, "pooling", pooling, shown("pooling"), "refine.onnx", "0"),
        Box(1, 3, "rfe", encoding, shown("rfe"), "refine.onnx", _short(parameters(net.rfe))),
        Box(1, 4, "tdn", dense, shown("tdn"), "refine.onnx", _short(parameters(tdn))),
        Box(1, 5, "codec.propose", f"better boxes, NMS at IoU {codec.overlap}", f"{words} x 4", "codec"),
        Box(2, 2, "pooling", "from the same table of maxima", shown("pooling", 1), read, "0"),
        Box(2, 3, "rfe", "the same weights again", shown("rfe", 1), read),
        Box(2, 4, "trn", writing, shown("trn"), read, _short(parameters(net.trn))),
        Box(2, 5, "codec.decode", f"likeliest of {net.trn.output.out_features} classes", "texts", "codec"),
    ]


def _by(layer: nn.Conv2d) -> str:
    """Columns and rows of a filter."""
    return f"{layer.kernel_size[1]} x {layer.kernel_size[0]}"


def _short(count: int) -> str:
    """38720 -> 38.7 k."""
    power, unit = (6, "M") if count >= 1e6 else (3, "k")
    return f"{count / 10**power:.{max(0, 2 - int(math.log10(count / 10**power)))}f} {unit}" if count else "0"


def corner(box: Box) -> tuple[int, int]:
    return LEFT + ACROSS * box.column, TOP + DOWN * box.row


def drawing(parts: list[Box], title: list[str]) -> str:
    """The drawing as SVG."""
    drawn = []
    for box in parts:
        x, y = corner(box)
        rect = f'x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5"'
        drawn.append(f'<rect {rect} fill="{FILLS[box.graph]}"/>')
        drawn.append(f'<text x="{x + 9}" y="{y + 18}" class="name">{escape(box.name)}</text>')
        drawn.append(f'<text x="{x + WIDTH - 9}" y="{y + 18}" class="count">{box.count}</text>')
        drawn.append(f'<text x="{x + 9}" y="{y + 36}">{escape(box.what)}</text>')
        drawn.append(f'<text x="{x + 9}" y="{y + 54}" class="shape">{escape(box.shapes)}</text>')
        if any((other.column, other.row) == (box.column, box.row + 1) for other in parts):
            drawn.append(f'<path d="M{x + WIDTH // 2} {y + HEIGHT}v{DOWN - HEIGHT}"/>')
    rows = max(box.row for box in parts)
    first, second = LEFT + ACROSS, LEFT + 2 * ACROSS  # where the columns of regions begin
    bottom, half = TOP + DOWN * rows + HEIGHT, HEIGHT // 2
    entry = TOP + 2 * DOWN + half  # of what is pooled
    bus = LEFT + WIDTH + 20  # features, to whatever takes them
    drawn += [
        f'<path d="M{bus - 20} {bottom - half}H{bus}V{TOP + half}H{first}"/>',
        f'<path d="M{bus} {entry}H{first}"/>',
        f'<path d="M{first + WIDTH} {entry + 14}H{second}"/>',  # the table that the first pooling made
        f'<path d="M{first + WIDTH} {bottom - half}h20V{entry - 14}H{second}"/>',
    ]
    for line, text in enumerate(title):
        drawn.append(f'<text x="{second}" y="{TOP + 14 + 17 * line}">{escape(text)}</text>')
    top = TOP + 17 * len(title) + 8
    for line, (graph, fill) in enumerate(FILLS.items()):
        drawn.append(f'<rect x="{second}" y="{top + 19 * line}" width="22" height="13" fill="{fill}"/>')
        drawn.append(f'<text x="{second + 30}" y="{top + 11 + 19 * line}">{graph}</text>')
    size = f'width="{second + WIDTH + LEFT}" height="{bottom + 14}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style><defs>{TIP}</defs>'
    return "\n".join(
        [head, '<rect width="100%" height="100%" fill="white" style="stroke:none"/>', *drawn, "</svg>"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recipe", default="li2017", help="default: %(default)s")
    parser.add_argument(
        "--size", default="600x800", metavar="HxW", help="multiples of 8; default: %(default)s"
    )
    parser.add_argument("--words", type=int, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=Path, required=True, metavar="DRAWING.svg")
    args = parser.parse_args()
    height, width = map(int, args.size.split("x"))
    recipe = load_recipe(args.recipe)
    codec = make_codec(recipe.codec)
    with torch.device("meta"):
        net = make_net(recipe.net, codec).eval()
    assert isinstance(net, Li2017Network), f"{args.recipe} is no recipe of this network"
    title = [
        f"{recipe.name}: {_short(parameters(net))} parameters",
        f"{height} x {width}, {codec.proposals} proposals, {args.words} words",
        "in a box: parameters, shapes it puts out",
    ]
    text = drawing(boxes(net, (height, width), codec.proposals, args.words), title)
    args.out.write_text(text + "\n", encoding="utf-8")
    print(f"| part | {recipe.name} |\n|---|--:|")
    for name, part in [*net.named_children(), ("in all", net)]:
        print(f"| {name} | {parameters(part)} |")


if __name__ == "__main__":
    main()
