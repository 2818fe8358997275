"""Checkpoints: nested dictionaries of tensors in one safetensors file, plain values in its metadata.

No pickle: loading a checkpoint runs no code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..bundle import load_bundle
from ..errors import BundleError, TrainingError
from .parts import check_parts, in_parts

WEIGHTS = "weights.safetensors"
"""The file of a bundle that holds the weights for training on."""

BACKBONE = "backbone.safetensors"
"""The file of a pre-trained bundle; its keys begin as those of the part of networks that it is taken for."""

_SEPARATOR = "|"  # parameter names hold dots and slashes, not this


def save_checkpoint(path: Path, groups: Mapping[str, Mapping[str, Tensor]], meta: Mapping[str, Any]) -> None:
    """Writes named groups of tensors and JSON-ready values. A kill in between leaves the old file whole."""
    tensors = {
        f"{group}{_SEPARATOR}{name}": tensor.detach().contiguous().clone()
        for group, members in groups.items()
        for name, tensor in members.items()
    }
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"scenetext": json.dumps(dict(meta))})
    os.replace(partial, path)


def load_checkpoint(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """What `save_checkpoint` wrote. Raises TrainingError for a missing, damaged or foreign file."""
    if not path.is_file():
        raise TrainingError(f"{path}: no such checkpoint; the best is kept from the first validation on")
    groups: dict[str, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            meta = json.loads((file.metadata() or {})["scenetext"])
            for key in file.keys():  # noqa: SIM118 - not a dictionary
                group, _, name = key.partition(_SEPARATOR)
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise TrainingError(f"{path}: not a checkpoint of scenetext ({error})") from error
    return groups, meta


def initial_weights(name: str) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The weights of a run's folder (its best ones) or of a bundle, packaged or a folder; and the parts that
    they are all there is of, if it is not the whole network: ("backbone",) of a pre-trained bundle.

    Raises TrainingError or BundleError if there are none.
    """
    best = Path(name) / "best.safetensors"
    if best.is_file():
        return load_checkpoint(best)[0]["average"], ()
    bundle = load_bundle(name)
    file = BACKBONE if bundle.manifest.task == "pretraining" else WEIGHTS
    if file not in bundle.manifest.sha256:
        raise BundleError(f"{bundle.folder}: a bundle without weights, which reads but cannot be trained on")
    bundle.check_file(file)
    state = load_file(bundle.folder / file)
    weights = {key: value.float() if value.dtype == torch.float16 else value for key, value in state.items()}
    return weights, ("backbone",) if file == BACKBONE else ()


def load_weights(
    net: nn.Module, state: Mapping[str, Tensor], where: str, parts: Collection[str] = ()
) -> None:
    """Puts `state` into `net`; every key and shape has to match.

    parts   those of the network to put in, if not all; then only their keys have to match.
    Raises TrainingError; SettingsError for a part that the network does not have.
    """
    own = net.state_dict()
    if parts:
        check_parts(parts, own, "parts")
        own, state = ({k: v for k, v in all_.items() if in_parts(k, parts)} for all_ in (own, state))
    missing = [key for key in own if key not in state]
    unexpected = [key for key in state if key not in own]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    for what, keys in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)):
        if keys:
            raise TrainingError(
                f"{where}: {len(keys)} weights {what}, e.g. {keys[0]}; is it another recipe's?"
            )
    net.load_state_dict(dict(state), strict=not parts)


def optimizer_tensors(optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor]) -> dict[str, Tensor]:
    """The state of an optimiser as flat tensors "index/name"; learning rates are not part of it.

    parameters   all that may have a state, in the order of the optimiser that will take it up again
    """
    return {
        f"{index}/{name}": torch.as_tensor(value)
        for index, parameter in enumerate(parameters)
        for name, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`, for an optimiser over the same parameters."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = tensor.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
