"""From a run to a bundle: graphs for onnxruntime, checked against torch before anybody relies on them."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import math
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ..bundle import Bundle, Manifest, check_replaceable, write_bundle
from ..codecs.attention import END
from ..data import DATASETS, open_dataset, parse_name
from ..errors import SettingsError, TrainingError
from ..evaluate.protocols import Protocol, find_protocol
from ..geometry import box_polygon
from ..judge import judge
from ..recipe import Recipe
from ..runtime import OrtGraph
from ..settings import build, to_dict
from ..types import Sample, TextInstance
from ..view import CropResize, SceneResize
from .checkpoint import WEIGHTS
from .graph import TorchGraph, input_names
from .half import half_weights, halve_graph
from .loader import SYNTHS
from .nets import Trainable
from .parity import TOLERANCE, check_parity
from .processes import limit_threads
from .quantize import quantize_graph
from .validate import load_net, make_model, torch_graphs, torch_step

log = logging.getLogger(__name__)

_HALF_TOLERANCE = 0.25  # the same, once weights are rounded to half precision; what matters are the scores
_SCOPES = "pkg.torch.onnx.name_scopes"  # of the modules that a node comes from, as the exporter calls it
_WALK = 3  # steps of a decoder that are compared
_FIGURE_TOLERANCE = 0.002  # of a protocol's figure
_INT8_TOLERANCE = 0.005  # what a graph of integers may lose of it
_PHOTOS = 32  # that such a graph is calibrated on


def export(
    run: Path,
    out: Path,
    *,
    data: Path | None = None,
    name: str | None = None,
    licence: str = "Apache-2.0",
    threads: int | None = None,
    also: Sequence[str] = (),
    int8: bool = False,
    weights: bool = True,
) -> Bundle:
    """Writes the best weights of the run in folder `run` as a bundle, and returns it.

    Weights are stored in half precision. Outputs are compared before and, less strictly, after that; scores
    after it.

    data      folder of data sets. With it, both torch and onnxruntime are scored on the validation sets of
              the recipe, and onnxruntime's scores go into the bundle.
    also      further data sets to score, such as "iiit5k:test"
    int8      the convolutions of a detector, of a spotter those of its first graph, compute with 8-bit
              integers (see quantize_graph), calibrated on photos that the recipe trains on. The figure of a
              set may then fall by 0.005, and rise by any amount.
    weights   False: without the weights, which serve to train on; about half the size

    Raises TrainingError if the two disagree: in an output by more than TOLERANCE, or in the figure of a set
    by more than 0.002; SettingsError if int8 is asked of a recogniser, or without data, or for a run of
    pre-training, which reads nothing. Nothing is written then.
    """
    check_replaceable(out)  # before the work, not after it
    limit_threads(threads)
    recipe, codec, net, trained_steps = load_net(run)
    if recipe.task == "pretraining":
        raise SettingsError(f"{run}: a run of pre-training, which has a backbone to export and no graph")
    resize: CropResize | SceneResize
    if recipe.task == "recognition":
        resize = build(CropResize, recipe.resize)
    else:
        resize = build(SceneResize, recipe.resize)
    photos = _photos(recipe, data) if int8 else []
    end = getattr(codec, "end", END)
    with tempfile.TemporaryDirectory() as scratch:
        graph, step_graph = Path(scratch) / "model.onnx", Path(scratch) / "step.onnx"
        graphs = [graph]
        images = _examples(resize)
        write_onnx(net, graph, images[0], free_height=isinstance(resize, SceneResize))
        examples = [{"images": some} for some in images]
        if photos:
            check_parity(TorchGraph(net), OrtGraph(graph, threads), examples, TOLERANCE)
            quantize_graph(graph, [{"images": resize(photo).data} for photo in photos])
        else:
            _check_and_halve(net, graph, examples, threads, end)
        files: dict[str, bytes | Path] = {graph.name: graph}
        if weights:
            files[WEIGHTS] = half_weights(net.state_dict())
        step = net.step()
        if step is not None:
            write_step(net, step_graph, images[0])
            inputs = [given for some in images for given in walk(net, some)]
            _check_and_halve(step, step_graph, inputs, threads, end)
            files[step_graph.name] = step_graph
        tried = [later_inputs(net, codec, some) for some in images]
        for title, later in net.later().items():
            path = Path(scratch) / f"{title}.onnx"
            inputs = [given for some in tried for given in some[title]]
            write_later(later, path, inputs[0])
            _check_and_halve(later, path, inputs, threads, end)
            graphs.append(path)
            files[path.name] = path
        scores = {}
        if data is not None:
            sets = {name: open_dataset(name, data) for name in (*recipe.validate.data, *also)}
            stepper = OrtGraph(step_graph, threads) if step is not None else None
            exported = make_model(recipe, codec, [OrtGraph(path, threads) for path in graphs], stepper)
            trained = make_model(recipe, codec, torch_graphs(net), torch_step(net))
            least = -_INT8_TOLERANCE if int8 else -_FIGURE_TOLERANCE
            limits = (least, math.inf if int8 else _FIGURE_TOLERANCE)
            scores = _rescored(find_protocol(recipe.validate.protocol), trained, exported, sets, limits)
        manifest = Manifest(
            name=name or recipe.name,
            task=recipe.task,
            codec=recipe.codec,
            resize=to_dict(resize),
            graphs=tuple(path.name for path in graphs),
            step=step_graph.name if step is not None else "",
            recipe=to_dict(recipe),
            scores=scores,
            training_data=sources_of(recipe),
            licence=licence,
            description=f"{recipe.description} (step {trained_steps}{', 8-bit integers' if int8 else ''})",
        )
        return write_bundle(out, manifest, files)


def write_onnx(net: Trainable, path: Path, images: np.ndarray, free_height: bool = False) -> None:
    """The network as one ONNX file with free batch size, width and, if wanted, height."""
    axes = {0: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    if free_height:
        axes[2] = torch.export.Dim.DYNAMIC
    _write(net, path, {"images": images}, {"images": axes})


def write_step(net: Trainable, path: Path, images: np.ndarray) -> None:
    """One step of the network's decoder as an ONNX file with free batch size and number of frames."""
    inputs = next(walk(net, images))
    batch = {0: torch.export.Dim.DYNAMIC}
    frames = batch | {1: torch.export.Dim.DYNAMIC}
    axes = {name: frames if name in ("memory", "state_weights") else batch for name in inputs}
    step = net.step()
    assert step is not None
    _write(step, path, inputs, axes)


