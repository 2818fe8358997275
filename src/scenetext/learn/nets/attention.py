"""The attention decoder (RARE, Shi et al. 2016, in the form of Baek et al. 2019)."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codecs.attention import START, Attention
from ...errors import SettingsError
from .base import init_weights

_REACH = 5  # frames to either side that the location features see


class AttentionHead(nn.Module):
    """A recurrent cell that looks at the frames anew for each character.

        e_i   = score(tanh(key(h_i) + query(s_{t-1})))        additive attention
        s_t   = cell([sum_i softmax(e)_i h_i; onehot(y_{t-1})], s_{t-1})
        p(y_t) = softmax(output(s_t))

    hidden     units of the cell and of the attention.
    cell       "lstm" (benchmark) or "gru" (RARE).
    location   0 (benchmark): attention by content alone. Otherwise the number of filters, 11 frames wide,
               that look at the weights of the step before, as RARE's attention does (after Chorowski et al.
               2015); how many it had is not known.

    What a step needs of the frames is computed once: memory = [h; key(h)], (N, T, inputs + hidden).
    """

    codec = Attention

    def __init__(
        self,
        inputs: int,
        codec: Attention,
        hidden: int = 256,
        cell: Literal["lstm", "gru"] = "lstm",
        location: int = 0,
    ) -> None:
        super().__init__()
        if cell not in _CELLS:
            raise SettingsError(f"attention cell is 'lstm' or 'gru', not {cell!r}")
        self.steps = codec.length + 1
        self.inputs, self.classes = inputs, codec.classes
        self.key = nn.Linear(inputs, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)
        self.cell = _CELLS[cell](inputs + codec.classes, hidden)
        self.output = nn.Linear(hidden, codec.classes)
        if location:
            self.location: nn.Module | None = nn.Sequential(
                nn.Conv1d(1, location, 2 * _REACH + 1, padding=_REACH, bias=False),
                _ChannelsLast(),
                nn.Linear(location, hidden, bias=False),
            )
        else:
            self.location = None
        init_weights(self)

    def memory(self, frames: Tensor) -> Tensor:
        """(N, T, inputs) -> (N, T, inputs + hidden)."""
        return torch.cat([frames, self.key(frames)], dim=2)

    def start(self, memory: Tensor) -> dict[str, Tensor]:
        """The states before the first step: "state_hidden" (N, S), and "state_weights" (N, T) if located."""
        count = memory.shape[0]
        cell = cast(_Cell, self.cell)
        states = {"state_hidden": memory.new_zeros(count, cell.size)}
        if self.location is not None:
            states["state_weights"] = memory.new_zeros(count, memory.shape[1])
        return states

    def advance(
        self, memory: Tensor, previous: Tensor, states: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One step: (logits (N, classes), the states after it).

        previous   (N,) int64, the class of the step before, START at first
        """
        frames, keys = memory[..., : self.inputs], memory[..., self.inputs :]
        hidden = states["state_hidden"]
        query = self.query(hidden[:, : self.query.in_features])[:, None]
        if self.location is not None:
            keys = keys + self.location(states["state_weights"][:, None])
        weights = torch.softmax(self.score(torch.tanh(keys + query))[..., 0].float(), dim=1)
        glimpse = torch.matmul(weights[:, None].to(frames.dtype), frames)[:, 0]
        character = functional.one_hot(previous, self.classes).to(glimpse.dtype)
        hidden = self.cell(torch.cat([glimpse, character], dim=1), hidden)
        after = {"state_hidden": hidden}
        if self.location is not None:
            after["state_weights"] = weights
        return self.output(hidden[:, : self.query.in_features]), after

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """(N, T, inputs) -> "log_probs" (N, steps, classes) of the greedy path, "memory" and first states.

        Each step sees the likeliest class of the one before. The rest is what `step` starts from.
        """
        memory = self.memory(frames)
        first = states = self.start(memory)
        previous = torch.full((frames.shape[0],), START, dtype=torch.long, device=frames.device)
        rows = []
        for _ in range(self.steps):
            logits, states = self.advance(memory, previous, states)
            rows.append(functional.log_softmax(logits.float(), dim=1))
            previous = logits.argmax(dim=1)
        return {"log_probs": torch.stack(rows, dim=1), "memory": memory} | first

    def losses(self, frames: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean cross-entropy of all characters and ends of the batch, each step seeing the true character
        before it (teacher forcing). targets: "targets" of codecs.attention.Attention.encode."""
        truth = targets["targets"]
        memory = self.memory(frames)
        states = self.start(memory)
        previous = torch.full_like(truth[:, 0], START)
        rows = []
        for step in range(truth.shape[1]):
            logits, states = self.advance(memory, previous, states)
            rows.append(logits.float())
            previous = truth[:, step]
        loss = functional.cross_entropy(torch.stack(rows, dim=2), truth, ignore_index=START)
        return {"attention": loss}

    def step(self) -> nn.Module:
        """One step as a graph of its own."""
        return _Step(self)


class _Step(nn.Module):
    """memory (N, T, M), previous (N,) int64, state_* -> "log_probs" (N, classes), and the states as "next_*".

    Inputs and outputs of a graph cannot share names.
    """

    def __init__(self, head: AttentionHead) -> None:
        super().__init__()
        self.head = head

    def forward(
        self, memory: Tensor, previous: Tensor, state_hidden: Tensor, state_weights: Tensor | None = None
    ) -> dict[str, Tensor]:
        states = {"state_hidden": state_hidden}
        if state_weights is not None:
            states["state_weights"] = state_weights
        logits, states = self.head.advance(memory, previous, states)
        after = {name.replace("state_", "next_", 1): value for name, value in states.items()}
        return {"log_probs": functional.log_softmax(logits.float(), dim=1)} | after


class _ChannelsLast(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class _Cell(nn.Module):
    """A recurrent cell whose state is one tensor (N, size), what is put out in front."""

    size: int


class _LSTM(_Cell):
    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(inputs, hidden)
        self.size = 2 * hidden

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        hidden, cell = state.chunk(2, dim=1)
        return torch.cat(self.cell(x, (hidden.contiguous(), cell.contiguous())), dim=1)


class _GRU(_Cell):
    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(inputs, hidden)
        self.size = hidden

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        return cast(Tensor, self.cell(x, state))


_CELLS: dict[str, type[_LSTM] | type[_GRU]] = {"lstm": _LSTM, "gru": _GRU}
