"""Parts of a network: that a stage freezes, that learn at a rate of their own, that weights are taken for.

The name of a part is that of a sub-module, or of a parameter, and means all below it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from torch import nn

from ..errors import SettingsError, unknown_name
from ..recipe import Stage


def stage_rates(net: nn.Module, stage: Stage, where: str) -> dict[str, float]:
    """The factor of the stage's rate for every parameter that learns, by name; frozen ones are not in it.

    net      before anything in it is frozen: what needs no gradient to begin with never learns.
    where    how errors name the stage.

    Of several rates for a parameter the one with the longest name counts; what is frozen has none.
    Raises SettingsError for a name without parameters, and if nothing is left to learn.
    """
    names = [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    for setting, parts in (("frozen", stage.frozen), ("rates", stage.rates)):
        check_parts(parts, names, f"{where}: {setting}")
    factors = {}
    for name in names:
        if not in_parts(name, stage.frozen):
            holding = [part for part in stage.rates if in_parts(name, [part])]
            factors[name] = stage.rates[max(holding, key=len)] if holding else 1.0
    if not factors:
        raise SettingsError(f"{where}: frozen leaves nothing to learn; leave a part out of it")
    return factors


def freeze(net: nn.Module, frozen: Collection[str], learning: Collection[str]) -> None:
    """Readies a network for a stage: the parameters named in `learning` learn, the others stay as they are.

    frozen   the parts that the stage freezes. They compute as in reading: statistics of batch normalisation
             are used and not updated, dropout is off.

    A parameter that does not learn has no gradient, so that neither clipping nor the optimiser sees it.
    """
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name in learning)
        if name not in learning:
            parameter.grad = None
    net.train()
    for name, module in net.named_modules():
        # cuDNN refuses to take gradients through a recurrent layer that is not in training mode
        if in_parts(name, frozen) and not isinstance(module, nn.RNNBase):
            module.training = False


def in_parts(name: str, parts: Iterable[str]) -> bool:
    """Whether what has this name belongs to one of the parts."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def check_parts(parts: Iterable[str], names: Collection[str], where: str) -> None:
    """Raises SettingsError for the first part that none of the names belongs to. where: how it begins."""
    for part in parts:
        if not any(in_parts(name, [part]) for name in names):
            raise _no_part(part, names, where)


def _no_part(part: str, names: Iterable[str], where: str) -> SettingsError:
    """The error for a part that does not exist; it lists what there is, as deep as the name is right."""
    tree: dict[str, dict] = {}
    for name in names:
        place = tree
        for key in name.split("."):
            place = place.setdefault(key, {})
    place, above = tree, []
    for key in part.split("."):
        if key not in place:
            break
        place = place[key]
        above.append(key)
    prefix = "".join(f"{key}." for key in above)
    error = unknown_name("part of the net", part, (f"{prefix}{key}" for key in place))
    return SettingsError(f"{where}: {error}")
