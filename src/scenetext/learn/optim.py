"""Optimisers, learning-rate schedules and averaged weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from ..errors import SettingsError
from ..recipe import Optim, Recipe, Stage

_FLOOR = 0.01  # schedules end at this share of the peak


def make_optimizer(
    net: nn.Module, settings: Optim, rates: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """The optimiser of a recipe. Biases and normalisation weights are not decayed.

    rates   {name of a parameter: its factor of the rate}; 1 for those without. `set_rate` applies them.
    """
    learning = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    factors = {name: (rates or {}).get(name, 1.0) for name, _ in learning}
    groups = [
        {
            "params": [p for name, p in learning if (p.ndim > 1) == decayed and factors[name] == factor],
            "weight_decay": settings.weight_decay if decayed else 0.0,
            "factor": factor,
        }
        for decayed in (True, False)
        for factor in sorted(set(factors.values()))
    ]
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adamw": torch.optim.AdamW,
        "adadelta": torch.optim.Adadelta,
        "sgd": torch.optim.SGD,
    }
    try:
        return kinds[settings.name](groups, lr=1.0, **settings.settings)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"[optim] {error}") from error


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the rate of the next step, for each group of parameters times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def place_of(recipe: Recipe, step: int) -> tuple[int, int]:
    """(index of the stage, step within it) of a global step, counted from 0."""
    for index, stage in enumerate(recipe.stages):
        if step < stage.steps:
            return index, step
        step -= stage.steps
    return len(recipe.stages) - 1, recipe.stages[-1].steps


def learning_rate(stage: Stage, step: int) -> float:
    """The rate of a step within its stage."""
    if step < stage.warmup:
        return stage.lr * (step + 1) / stage.warmup
    done = (step - stage.warmup) / max(stage.steps - stage.warmup, 1)
    if stage.schedule == "cosine":
        return stage.lr * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))
    if stage.schedule == "linear":
        return stage.lr * (_FLOOR + (1 - _FLOOR) * (1 - done))
    return stage.lr


class Averaged:
    """An exponential moving average of a network's weights and statistics.

    The decay warms up as (1 + n) / (10 + n), so that early averages are not full of the initial weights.
    With decay 0 the average is the network itself.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.state = {key: value.detach().clone() for key, value in net.state_dict().items()}

    def update(self, net: nn.Module) -> None:
        """Takes in the weights after an optimiser step."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates)) if self.decay else 0.0
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if value.dtype.is_floating_point:
                    self.state[key].lerp_(value, 1 - decay)
                else:
                    self.state[key].copy_(value)


def gradient_norm(parameters: Iterable[Tensor], limit: float) -> Tensor:
    """Clips the gradients to a common norm of at most `limit` and returns the norm before."""
    return torch.nn.utils.clip_grad_norm_(parameters, limit)
