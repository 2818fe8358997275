"""The features that detection and recognition share (section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn

from ..base import conv_bn_relu, init_weights

_BLOCKS = ((64, 2, True), (128, 2, True), (256, 3, False), (512, 3, True), (512, 3, False))
"""Channels and convolutions of each block of VGG-16, and whether its pooling stays."""


class Trunk(nn.Module):
    """VGG-16 without its third and fifth pooling, so that features have 1/8 of the resolution.

    width   share of VGG's channels, of which each block has a multiple of 8
    norm    batch normalisation after each convolution, for training from nothing; the paper starts from
            weights of ImageNet and has none

    `conv1` to `conv5` are its blocks.
    """

    def __init__(self, width: float = 1.0, norm: bool = False) -> None:
        super().__init__()
        inputs = 3
        for i, (channels, depth, pools) in enumerate(_BLOCKS, start=1):
            outputs = max(8, round(channels * width / 8) * 8)
            self.add_module(f"conv{i}", _block(inputs, outputs, depth, pools, norm))
            inputs = outputs
        self.channels = inputs
        init_weights(self)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, channels, H / 8, W / 8)."""
        x = images
        for block in self.children():
            x = block(x)
        return x


def _block(inputs: int, outputs: int, depth: int, pools: bool, norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(depth):
        given = inputs if i == 0 else outputs
        if norm:
            layers.append(conv_bn_relu(given, outputs))
        else:
            layers += [nn.Conv2d(given, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    if pools:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
