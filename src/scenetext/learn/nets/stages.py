"""The four stages of a recogniser (Baek et al., ICCV 2019): Trans, Feat, Seq and Pred.

Trans, Feat and Seq are built from the number of channels that come in and say, as `channels`, how many go
out; Pred is built from them and the codec. Absence is `NoStage`. Look-up is by the dicts at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codecs.ctc import CTC
from .attention import AttentionHead
from .base import init_weights
from .encoders import RCNN, VGG, LightResNet, ResNet
from .tps import TPS


class NoStage(nn.Identity):
    """A stage that is left out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels


class BiLSTM(nn.Module):
    """Two bidirectional LSTM layers, each followed by a linear layer 2 hidden -> hidden (the benchmark's).

    bidirectional   False: read from left to right only (the music-score net of CRNN, section 3.4).
    projection      False: no linear layer after the second LSTM; the prediction stage has one of its own. So
                    in CRNN's paper and code, and in the parameter counts that the benchmark published.
    """

    def __init__(
        self, inputs: int, hidden: int = 256, bidirectional: bool = True, projection: bool = True
    ) -> None:
        super().__init__()
        wide = 2 * hidden if bidirectional else hidden
        self.channels = hidden if projection else wide
        self.lstm1 = nn.LSTM(inputs, hidden, bidirectional=bidirectional, batch_first=True)
        self.linear1 = nn.Linear(wide, hidden)
        self.lstm2 = nn.LSTM(hidden, hidden, bidirectional=bidirectional, batch_first=True)
        self.linear2 = nn.Linear(wide, hidden) if projection else nn.Identity()
        init_weights(self)

    def forward(self, frames: Tensor) -> Tensor:
        """(N, T, inputs) -> (N, T, channels)."""
        frames = self.linear1(self.lstm1(frames)[0])
        projected: Tensor = self.linear2(self.lstm2(frames)[0])
        return projected


class CTCHead(nn.Module):
    """A linear layer to the classes of the codec, and the CTC loss."""

    codec = CTC

    def __init__(self, inputs: int, codec: CTC) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, codec.classes)
        init_weights(self)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """(N, T, inputs) -> {"log_probs": (N, T, classes)}, natural logarithms."""
        return {"log_probs": functional.log_softmax(self.linear(frames).float(), dim=2)}

    def losses(self, frames: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean over the batch of -log p(text) / length.

        Words that the frames cannot spell have an infinite loss; they count as 0 here, and the data
        pipeline keeps them out and reports their number.
        """
        log_probs = self(frames)["log_probs"].transpose(0, 1)
        frame_counts = torch.full((log_probs.shape[1],), log_probs.shape[0], dtype=torch.long)
        loss = functional.ctc_loss(
            log_probs, targets["targets"], frame_counts, targets["lengths"], blank=0, zero_infinity=True
        )
        return {"ctc": loss}

    def step(self) -> None:
        """All of a text's frames are put out at once; there are no steps."""


TRANS: dict[str, Callable[..., nn.Module]] = {"none": NoStage, "tps": TPS}
FEAT: dict[str, Callable[..., nn.Module]] = {
    "vgg": VGG,
    "rcnn": RCNN,
    "resnet": ResNet,
    "light": LightResNet,
}
SEQ: dict[str, Callable[..., nn.Module]] = {"none": NoStage, "bilstm": BiLSTM}
PRED: dict[str, Any] = {"ctc": CTCHead, "attention": AttentionHead}