def write_later(later: nn.Module, path: Path, inputs: dict[str, np.ndarray]) -> None:
    """A later graph of a network as an ONNX file, for one view of any size and any number of proposals.

    inputs   of which maps, (1, C, h, w), are free in their sizes and all else in its first axis.
    """
    sides = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    count = {0: torch.export.Dim.DYNAMIC}
    taken = {name: inputs[name] for name in input_names(later)}
    _write(later, path, taken, {name: sides if value.ndim == 4 else count for name, value in taken.items()})


def later_inputs(net: Trainable, codec: Any, images: np.ndarray) -> dict[str, list[dict[str, np.ndarray]]]:
    """What the later graphs of a network are tried on, by name, after the first of images (N, C, H, W).

    With the outputs of earlier graphs, as far as the codec can tell their ideal, as those of several words,
    of one, of none; and as the network made them.
    """
    later = net.later()
    found: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in later}
    if not later:
        return found
    first = TorchGraph(net)({"images": images[:1]})
    height, width = images.shape[2:]
    boxes = [
        TextInstance(box_polygon(x + 1, y + 1, x + width / 2 - 1, y + height / 2 - 1))
        for x in (0, width / 2)
        for y in (0, height / 2)
    ]
    for ideal in (*(codec.ideal(boxes[:count], (height, width)) for count in (len(boxes), 1, 0)), {}):
        given = first | {name: ideal[name] for name in first.keys() & ideal.keys()}
        for name, graph in later.items():
            given = given | codec.propose(given)
            found[name].append(given)
            outputs = TorchGraph(graph)(given)
            given = given | outputs | {name: ideal[name] for name in outputs.keys() & ideal.keys()}
    return found


def walk(net: Trainable, images: np.ndarray, steps: int = _WALK) -> Iterator[dict[str, np.ndarray]]:
    """What the first steps of the decoder are given after images (N, C, H, W), on the greedy path."""
    step = net.step()
    assert step is not None
    outputs = TorchGraph(net)({"images": images})
    states = {name: value for name, value in outputs.items() if name.startswith("state_")}
    previous = np.zeros(len(images), np.int64)
    for _ in range(steps):
        inputs = {"memory": outputs["memory"], "previous": previous, **states}
        yield inputs
        after = TorchGraph(step)(inputs)
        previous = after.pop("log_probs").argmax(axis=1)
        states = {name.replace("next_", "state_", 1): value for name, value in after.items()}


