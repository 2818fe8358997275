"""What is made of pooled regions: a code of fixed length, and from it a better box (sections 3.3 and 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base import init_weights


class RegionFeatureEncoder(nn.Module):
    """An LSTM over the columns of a pooled region; its last state is the code of the region.

    inputs   features of a column
    hidden   units: 1024
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)

    def forward(self, columns: Tensor, widths: Tensor) -> tuple[Tensor, Tensor]:
        """(K, W, inputs), of which the first widths (K,) count -> states (K, W, hidden), codes (K, ...)."""
        states = self.lstm(columns)[0]
        return states, last_states(states, widths)


def last_states(states: Tensor, widths: Tensor) -> Tensor:
    """The state (K, R) at the last valid column of (K, W, R); what an LSTM sees later does not change it."""
    place = (widths - 1)[:, None, None].expand(-1, 1, states.shape[2])
    return states.gather(1, place)[:, 0]


class TextDetectionNetwork(nn.Module):
    """Textness of a region and offsets to a better box, from its code.

    inputs   features of a code
    dense    units of the two fully connected layers: 2048
    """

    def __init__(self, inputs: int, dense: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, dense)
        self.fc2 = nn.Linear(dense, dense)
        self.textness = nn.Linear(dense, 1)
        self.offsets = nn.Linear(dense, 4)
        init_weights(self)
        for head in (self.textness, self.offsets):
            nn.init.normal_(head.weight, std=0.01)

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """(K, inputs) -> logits (K,) and offsets (K, 4)."""
        x = functional.relu(self.fc2(functional.relu(self.fc1(codes))))
        return self.textness(x)[:, 0], self.offsets(x)


def moved_boxes(boxes: Tensor, offsets: Tensor, height: int, width: int, largest: float) -> Tensor:
    """Boxes (K, 4) moved by offsets (K, 4), as codecs.boxes.decode_boxes does it, and clipped to the view."""
    size = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + offsets[:, :2] * size
    half = size * torch.exp(offsets[:, 2:].clamp(-largest, largest)) / 2
    limits = torch.stack([boxes.new_full((), width), boxes.new_full((), height)])
    low = torch.minimum((centre - half).clamp_min(0), limits)
    high = torch.minimum((centre + half).clamp_min(0), limits)
    return torch.cat([low, high], dim=1)
