"""Residual backbones (He et al., CVPR 2016): images -> (C2, C3, C4, C5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .base import ResidualBlock, conv_bn_relu, init_weights
from .deformable import DeformableConv

_EXPANSION = 4  # of a bottleneck


class Bottleneck(nn.Module):
    """1x1 convolution to a quarter of the channels, 3x3 convolution, 1x1 convolution back, and a shortcut.

    The 3x3 convolution has the stride, as in the weights that are in common use, not the first 1x1.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, deformable: int = 0) -> None:
        super().__init__()
        width = outputs // _EXPANSION
        self.body = nn.Sequential(
            conv_bn_relu(inputs, width, 1),
            _conv(width, width, stride, deformable),
            nn.Conv2d(width, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


def _conv(inputs: int, outputs: int, stride: int, deformable: int) -> nn.Sequential:
    """3x3 convolution, deformable if there are groups for it, batch normalisation, ReLU."""
    if not deformable:
        return conv_bn_relu(inputs, outputs, 3, stride)
    return nn.Sequential(
        DeformableConv(inputs, outputs, 3, stride, deformable),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class DeformableBlock(ResidualBlock):
    """A residual block whose second convolution is deformable."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, deformable: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.body[1] = DeformableConv(outputs, outputs, 3, 1, deformable)


@dataclass(frozen=True)
class Shape:
    """widths: channels of the four stages; blocks: residual blocks of each.

    stem         "imagenet": 7x7 convolution with stride 2 and 3x3 max-pool with stride 2, as published;
                 "deep": three 3x3 convolutions, to half, half and all of 128 channels, for the 7x7 (PSENet);
                 "light": one 3x3 convolution with stride 2, and the first stage has stride 2 instead of the
                 pool
    bottleneck   blocks of three convolutions instead of two
    """

    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]
    stem: Literal["imagenet", "deep", "light"] = "imagenet"
    bottleneck: bool = False


class ResNet(nn.Module):
    """Four stages of residual blocks; each stage but a max-pooled first one halves the resolution.

    deformable   groups of the deformable convolutions that stand for the 3x3 convolution (in blocks of two,
                 the second one) of all blocks but those of the first stage, as in DB; 0: none

    Attributes: channels (the four widths), strides (4, 8, 16, 32). Raises ValueError for groups that do not
    divide the channels.
    """

    strides = (4, 8, 16, 32)

    def __init__(self, shape: Shape, deformable: int = 0) -> None:
        super().__init__()
        if deformable < 0 or shape.widths[1] // _EXPANSION % max(deformable, 1):
            raise ValueError(
                f"the groups of deformable convolutions divide all channels, unlike {deformable}"
            )
        self.channels = shape.widths
        self.stem, inputs = _stem(shape)
        stages = []
        for index, (width, count) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
            stride = 1 if index == 0 and shape.stem != "light" else 2
            groups = deformable if index else 0
            layers = []
            for i in range(count):
                layers.append(_block(shape, inputs, width, stride if i == 0 else 1, groups))
                inputs = width
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        init_weights(self)
        for part in self.modules():
            if isinstance(part, DeformableConv):
                part.straighten()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> four maps (N, channels[i], H / strides[i], W / strides[i])."""
        x = self.stem(images)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[0], features[1], features[2], features[3]


def _stem(shape: Shape) -> tuple[nn.Module, int]:
    """The stem and its channels."""
    if shape.stem == "light":
        return conv_bn_relu(3, shape.widths[0], 3, 2), shape.widths[0]
    pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
    if shape.stem == "deep":
        layers = (conv_bn_relu(3, 64, 3, 2), conv_bn_relu(64, 64), conv_bn_relu(64, 128))
        return nn.Sequential(*layers, pool), 128
    width = shape.widths[0] // _EXPANSION if shape.bottleneck else shape.widths[0]
    return nn.Sequential(conv_bn_relu(3, width, 7, 2), pool), width


def _block(shape: Shape, inputs: int, outputs: int, stride: int, deformable: int) -> nn.Module:
    if shape.bottleneck:
        return Bottleneck(inputs, outputs, stride, deformable)
    if deformable:
        return DeformableBlock(inputs, outputs, stride, deformable)
    return ResidualBlock(inputs, outputs, stride)


def upsample_like(x: Tensor, target: Tensor) -> Tensor:
    """Nearest-neighbour enlargement of x to the height and width of target."""
    return torch.nn.functional.interpolate(x, size=target.shape[2:], mode="nearest")
