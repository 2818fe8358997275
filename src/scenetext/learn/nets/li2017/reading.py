"""The text recognition network (section 3.5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ....codecs.li2017 import END
from ..base import init_weights
from .regions import last_states


class TextRecognitionNetwork(nn.Module):
    """An LSTM over the states of a region, and a second one that writes its text, looking back at each step.

        V = LSTM(h_1..h_W);  x_0 = [v_W; c_0],  x_i = [psi(s_(i-1)); c_i],  i = 1..T + 1
        c_i = sum_j alpha_j v_j,  alpha = softmax_j(w . tanh(W_v v_j + W_h h'_(i-1)))
        h'_i = LSTM(x_i, h'_(i-1));  y_i = softmax(W_o h'_i);  psi(s) = tanh(linear(s))

    s_0 is the start; what would come of step 0 is not used.

    hidden      units: 1024
    classes     that are put out: 38. The start, one more, is only put in
    start       the class of the start
    attention   False: c_i is left out, so that the text comes from the last state alone
    ctc         whether there is an output for `ctc_loss`; reading does not need it
    """

    def __init__(self, hidden: int, classes: int, attention: bool = True, ctc: bool = False) -> None:
        super().__init__()
        self.start = classes
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.embedding = nn.Embedding(classes + 1, hidden)
        self.cell = nn.LSTMCell(2 * hidden if attention else hidden, hidden)
        self.output = nn.Linear(hidden, classes)
        init_weights(self.output)
        self.key = nn.Linear(hidden, hidden, bias=False) if attention else None
        self.query = nn.Linear(hidden, hidden) if attention else None
        self.energy = nn.Linear(hidden, 1, bias=False) if attention else None
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.labels = nn.Linear(hidden, classes) if ctc else None

    def forward(self, states: Tensor, widths: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The greedy text of states (K, W, hidden), of which the first widths (K,) count.

        Returns log-probabilities (K, steps, classes) and the weights of the columns (K, steps, W); without
        attention all weight lies on the last one.
        """
        reader = _Reader(self, states, widths)
        previous = torch.full_like(widths, self.start)
        rows, looks = [], []
        for _ in range(steps):
            logits, look = reader.step(previous)
            rows.append(functional.log_softmax(logits.float(), dim=1))
            looks.append(look)
            previous = logits.argmax(dim=1)
        return torch.stack(rows, dim=1), torch.stack(looks, dim=1)

    def loss(self, states: Tensor, widths: Tensor, texts: Tensor) -> Tensor:
        """- sum_i ln y_i(s_i) of each region (K,), each step seeing the true character before it.

        texts   (K, L) int64: classes, the end, and -1 to fill up
        """
        steps = max(int((texts >= 0).sum(dim=1).max()), 1)
        texts = texts[:, :steps]
        reader = _Reader(self, states, widths)
        previous = torch.full_like(widths, self.start)
        rows = []
        for i in range(steps):
            rows.append(reader.step(previous)[0].float())
            previous = texts[:, i].clamp_min(0)
        logits = torch.stack(rows, dim=2)
        return functional.cross_entropy(logits, texts, ignore_index=-1, reduction="none").sum(dim=1)

    def ctc_loss(self, states: Tensor, widths: Tensor, texts: Tensor) -> Tensor:
        """- ln p(text) of each region (K,) by CTC, one label or the blank a column; 0 for a text that the
        columns cannot spell. The end, which no column shows, serves as the blank.

        Arguments are those of `loss`.
        """
        assert self.labels is not None  # for mypy; asked for with ctc=True
        log_probs = functional.log_softmax(self.labels(states).float(), dim=2).transpose(0, 1)
        spelt = (texts >= 0) & (texts != END)
        return functional.ctc_loss(
            log_probs, texts[spelt], widths, spelt.sum(dim=1), END, reduction="none", zero_infinity=True
        )


class _Reader:
    """The second LSTM on its way through a text, for several regions at once."""

    def __init__(self, net: TextRecognitionNetwork, states: Tensor, widths: Tensor) -> None:
        self.net = net
        self.frames = net.lstm(states)[0]
        self.left = widths[:, None] - torch.arange(states.shape[1], device=states.device)[None]
        self.keys = None if net.key is None else net.key(self.frames)
        code = last_states(self.frames, widths)
        self.hidden = self.cell = torch.zeros_like(code)
        self._advance(code)

    def step(self, previous: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (K, classes) of the next character and the weights of the columns (K, W)."""
        look = self._advance(torch.tanh(self.net.embedding(previous)))
        return self.net.output(self.hidden), look

    def _advance(self, x: Tensor) -> Tensor:
        if self.keys is None:
            look = (self.left == 1).to(x.dtype)
        else:
            assert self.net.query is not None  # for mypy; the three come together
            assert self.net.energy is not None
            mixed = torch.tanh(self.keys + self.net.query(self.hidden)[:, None])
            energy = self.net.energy(mixed)[..., 0].float()
            look = torch.softmax(energy.masked_fill(self.left < 1, -1e9), dim=1)
            glimpse = torch.matmul(look[:, None].to(self.frames.dtype), self.frames)[:, 0]
            x = torch.cat([x, glimpse], dim=1)
        self.hidden, self.cell = self.net.cell(x, (self.hidden, self.cell))
        return look
