"""An exported graph in pieces, one for each part of the network that it was made from."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import onnx
from onnx import NodeProto, helper

from scenetext.runtime import OrtGraph


@dataclass(frozen=True)
class Piece:
    """What belongs to one part of the network; given what the pieces before it put out, it goes on."""

    part: str
    graph: OrtGraph


def cut(path: Path, folder: Path) -> list[Piece]:
    """The pieces of a graph in their order, for one thread; their files are written to `folder`.

    The exporter notes in every node which part of the network it comes from. A node of none goes with the
    one before it, the first ones with the first part; what comes of weights alone, with those that use it.
    """
    model = onnx.load(path)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    constant = set(weights)
    folded, nodes = [], []
    for node in model.graph.node:
        if constant.issuperset(filter(None, node.input)):
            constant.update(node.output)
            folded.append(node)
        else:
            nodes.append(node)
    part = next(filter(None, map(_part, nodes)))
    owned = [(part := _part(node) or part, node) for node in nodes]
    groups = [(part, [node for _, node in some]) for part, some in groupby(owned, lambda entry: entry[0])]
    types = {v.name: v for v in (*model.graph.value_info, *model.graph.input, *model.graph.output)}
    pieces = []
    for i, (part, group) in enumerate(groups):
        own = [*_needed(folded, _taken(group)), *group]
        taken, made = _taken(own), {name for node in own for name in node.output}
        wanted = {output.name for output in model.graph.output}
        wanted = wanted.union(*(_taken(others) for _, others in groups[i + 1 :]))
        graph = helper.make_graph(
            own,
            part,
            [types[name] for name in sorted(taken - made - weights.keys())],
            [types[name] for node in group for name in node.output if name in wanted],
            [weights[name] for name in sorted(taken & weights.keys())],
        )
        place = folder / f"{path.stem}-{i}.onnx"
        onnx.save(
            helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version), place
        )
        pieces.append(Piece(part, OrtGraph(place, 1)))
    return pieces


def _part(node: NodeProto) -> str:
    """The part that a node comes from, "" if there is none: of the scopes of modules ["", "module",
    "module.trunk", "module.trunk.conv1", ...] the third."""
    for entry in node.metadata_props:
        if entry.key == "pkg.torch.onnx.name_scopes":
            scopes = [scope.split(".") for scope in ast.literal_eval(entry.value)]
            return next((scope[1] for scope in scopes if scope[0] == "module" and len(scope) == 2), "")
    return ""


def _taken(nodes: Sequence[NodeProto]) -> set[str]:
    return {name for node in nodes for name in node.input if name}


def _needed(folded: Sequence[NodeProto], names: set[str]) -> list[NodeProto]:
    """Those of the nodes, in their order, that lead to these values."""
    wanted, needed = set(names), []
    for node in reversed(folded):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            needed.append(node)
    return needed[::-1]
