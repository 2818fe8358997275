"""What every network here is, and the few layers they share."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


class Trainable(nn.Module):
    """A network with two verbs: `forward`, which is exported, and `losses`, which is trained.

    What is exported beside it, where there is need: `step` and `later`.
    """

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The named outputs that the codec decodes, from images (N, C, H, W) float32, normalised."""
        raise NotImplementedError

    def step(self) -> nn.Module | None:
        """The graph that a search over texts runs character by character; None where there is no need."""
        return None

    def later(self) -> dict[str, nn.Module]:
        """The graphs after the first of a model of several, by name, in the order in which they run.

        Such as one that deforms what the first proposed. The forward of each names its inputs: outputs of
        earlier graphs for one view, and what the codec's `propose` makes of them, of which there may be
        nothing (an axis of length 0). They are parts of the network.
        """
        return {}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Named scalar losses, already weighted; training minimises their sum.

        targets   what the codec's `encode` gave, stacked over the batch.

        Of a part that a stage freezes no parameter requires a gradient. A loss that trains nothing but such
        a part may be left out, and its work saved; the names of the losses may differ from stage to stage.
        """
        raise NotImplementedError


def conv_bn_relu(
    inputs: int, outputs: int, kernel: int = 3, stride: int | tuple[int, int] = 1
) -> nn.Sequential:
    """Convolution ("same" padding, no bias), batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def map_head(inputs: int, doublings: int) -> nn.Sequential:
    """A head for one map of logits: 3x3 convolution to a quarter of the channels, then transposed 2x2
    convolutions, the last of which makes the map.

    doublings   of the resolution; with none, a 1x1 convolution makes the map
    """
    width = inputs // 4
    layers: list[nn.Module] = [conv_bn_relu(inputs, width)]
    for _ in range(doublings - 1):
        layers += [nn.ConvTranspose2d(width, width, 2, 2), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    layers.append(nn.ConvTranspose2d(width, 1, 2, 2) if doublings else nn.Conv2d(width, 1, 1))
    head = nn.Sequential(*layers)
    init_weights(head)
    return head


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016); 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_bn_relu(inputs, outputs, 3, stride),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        same = inputs == outputs and stride in (1, (1, 1))
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


def init_weights(module: nn.Module) -> None:
    """Kaiming-normal weights of every layer, recurrent ones too, biases 0, batch normalisation at 1 and 0.

    The initialisation of the benchmark (Baek et al. 2019).
    """
    for part in module.modules():
        normalises = isinstance(part, nn.BatchNorm2d)
        for weight in part.parameters(recurse=False):
            if weight.ndim > 1:
                nn.init.kaiming_normal_(weight, nonlinearity="relu")
            else:
                nn.init.zeros_(weight)
        if normalises:
            nn.init.ones_(cast(nn.BatchNorm2d, part).weight)
