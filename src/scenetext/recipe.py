"""Recipes: one flat TOML file holds everything a training run needs, and nothing else does."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from .errors import SettingsError, unknown_name
from .settings import build, parse_change, to_dict

PACKAGED = resources.files("scenetext") / "recipes"


@dataclass(frozen=True)
class Data:
    """One source of training samples.

    name       a data set and split ("iiit5k:train"), or "synth-words", "synth-scenes", "synth-scores"
    share      its weight in the mixture of the stage
    settings   of the synthesiser (WordSynth, SceneSynth, ScoreSynth); empty for a data set
    """

    name: str
    share: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One part of a training run; stages run in order.

    steps      optimiser steps
    batch      samples per step and process
    lr         learning rate at its peak
    schedule   over this stage, after the warm-up: "constant", "cosine" (to 1 % of lr), or "linear" (to 1 %)
    warmup     steps over which the rate rises linearly from 0
    data       the mixture
    augment    settings of learn.augment.WordAugment or SceneAugment, or with name = "whole" those of
               learn.whole.WholeAugment; for pre-training those of learn.bag.BagAugment
    frozen     parts of the net that do not change: dotted names of sub-modules, such as "backbone.stem"
    rates      {dotted name of a part: factor of lr} for parts that learn faster or slower than the rest; of
               several names that hold a weight the longest counts, and `frozen` goes before `rates`
    """

    steps: int
    batch: int
    lr: float
    data: tuple[Data, ...]
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    warmup: int = 0
    augment: dict[str, Any] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.steps < 0 or self.warmup < 0 or self.lr < 0:
            raise ValueError("steps, warmup and lr are not negative")
        if self.batch < 1:
            raise ValueError(f"batch is at least 1, not {self.batch}")
        if not self.data:
            raise ValueError("a stage has at least one source of data")
        if any(factor <= 0 for factor in self.rates.values()):
            raise ValueError("rates are positive factors; a part that is not to learn belongs into frozen")


@dataclass(frozen=True)
class Optim:
    """name, weight_decay: of the optimiser; clip: largest gradient norm; ema: decay of the averaged weights
    that are validated and exported, 0 for none; settings: further arguments of the torch optimiser."""

    name: Literal["adamw", "adadelta", "sgd"] = "adamw"
    weight_decay: float = 0.0
    clip: float = 5.0
    ema: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Validate:
    """every: steps between validations; data: the sets, scored one by one; protocol: one of PROTOCOLS, whose
    main figure, averaged over the sets, picks the best weights (for a spotter, one of detection too); limit:
    samples per set, 0 for all."""

    data: tuple[str, ...]
    protocol: str
    every: int = 1000
    limit: int = 0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every is at least 1, not {self.every}")
        if self.limit < 0:
            raise ValueError(f"limit is not negative, not {self.limit}")
        if not self.data:
            raise ValueError("at least one data set validates")


@dataclass(frozen=True)
class Recipe:
    """A training run.

    task        "recognition", "detection" or "spotting"; "pretraining", which is for the backbone alone
    net         name and settings of a network (learn.nets.NETS)
    codec       name and settings of a codec (codecs.CODECS)
    resize      settings of image.CropResize or image.SceneResize
    precision   "fp32", or "bf16" for automatic mixed precision
    """

    name: str
    task: Literal["recognition", "detection", "spotting", "pretraining"]
    net: dict[str, Any]
    codec: dict[str, Any]
    stages: tuple[Stage, ...]
    validate: Validate
    description: str = ""
    resize: dict[str, Any] = field(default_factory=dict)
    optim: Optim = field(default_factory=Optim)
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError("a recipe has at least one stage of at least one step")
        if self.seed < 0:
            raise ValueError(f"seed is not negative, not {self.seed}")

    @property
    def steps(self) -> int:
        """Optimiser steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def to_json(self) -> str:
        """The complete recipe; `recipe_from_json` restores it."""
        return json.dumps(to_dict(self), indent=2)


def recipe_names() -> list[str]:
    """The packaged recipes."""
    return sorted(entry.name[:-5] for entry in PACKAGED.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, changes: Sequence[str] = ()) -> Recipe:
    """A packaged recipe by name, or a recipe file by path, with changes as `settings.parse_change` has them.

    A key is a path such as "optim.clip"; an index picks from an array: "stages.0.steps=100".
    Raises SettingsError.
    """
    if name in recipe_names():
        text = (PACKAGED / f"{name}.toml").read_text(encoding="utf-8")
    elif Path(name).suffix == ".toml" and Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise unknown_name("recipe or recipe file", name, recipe_names())
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"recipe {name}: {error}") from error
    for change in changes:
        _apply(values, change)
    return build(Recipe, values, f"recipe {name}")


def recipe_from_json(text: str, where: str = "recipe") -> Recipe:
    """The inverse of `Recipe.to_json`."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{where}: {error}") from error
    return build(Recipe, values, where)


def _apply(values: dict[str, Any], change: str) -> None:
    path, value = parse_change(change)
    *parents, last = path.split(".")
    place: Any = values
    for key in parents:
        if isinstance(place, list):
            place = _item(place, key, change)
        else:
            place = place.setdefault(key, {})
        if not isinstance(place, dict | list):
            raise SettingsError(f"--set {change!r}: {key!r} is not a section")
    if isinstance(place, list):
        _item(place, last, change)
        place[int(last)] = value
    else:
        place[last] = value


def _item(place: list[Any], key: str, change: str) -> Any:
    if not key.isdigit() or int(key) >= len(place):
        raise SettingsError(f"--set {change!r}: {key!r} is not an index below {len(place)}")
    return place[int(key)]
