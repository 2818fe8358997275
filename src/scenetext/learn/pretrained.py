"""The product of pre-training: a bundle of a backbone and no graph, to start detectors and spotters from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from ..bundle import Bundle, Manifest, check_replaceable, write_bundle
from ..data import open_dataset
from ..evaluate.protocols import find_protocol
from ..judge import judge
from ..settings import build, to_dict
from ..view import SceneResize
from .checkpoint import BACKBONE
from .export import sources_of
from .processes import limit_threads
from .validate import load_net, model_of


def export_backbone(
    run: Path,
    out: Path,
    *,
    data: Path | None = None,
    name: str | None = None,
    licence: str = "Apache-2.0",
    threads: int | None = None,
    also: Sequence[str] = (),
) -> Bundle:
    """Writes the backbone of the best weights of a run of pre-training as a bundle, and returns it.

    Arguments as of `export`. What else the run has learnt, of words, stays behind.
    """
    check_replaceable(out)  # before the work, not after it
    limit_threads(threads)
    recipe, codec, net, step = load_net(run)
    scores: dict[str, Any] = {}
    if data is not None:
        model, protocol = model_of(recipe, codec, net), find_protocol(recipe.validate.protocol)
        for title in (*recipe.validate.data, *also):
            score = judge(model, open_dataset(title, data), protocol).score
            scores[title] = {protocol.name: score.to_dict()["values"]}
    manifest = Manifest(
        name=name or recipe.name,
        task=recipe.task,
        codec=recipe.codec,
        resize=to_dict(build(SceneResize, recipe.resize)),
        graphs=(),
        recipe=to_dict(recipe),
        scores=scores,
        training_data=sources_of(recipe),
        licence=licence,
        description=f"{recipe.description} (step {step})",
    )
    return write_bundle(out, manifest, {BACKBONE: backbone_file(net.state_dict())})


def backbone_file(weights: Mapping[str, Tensor]) -> bytes:
    """The content of backbone.safetensors: of the weights of a network those of its backbone."""
    start = "backbone."
    return save({key: value.contiguous() for key, value in weights.items() if key.startswith(start)})
