"""The segmentation proposal network of Mask TextSpotter v3 (section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..base import conv_bn_relu, init_weights
from ..resnet import upsample_like


class FusedPyramid(nn.Module):
    """A feature pyramid whose levels are brought to stride 4 and concatenated: the features of everything.

    1x1 lateral convolutions to `width`, top-down sums, 3x3 convolutions, and 3x3 convolutions to a quarter.

    channels   of the four input maps, C2 to C5
    width      256 in the paper; also the number of output channels (attribute `channels`)
    """

    def __init__(self, channels: Sequence[int], width: int = 256) -> None:
        super().__init__()
        self.channels = width
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.smooth = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in channels)
        self.narrow = nn.ModuleList(nn.Conv2d(width, width // 4, 3, padding=1) for _ in channels)
        init_weights(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(C2, C3, C4, C5) -> (N, width, H / 4, W / 4), ordered P2, P3, P4, P5."""
        levels = [lateral(feature) for lateral, feature in zip(self.lateral, features, strict=True)]
        for i in (2, 1, 0):
            levels[i] = levels[i] + upsample_like(levels[i + 1], levels[i])
        levels = [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]
        levels = [narrow(level) for narrow, level in zip(self.narrow, levels, strict=True)]
        return torch.cat([upsample_like(level, levels[0]) for level in levels], dim=1)


def segmentation_head(inputs: int, doublings: int) -> nn.Sequential:
    """3x3 convolution to a quarter of the channels, then transposed 2x2 convolutions, the last to one map.

    doublings   of the resolution: 2 in the paper
    """
    width = inputs // 4
    layers: list[nn.Module] = [conv_bn_relu(inputs, width)]
    for _ in range(doublings - 1):
        layers += [nn.ConvTranspose2d(width, width, 2, 2), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    layers.append(nn.ConvTranspose2d(width, 1, 2, 2) if doublings else nn.Conv2d(width, 1, 1))
    head = nn.Sequential(*layers)
    init_weights(head)
    return head
