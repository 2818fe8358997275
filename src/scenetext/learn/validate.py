"""Validation: the network, as a graph, in the very reader that users run."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from ..codecs import make_codec
from ..detector import Detector
from ..errors import SettingsError, TrainingError
from ..evaluate.protocols import find_protocol
from ..judge import judge
from ..recipe import Recipe, recipe_from_json
from ..recognizer import Recognizer
from ..settings import build
from ..spotter import EndToEnd
from ..types import Graph, Sample
from ..view import CropResize, SceneResize
from .bag import BagAugment
from .checkpoint import load_checkpoint, load_weights
from .graph import TorchGraph
from .match import Matcher
from .nets import Trainable, make_net
from .nets.oclip import OCLIPNetwork
from .processes import limit_threads

EXAMPLES = 16


def recipe_of(run: Path) -> Recipe:
    """The recipe of a run's folder. Raises TrainingError."""
    place = run / "recipe.json"
    if not place.is_file():
        raise TrainingError(f"{run}: not the folder of a training run (no recipe.json)")
    return recipe_from_json(place.read_text(encoding="utf-8"), str(place))


def load_net(run: Path) -> tuple[Recipe, Any, Trainable, int]:
    """(recipe, codec, network with the best weights, their step) of a run's folder. Raises TrainingError."""
    recipe = recipe_of(run)
    codec = make_codec(recipe.codec)
    net = make_net(recipe.net, codec)
    groups, meta = load_checkpoint(run / "best.safetensors")
    load_weights(net, groups["average"], str(run / "best.safetensors"))
    net.eval()
    return recipe, codec, net, meta["step"]


Reads = Recognizer | Detector | EndToEnd


def load_run(run: Path, threads: int | None = None) -> tuple[Reads | Matcher, Recipe]:
    """What judges a run's best weights, and its recipe."""
    limit_threads(threads)
    recipe, codec, net, _ = load_net(run)
    return model_of(recipe, codec, net), recipe


def load_reader(run: Path, threads: int | None = None) -> Reads:
    """The reader around a run's best weights. Raises SettingsError for a run of pre-training."""
    limit_threads(threads)
    recipe, codec, net, _ = load_net(run)
    return make_model(recipe, codec, torch_graphs(net), torch_step(net))


def model_of(recipe: Recipe, codec: Any, net: Trainable) -> Reads | Matcher:
    """What judges a network: the reader of its task, or of pre-training a Matcher."""
    if recipe.task == "pretraining":
        last = len(recipe.stages) - 1
        augment = build(BagAugment, recipe.stages[last].augment, f"stage {last}: augment")
        return Matcher(cast(OCLIPNetwork, net), codec, build(SceneResize, recipe.resize, "[resize]"), augment)
    return make_model(recipe, codec, torch_graphs(net), torch_step(net))


@dataclass(frozen=True)
class Validation:
    """figure: the protocol's main figure, averaged over the sets; scores: by set; examples: lines to read."""

    figure: float
    scores: dict[str, dict[str, Any]]
    examples: list[str]


def torch_graphs(net: Trainable) -> list[Graph]:
    """The graphs of a network in the order in which they run: itself, and what comes later."""
    return [TorchGraph(net), *map(TorchGraph, net.later().values())]


def torch_step(net: Trainable) -> Graph | None:
    """One step of a network's decoder as a Graph, if it has one."""
    step = net.step()
    return None if step is None else TorchGraph(step)


def make_model(recipe: Recipe, codec: Any, graphs: Sequence[Graph], step: Graph | None = None) -> Reads:
    """The reader of a recipe's task around its graphs, and around one step of its decoder if it has one.

    Raises SettingsError for pre-training, whose networks read nothing.
    """
    if recipe.task == "pretraining":
        raise SettingsError(f"recipe {recipe.name}: a network for pre-training reads nothing")
    if recipe.task == "recognition":
        return Recognizer(build(CropResize, recipe.resize, "[resize]"), tuple(graphs), codec, step=step)
    kind = Detector if recipe.task == "detection" else EndToEnd
    return kind(build(SceneResize, recipe.resize, "[resize]"), tuple(graphs), codec)


def validate(
    recipe: Recipe,
    codec: Any,
    net: Trainable,
    weights: Mapping[str, Tensor],
    sets: Mapping[str, Sequence[Sample]],
) -> Validation:
    """Scores `weights` in a copy of the network on every set of the recipe's validation."""
    trained = copy.deepcopy(net)
    trained.load_state_dict(dict(weights))
    model = model_of(recipe, codec, trained)
    protocol = find_protocol(recipe.validate.protocol)
    scores: dict[str, dict[str, Any]] = {}
    figures, examples = [], []
    for name, samples in sets.items():
        limit = recipe.validate.limit
        judgement = judge(model, samples[:limit] if limit else samples, protocol)
        scores[name] = judgement.score.to_dict()
        figures.append(judgement.score.figure)
        examples += judgement.examples(EXAMPLES)
    return Validation(sum(figures) / max(len(figures), 1), scores, examples)
