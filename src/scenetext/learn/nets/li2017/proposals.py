"""The text proposal network (section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..base import init_weights


class TextProposalNetwork(nn.Module):
    """Scores and offsets of the anchors at each pixel, from two filters side by side that suit wide text.

    channels   of the features
    filters    of the convolution of 5 columns and 3 rows, and of that of 3 columns and 1 row: 256
    anchors    at each pixel: 24
    """

    def __init__(self, channels: int, filters: int, anchors: int) -> None:
        super().__init__()
        self.large = nn.Conv2d(channels, filters, (3, 5), padding=(1, 2))
        self.small = nn.Conv2d(channels, filters, (1, 3), padding=(0, 1))
        self.objectness = nn.Conv2d(2 * filters, anchors, 1)
        self.offsets = nn.Conv2d(2 * filters, 4 * anchors, 1)
        init_weights(self)
        for head in (self.objectness, self.offsets):
            nn.init.normal_(head.weight, std=0.01)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, h, w) -> logits (N, A, h, w) and offsets (N, 4 A, h, w)."""
        x = torch.relu(torch.cat([self.large(features), self.small(features)], dim=1))
        return self.objectness(x), self.offsets(x)
