"""A network as a Graph, so that training validates with the same readers that users run."""

from __future__ import annotations

import inspect

import numpy as np
import torch
from torch import nn

from ..errors import GraphError


class TorchGraph:
    """Named numpy arrays in and out of a module, in evaluation mode and full precision.

    The inputs are the arguments of the module's forward: {"images": (N, C, H, W) float32} for a network. Of
    what it is given it takes just those. Called without one that has no default it raises GraphError.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        parameters = inspect.signature(module.forward).parameters
        self.inputs = list(parameters)
        self.needed = [name for name, p in parameters.items() if p.default is p.empty]

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        missing = [name for name in self.needed if name not in inputs]
        if missing:
            raise GraphError(
                f"{type(self.module).__name__}: no input {missing[0]!r} among {', '.join(inputs)}"
            )
        was_training = self.module.training
        self.module.eval()
        try:
            with torch.inference_mode():
                device = next(self.module.parameters()).device
                arrays = {
                    name: torch.from_numpy(inputs[name]).to(device) for name in self.inputs if name in inputs
                }
                outputs = self.module(**arrays)
        finally:
            self.module.train(was_training)
        return {name: value.float().cpu().numpy() for name, value in outputs.items()}


def input_names(module: nn.Module) -> list[str]:
    """The names of the arguments of a module's forward."""
    return list(inspect.signature(module.forward).parameters)
