"""From a run to a bundle: graphs for onnxruntime, checked against torch before anybody relies on them."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_safetensors
from torch import Tensor, nn

from ..bundle import Bundle, Manifest, check_replaceable, write_bundle
from ..data import DATASETS, open_dataset, parse_name
from ..errors import TrainingError
from ..evaluate.protocols import find_protocol
from ..image import CropResize, SceneResize
from ..judge import judge
from ..recipe import Recipe
from ..runtime import OrtGraph
from ..settings import build, to_dict
from ..types import Sample
from .checkpoint import WEIGHTS
from .graph import TorchGraph
from .loader import SYNTHS
from .nets import Trainable
from .processes import limit_threads
from .validate import load_net, make_model

log = logging.getLogger(__name__)

TOLERANCE = 1e-3  # of an output value; probabilities and log-probabilities of order 1
_FIGURE_TOLERANCE = 0.002  # of a protocol's figure


def export(
    run: Path,
    out: Path,
    *,
    data: Path | None = None,
    name: str | None = None,
    licence: str = "Apache-2.0",
    threads: int | None = None,
    also: Sequence[str] = (),
) -> Bundle:
    """Writes the best weights of the run in folder `run` as a bundle, and returns it.

    data   folder of data sets. With it, both torch and onnxruntime are scored on the validation sets of the
           recipe, and onnxruntime's scores go into the bundle.
    also   further data sets to score, such as "iiit5k:test"

    Raises TrainingError if the two disagree: in an output by more than TOLERANCE, or in the figure of a set
    by more than 0.002. Nothing is written then.
    """
    check_replaceable(out)  # before the work, not after it
    limit_threads(threads)
    recipe, codec, net, step = load_net(run)
    resize: CropResize | SceneResize
    if recipe.task == "recognition":
        resize = build(CropResize, recipe.resize)
    else:
        resize = build(SceneResize, recipe.resize)
    with tempfile.TemporaryDirectory() as scratch:
        graph = Path(scratch) / "model.onnx"
        examples = _examples(resize)
        write_onnx(net, graph, examples[0])
        check_parity(TorchGraph(net), OrtGraph(graph, threads), examples)
        scores = {}
        if data is not None:
            sets = {name: open_dataset(name, data) for name in (*recipe.validate.data, *also)}
            scores = _rescored(recipe, codec, net, OrtGraph(graph, threads), sets)
        manifest = Manifest(
            name=name or recipe.name,
            task=recipe.task,
            codec=recipe.codec,
            resize=to_dict(resize),
            graphs=(graph.name,),
            recipe=to_dict(recipe),
            scores=scores,
            training_data=tuple(
                dict.fromkeys(_described(entry.name) for stage in recipe.stages for entry in stage.data)
            ),
            licence=licence,
            description=f"{recipe.description} (step {step})",
        )
        return write_bundle(out, manifest, {graph.name: graph, WEIGHTS: _weights(net.state_dict())})


def write_onnx(net: Trainable, path: Path, images: np.ndarray) -> None:
    """The network as one ONNX file with free batch size, height (of detectors) and width."""
    axes = {0: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    if images.shape[1] == 3:
        axes[2] = torch.export.Dim.DYNAMIC
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
            _Named(net),
            (torch.from_numpy(images),),
            str(path),
            input_names=["images"],
            output_names=list(net(torch.from_numpy(images[:1]))),
            dynamic_shapes=(axes,),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


class _Named(nn.Module):
    """A network whose outputs come as a tuple in the order of their names, as the exporter wants them."""

    def __init__(self, net: Trainable) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net(images).values())


def check_parity(ours: TorchGraph, exported: OrtGraph, examples: Sequence[np.ndarray]) -> float:
    """The largest difference of any output value. Raises TrainingError if it is over TOLERANCE."""
    worst = 0.0
    for images in examples:
        expected, found = ours({"images": images}), exported({"images": images})
        for key, value in expected.items():
            worst = float(np.maximum(worst, np.abs(value - found[key]).max()))  # unlike max(), keeps a NaN
    if not worst <= TOLERANCE:  # written so that a NaN fails
        raise TrainingError(f"the exported graph differs from the network by {worst:g}; it is not written")
    return worst


def _described(source: str) -> str:
    """A source of training data and the first line of its documentation."""
    reader = SYNTHS.get(source) or DATASETS[parse_name(source)[0]]
    return f"{source}: {(inspect.getdoc(reader) or '').partition(chr(10))[0]}"


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


def _rescored(
    recipe: Recipe, codec: Any, net: Trainable, graph: OrtGraph, sets: dict[str, Sequence[Sample]]
) -> dict[str, Any]:
    protocol = find_protocol(recipe.validate.protocol)
    scores: dict[str, Any] = {}
    for name, samples in sets.items():
        trained = judge(make_model(recipe, codec, [TorchGraph(net)]), samples, protocol).score
        exported = judge(make_model(recipe, codec, [graph]), samples, protocol).score
        if abs(trained.figure - exported.figure) > _FIGURE_TOLERANCE:
            raise TrainingError(
                f"{name}: {exported.main} is {trained.figure:.4f} with torch, {exported.figure:.4f} "
                "exported; the bundle is not written"
            )
        log.info(
            "%s: %s %.4f with torch, %.4f with onnxruntime",
            name,
            protocol.name,
            trained.figure,
            exported.figure,
        )
        scores[name] = {protocol.name: exported.to_dict()["values"] | exported.to_dict()["counts"]}
    return scores


def _weights(state: dict[str, Tensor]) -> bytes:
    """For training on: half precision, which is as good as the weights are and half as large."""
    half = {key: value.half() if value.dtype == torch.float32 else value for key, value in state.items()}
    return save_safetensors({key: value.contiguous() for key, value in half.items()})
