"""The feature pyramid of DB (section 3.1; after Lin et al. 2017): four maps become one at stride 4.

And what DB++ puts behind it (Liao et al., TPAMI 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .base import init_weights
from .resnet import upsample_like


class FPN(nn.Module):
    """1x1 lateral convolutions to `width`, top-down sums, 3x3 convolutions to width / 4, concatenation.

    channels   of the four input maps, C2 to C5
    width      256 in the paper; also the number of output channels (attribute `channels`)
    """

    def __init__(self, channels: Sequence[int], width: int = 256) -> None:
        super().__init__()
        self.channels = width
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1, bias=False) for c in channels)
        self.smooth = nn.ModuleList(nn.Conv2d(width, width // 4, 3, padding=1, bias=False) for _ in channels)
        init_weights(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(C2, C3, C4, C5) -> (N, width, H / 4, W / 4), ordered P5, P4, P3, P2 as in the authors' code."""
        levels = [lateral(feature) for lateral, feature in zip(self.lateral, features, strict=True)]
        for i in (2, 1, 0):
            levels[i] = levels[i] + upsample_like(levels[i + 1], levels[i])
        maps = [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]
        return torch.cat([upsample_like(m, maps[0]) for m in reversed(maps)], dim=1)


class ScaleFusion(nn.Module):
    """The adaptive scale fusion of DB++ (section 3.2): each level of the pyramid is weighed at each place.

        S = conv(F);  A = S + channel(S);  A = A + spatial(A);  level i of F  *  sigmoid(conv(A))_i

    channels   of F, the concatenated levels
    levels     that F is made of, in equal parts
    """

    def __init__(self, channels: int, levels: int = 4) -> None:
        super().__init__()
        self.levels = levels
        width = channels // levels
        self.reduce = nn.Conv2d(channels, width, 3, padding=1)
        self.channel = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, width // 4, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(width // 4, width, 1, bias=False),
            nn.Sigmoid(),
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(1, 1, 3, padding=1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(1, 1, 1, bias=False),
            nn.Sigmoid(),
        )
        self.weigh = nn.Sequential(nn.Conv2d(width, levels, 1, bias=False), nn.Sigmoid())
        init_weights(self)

    def forward(self, features: Tensor) -> Tensor:
        """(N, channels, H, W) -> the same."""
        reduced = self.reduce(features)
        attended = reduced + self.channel(reduced)
        attended = attended + self.spatial(attended.mean(dim=1, keepdim=True))
        weights = self.weigh(attended).chunk(self.levels, dim=1)
        parts = features.chunk(self.levels, dim=1)
        return torch.cat([part * weight for part, weight in zip(parts, weights, strict=True)], dim=1)
