"""The segmentation proposal network of Mask TextSpotter v3 (section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..base import init_weights
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
