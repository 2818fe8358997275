"""A network as a Graph, so that training validates with the same readers that users run."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class TorchGraph:
    """Named numpy arrays in and out of a module, in evaluation mode and full precision.

    The inputs are the arguments of the module's forward: {"images": (N, C, H, W) float32} for a network.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        was_training = self.module.training
        self.module.eval()
        try:
            with torch.inference_mode():
                device = next(self.module.parameters()).device
                arrays = {name: torch.from_numpy(array).to(device) for name, array in inputs.items()}
                outputs = self.module(**arrays)
        finally:
            self.module.train(was_training)
        return {name: value.float().cpu().numpy() for name, value in outputs.items()}
