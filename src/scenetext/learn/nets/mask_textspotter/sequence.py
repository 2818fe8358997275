"""The spatial attention module of Mask TextSpotter (v2, TPAMI 2019): a region is read as a sequence."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS, _COLUMNS = 8, 32  # of the places that are attended to


class SpatialAttention(nn.Module):
    """A GRU that looks at the places of a region, in two dimensions, as it writes each character.

    e = v tanh(W [h; f]) over 8 x 32 places, whose features f tell their row and column; the GRU's input is
    the character before and what was looked at.

    inputs    channels of a region
    hidden    256
    classes   what can be put out; 0 is also what the first step begins from
    end       the class that ends a text
    beam      texts of a region that the search keeps at each step: 6. Of the best of them at the end its
              score is the product of its steps' probabilities
    """

    def __init__(self, inputs: int, hidden: int, classes: int, end: int, beam: int = 6) -> None:
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
        self.beam = beam

    def places(self, regions: Tensor) -> Tensor:
        """(R, C, s, s) -> (R, 256, hidden + 40): the features of 8 x 32 places, row by row."""
        wide = functional.interpolate(regions, size=(2 * _ROWS, 2 * _COLUMNS), mode="bilinear")
        seen = functional.max_pool2d(functional.relu(self.reduce(wide)), 2).flatten(2).transpose(1, 2)
        column = torch.eye(_COLUMNS, device=seen.device, dtype=seen.dtype).repeat(_ROWS, 1)
        row = torch.eye(_ROWS, device=seen.device, dtype=seen.dtype).repeat_interleave(_COLUMNS, dim=0)
        where = torch.cat([column, row], dim=1)
        return torch.cat([seen, where.expand(seen.shape[0], -1, -1)], dim=2)

    def forward(self, regions: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
        """(R, C, s, s) -> the classes of the best text that is found, (R, steps); the log-probabilities of
        its steps, (R, steps, classes); and how much each step looked at each column, (R, steps, 32)."""
        places = self.places(regions)
        seen = self.see(places)
        state = places.new_zeros(places.shape[0], 1, self.think.in_features)
        previous = torch.zeros_like(places[:, :1, 0], dtype=torch.long)
        total = places.new_zeros(places.shape[0], 1)
        ended = total > 0  # none has
        stay = torch.full((self.out.out_features,), -torch.inf, device=places.device)
        stay[self.end] = 0.0
        # of each step and text: the text before, of which it is one step more, and what that step was
        before, classes, written, looked = [], [], [], []
        for _ in range(steps):
            log_probs, state, weights = self._step(previous, state, places, seen)
            added = torch.where(ended[:, :, None], stay, log_probs)
            sums = (total[:, :, None] + added).flatten(1)
            total, best = sums.topk(min(self.beam, sums.shape[1]), dim=1)
            parent, previous = best // len(stay), best % len(stay)
            state, log_probs, weights = (_rows(x, parent) for x in (state, log_probs, weights))
            ended = previous == self.end
            before.append(parent)
            classes.append(previous)
            written.append(log_probs)
            looked.append(weights)
        row = torch.zeros_like(before[-1][:, :1])
        path, each, columns = [], [], []
        for step in reversed(range(steps)):
            path.append(classes[step].gather(1, row)[:, 0])
            each.append(_rows(written[step], row)[:, 0])
            weights = _rows(looked[step], row)[:, 0]
            columns.append(weights.reshape(-1, _ROWS, _COLUMNS).sum(dim=1))
            row = before[step].gather(1, row)
        path, each, columns = path[::-1], each[::-1], columns[::-1]
        return torch.stack(path, dim=1), torch.stack(each, dim=1), torch.stack(columns, dim=1)

    def loss(self, regions: Tensor, texts: Tensor) -> Tensor:
        """The negative log-likelihood of texts (R, steps) int64, -1 to fill up: summed over steps, (R,)."""
        places = self.places(regions)
        seen = self.see(places)
        state = places.new_zeros(places.shape[0], 1, self.think.in_features)
        previous = torch.zeros_like(texts[:, :1])
        total = places.new_zeros(places.shape[0])
        for step in range(int((texts >= 0).sum(dim=1).max()) if len(texts) else 0):
            log_probs, state, _ = self._step(previous, state, places, seen)
            wanted = texts[:, step]
            previous = wanted.clamp(min=0)[:, None]
            taken = log_probs[:, 0].gather(1, previous)[:, 0]
            total = total - taken * (wanted >= 0)
        return total

    def _step(
        self, previous: Tensor, state: Tensor, places: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of b texts of each region, which end in classes (R, b): log-probabilities (R, b, classes), the new
        state (R, b, hidden), and the places' weights (R, b, 256)."""
        energy = self.energy(torch.tanh(seen[:, None] + self.think(state)[:, :, None]))[..., 0]
        weights = torch.softmax(energy, dim=2)
        inputs = torch.cat([self.embed(previous), weights @ places], dim=2)
        state = self.cell(inputs.flatten(0, 1), state.flatten(0, 1)).unflatten(0, previous.shape)
        return torch.log_softmax(self.out(state).float(), dim=2), state, weights


def _rows(x: Tensor, rows: Tensor) -> Tensor:
    """The rows (R, k) of x (R, b, n), as (R, k, n)."""
    return x.gather(1, rows[:, :, None].expand(-1, -1, x.shape[2]))
