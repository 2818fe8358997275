"""A network as a Graph, so that training validates with the same readers that users run."""

from __future__ import annotations

import numpy as np
import torch

from .nets.base import Trainable


class TorchGraph:
    """Named numpy arrays in and out of a network, in evaluation mode and full precision."""

    def __init__(self, net: Trainable) -> None:
        self.net = net

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """inputs: {"images": (N, C, H, W) float32}."""
        was_training = self.net.training
        self.net.eval()
        try:
            with torch.inference_mode():
                device = next(self.net.parameters()).device
                outputs = self.net(torch.from_numpy(inputs["images"]).to(device))
        finally:
            self.net.train(was_training)
        return {name: value.float().cpu().numpy() for name, value in outputs.items()}