def _write(
    module: nn.Module, path: Path, inputs: dict[str, np.ndarray], axes: dict[str, dict[int, Any]]
) -> None:
    tensors = {name: torch.from_numpy(value) for name, value in inputs.items()}
    # the exporter prints its progress to stdout, which belongs to the command's own results, and warns of
    # packages that it could support if they were there
    chatter = logging.getLogger("torch.onnx")
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.ExitStack() as after,
    ):
        warnings.simplefilter("ignore")
        after.callback(chatter.setLevel, chatter.level)
        chatter.setLevel(logging.ERROR)
        torch.onnx.export(
            _Named(module, list(tensors)),
            tuple(tensors.values()),
            str(path),
            input_names=list(tensors),
            output_names=list(module(**tensors)),
            dynamic_shapes=(tuple(axes[name] for name in tensors),),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    _forget_sources(path)


def _forget_sources(path: Path) -> None:
    """Takes the exporter's notes out of an ONNX file: source lines and folders of the machine that wrote it.

    Which parts of the network a node comes from stays: that is how a graph can be taken apart again.
    """
    model = onnx.load(path)
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key == _SCOPES]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    onnx.save(model, path)


class _Named(nn.Module):
    """A module whose inputs and outputs come in the order of their names, as the exporter wants them."""

    def __init__(self, module: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.module = module
        self.names = names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.module(**dict(zip(self.names, inputs, strict=True))).values())


def _check_and_halve(
    module: nn.Module, graph: Path, examples: Sequence[dict[str, np.ndarray]], threads: int | None, end: int
) -> None:
    check_parity(TorchGraph(module), OrtGraph(graph, threads), examples, TOLERANCE, end)
    halve_graph(graph)
    check_parity(TorchGraph(module), OrtGraph(graph, threads), examples, _HALF_TOLERANCE, end)


def sources_of(recipe: Recipe) -> tuple[str, ...]:
    """What a recipe trains on: each source, and the first line of its documentation."""
    names = dict.fromkeys(entry.name for stage in recipe.stages for entry in stage.data)
    readers = {name: SYNTHS.get(name) or DATASETS[parse_name(name)[0]] for name in names}
    return tuple(
        f"{name}: {(inspect.getdoc(reader) or '').partition(chr(10))[0]}" for name, reader in readers.items()
    )


def _examples(resize: CropResize | SceneResize) -> list[np.ndarray]:
    """Inputs of several sizes, noise over a slow wave so that values are as spread as a photo's."""
    rng = np.random.default_rng(0)
    if isinstance(resize, CropResize):
        widths = sorted({resize.min_width, resize.width_for(32, 100), resize.max_width})
        shapes = [(2, resize.channels, resize.height, w) for w in widths] + [
            (1, resize.channels, resize.height, widths[0])
        ]
    else:
        m = resize.multiple
        shapes = [(2, 3, 4 * m, 6 * m), (1, 3, 7 * m, 3 * m), (1, 3, m, m)]
    waves = [np.sin(np.linspace(0, 9, w, dtype=np.float32)) for *_, w in shapes]
    noise = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
    return [0.5 * n + wave for n, wave in zip(noise, waves, strict=True)]


def _photos(recipe: Recipe, data: Path | None) -> list[np.ndarray]:
    """Photos (H, W, 3) uint8 that the recipe's last stage trains on."""
    if recipe.task not in ("detection", "spotting"):
        raise SettingsError(f"recipe {recipe.name}: only detectors and spotters are made of 8-bit integers")
    names = [entry.name for entry in recipe.stages[-1].data if entry.name not in SYNTHS]
    if data is None or not names:
        raise SettingsError(
            f"recipe {recipe.name}: 8-bit integers are calibrated on photos of the last stage, and scored; "
            "they need a data set there, and its folder (--data)"
        )
    rng = np.random.default_rng(recipe.seed)
    sets = [open_dataset(name, data) for name in names]
    return [samples[int(rng.integers(len(samples)))].image for samples, _ in zip(cycle(sets), range(_PHOTOS))]


def _rescored(
    protocol: Protocol,
    trained: Any,
    exported: Any,
    sets: dict[str, Sequence[Sample]],
    limits: tuple[float, float],
) -> dict[str, Any]:
    """The scores as exported. Raises TrainingError if a figure changes by less or more than the limits."""
    scores: dict[str, Any] = {}
    for name, samples in sets.items():
        ours = judge(trained, samples, protocol).score
        theirs = judge(exported, samples, protocol).score
        if not limits[0] <= theirs.figure - ours.figure <= limits[1]:
            raise TrainingError(
                f"{name}: {theirs.main} is {ours.figure:.4f} with torch, {theirs.figure:.4f} exported; "
                "the bundle is not written"
            )
        log.info(
            "%s: %s %.4f with torch, %.4f with onnxruntime", name, protocol.name, ours.figure, theirs.figure
        )
        scores[name] = {protocol.name: theirs.to_dict()["values"] | theirs.to_dict()["counts"]}
    return scores
