"""The spatial attention module of Mask TextSpotter (v2, TPAMI 2019): a region is read as a sequence."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS, _COLUMNS = 8, 32  # of the places that are attended to


class SpatialAttention(nn.Module):
    """A GRU that looks at the places of a region, in two dimensions, as it writes each character.

    e = v tanh(W [h; f]) over 8 x 32 places, whose features f tell their row and column; the GRU's input is
    the character before and what was looked at. (The published search keeps six texts; here the likeliest
    character is taken at each step.)

    inputs    channels of a region
    hidden    256
    classes   what can be put out; 0 is also what the first step begins from
    end       the class that ends a text
    """

    def __init__(self, inputs: int, hidden: int, classes: int, end: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(inputs, hidden, 3, padding=1)
        width = hidden + _ROWS + _COLUMNS
        self.see = nn.Linear(width, hidden)  # W, as it is put to features
        self.think = nn.Linear(hidden, hidden, bias=False)  # and to the state
        self.energy = nn.Linear(hidden, 1, bias=False)
        self.embed = nn.Embedding(classes, hidden)
        self.cell = nn.GRUCell(hidden + width, hidden)
        self.out = nn.Linear(hidden, classes)
        self.end = end

    def places(self, regions: Tensor) -> Tensor:
        """(R, C, s, s) -> (R, 256, hidden + 40): the features of 8 x 32 places, row by row."""
        wide = functional.interpolate(regions, size=(2 * _ROWS, 2 * _COLUMNS), mode="bilinear")
        seen = functional.max_pool2d(functional.relu(self.reduce(wide)), 2).flatten(2).transpose(1, 2)
        column = torch.eye(_COLUMNS, device=seen.device, dtype=seen.dtype).repeat(_ROWS, 1)
        row = torch.eye(_ROWS, device=seen.device, dtype=seen.dtype).repeat_interleave(_COLUMNS, dim=0)
        where = torch.cat([column, row], dim=1)
        return torch.cat([seen, where.expand(seen.shape[0], -1, -1)], dim=2)

    def forward(self, regions: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """(R, C, s, s) -> log-probabilities of the greedy path (R, steps, classes), and how much each step
        looked at each column (R, steps, 32)."""
        places = self.places(regions)
        seen = self.see(places)
        state = places.new_zeros(places.shape[0], self.think.in_features)
        previous = torch.zeros_like(places[:, 0, 0], dtype=torch.long)
        written, looked = [], []
        for _ in range(steps):
            log_probs, state, weights = self._step(previous, state, places, seen)
            previous = log_probs.argmax(dim=1)
            written.append(log_probs)
            looked.append(weights)
        columns = [weights.reshape(-1, _ROWS, _COLUMNS).sum(dim=1) for weights in looked]
        return torch.stack(written, dim=1), torch.stack(columns, dim=1)

    def loss(self, regions: Tensor, texts: Tensor) -> Tensor:
        """The negative log-likelihood of texts (R, steps) int64, -1 to fill up: summed over steps, (R,)."""
        places = self.places(regions)
        seen = self.see(places)
        state = places.new_zeros(places.shape[0], self.think.in_features)
        previous = torch.zeros_like(texts[:, 0])
        total = places.new_zeros(places.shape[0])
        for step in range(int((texts >= 0).sum(dim=1).max()) if len(texts) else 0):
            log_probs, state, _ = self._step(previous, state, places, seen)
            wanted = texts[:, step]
            taken = log_probs.gather(1, wanted.clamp(min=0)[:, None])[:, 0]
            total = total - taken * (wanted >= 0)
            previous = wanted.clamp(min=0)
        return total

    def _step(
        self, previous: Tensor, state: Tensor, places: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities (R, classes), the new state (R, hidden), and the places' weights (R, 256)."""
        energy = self.energy(torch.tanh(seen + self.think(state)[:, None]))[..., 0]
        weights = torch.softmax(energy, dim=1)
        context = (weights[:, None] @ places)[:, 0]
        state = self.cell(torch.cat([self.embed(previous), context], dim=1), state)
        return torch.log_softmax(self.out(state).float(), dim=1), state, weights
