"""The residual backbone of CLIP and oCLIP (Radford et al. 2021; Xue et al., ECCV 2022).

It is not the usual ResNet: three 3x3 convolutions and an average-pool are its stem, and what halves the
resolution is an average-pool, in a block and in its shortcut. Weights of one run in the other, and see badly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .base import conv_bn_relu, init_weights

_EXPANSION = 4  # of a bottleneck


@dataclass(frozen=True)
class CLIPShape:
    """width: channels of the stem, 64 in the paper; blocks: bottlenecks of each stage.

    The stages have 4, 8, 16 and 32 times as many channels as the stem.
    """

    width: int
    blocks: tuple[int, int, int, int]


class CLIPBottleneck(nn.Module):
    """1x1 convolution to a quarter of the channels, 3x3 convolution, average-pool, 1x1 convolution back.

    No convolution has a stride. The last normalisation begins at 0, so that a block begins as its shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        width = outputs // _EXPANSION
        last = nn.BatchNorm2d(outputs)
        self.body = nn.Sequential(
            conv_bn_relu(inputs, width, 1),
            conv_bn_relu(width, width),
            _pool(stride),
            nn.Conv2d(width, outputs, 1, bias=False),
            last,
        )
        self.shortcut: nn.Module = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(
                _pool(stride), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
            )
        )
        init_weights(self)
        nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


def _pool(stride: int) -> nn.Module:
    return nn.AvgPool2d(stride) if stride > 1 else nn.Identity()


class CLIPResNet(nn.Module):
    """A stem of stride 4 and four stages of bottlenecks, all but the first of which halve the resolution.

    Attributes: channels (of the four maps), strides (4, 8, 16, 32).
    """

    strides = (4, 8, 16, 32)

    def __init__(self, shape: CLIPShape) -> None:
        super().__init__()
        width = shape.width
        self.channels = (4 * width, 8 * width, 16 * width, 32 * width)
        self.stem = nn.Sequential(
            conv_bn_relu(3, width // 2, 3, 2),
            conv_bn_relu(width // 2, width // 2),
            conv_bn_relu(width // 2, width),
            nn.AvgPool2d(2),
        )
        stages, inputs = [], width
        for index, (outputs, count) in enumerate(zip(self.channels, shape.blocks, strict=True)):
            first = CLIPBottleneck(inputs, outputs, 2 if index else 1)
            stages.append(nn.Sequential(first, *(CLIPBottleneck(outputs, outputs) for _ in range(count - 1))))
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        init_weights(self.stem)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> four maps (N, channels[i], H / strides[i], W / strides[i])."""
        x = self.stem(images)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[0], features[1], features[2], features[3]
