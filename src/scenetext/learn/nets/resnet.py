"""Residual backbones (He et al., CVPR 2016): images -> (C2, C3, C4, C5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...errors import unknown_name
from .base import ResidualBlock, conv_bn_relu, init_weights


class ResNet(nn.Module):
    """Four stages of residual blocks; each stage but a max-pooled first one halves the resolution.

    widths   channels of the four stages
    blocks   residual blocks per stage
    stem     "imagenet": 7x7 convolution with stride 2 and 3x3 max-pool with stride 2, as published;
             "light": one 3x3 convolution with stride 2, and the first stage has stride 2 instead of the pool

    Attributes: channels (the four widths), strides (4, 8, 16, 32).
    """

    strides = (4, 8, 16, 32)

    def __init__(self, widths: Sequence[int], blocks: Sequence[int], stem: str = "imagenet") -> None:
        super().__init__()
        if stem == "imagenet":
            self.stem: nn.Module = nn.Sequential(
                conv_bn_relu(3, widths[0], 7, 2), nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            )
        elif stem == "light":
            self.stem = conv_bn_relu(3, widths[0], 3, 2)
        else:
            raise unknown_name("stem", stem, ("imagenet", "light"))
        self.channels = tuple(widths)
        stages, inputs = [], widths[0]
        for index, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            stride = 1 if index == 0 and stem == "imagenet" else 2
            layers = [
                ResidualBlock(inputs if i == 0 else width, width, stride if i == 0 else 1)
                for i in range(count)
            ]
            stages.append(nn.Sequential(*layers))
            inputs = width
        self.stages = nn.ModuleList(stages)
        init_weights(self)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> four maps (N, channels[i], H / strides[i], W / strides[i])."""
        x = self.stem(images)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[0], features[1], features[2], features[3]


BACKBONES: dict[str, tuple[tuple[int, ...], tuple[int, ...], str]] = {
    # name: widths, blocks per stage, stem
    "resnet18": ((64, 128, 256, 512), (2, 2, 2, 2), "imagenet"),
    "light": ((32, 64, 128, 192), (2, 2, 2, 2), "light"),
}


def make_backbone(name: str) -> ResNet:
    """One of BACKBONES, freshly initialised. Raises SettingsError for an unknown name."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    return ResNet(*BACKBONES[name])


def upsample_like(x: Tensor, target: Tensor) -> Tensor:
    """Nearest-neighbour enlargement of x to the height and width of target."""
    return torch.nn.functional.interpolate(x, size=target.shape[2:], mode="nearest")
