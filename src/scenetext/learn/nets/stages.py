"""The four stages of a recogniser (Baek et al., ICCV 2019): Trans, Feat, Seq and Pred.

Each stage is a module built from the number of channels that come in and says, as `channels`, how many go
out. Absence is `NoStage`. Look-up is by the dicts at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import ResidualBlock, conv_bn_relu, init_weights


class NoStage(nn.Identity):
    """A stage that is left out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels


class VGG(nn.Module):
    """CRNN's seven convolutions, in the benchmark's form: batch normalisation after the fifth and sixth.

    The paper's Table 1 has pooling windows "1x2" in stages 3 and 4, taken literally here (height only), and
    a last 2x2 convolution without padding: (N, C, 32, W) -> (N, 512, 1, W / 4 - 1).
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.channels = 512

        def conv(i: int, o: int) -> list[nn.Module]:
            return [nn.Conv2d(i, o, 3, 1, 1), nn.ReLU(inplace=True)]

        self.layers = nn.Sequential(
            *conv(inputs, 64),
            nn.MaxPool2d(2, 2),
            *conv(64, 128),
            nn.MaxPool2d(2, 2),
            *conv(128, 256),
            *conv(256, 256),
            nn.MaxPool2d((2, 1), (2, 1)),
            conv_bn_relu(256, 512),
            conv_bn_relu(512, 512),
            nn.MaxPool2d((2, 1), (2, 1)),
            nn.Conv2d(512, 512, 2, 1, 0),
            nn.ReLU(inplace=True),
        )
        init_weights(self)

    def frames(self, width: int) -> int:
        """Columns of the map of an image of this width."""
        return width // 4 - 1

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, 512, 1, W / 4 - 1)."""
        return cast(Tensor, self.layers(images))


class LightResNet(nn.Module):
    """A narrow residual encoder for two cores: (N, C, 32, W) -> (N, 256, 2, W / 4).

    Not from a paper. The first convolution sees every pixel, because a stroke of small text is one or two
    pixels wide; the rest of the work happens at half resolution and below.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.channels = 256
        self.layers = nn.Sequential(
            conv_bn_relu(inputs, 24),
            conv_bn_relu(24, 48, 3, 2),
            ResidualBlock(48, 48),
            ResidualBlock(48, 96, 2),
            ResidualBlock(96, 96),
            ResidualBlock(96, 160, (2, 1)),
            ResidualBlock(160, 160),
            ResidualBlock(160, 256, (2, 1)),
        )
        init_weights(self)

    def frames(self, width: int) -> int:
        """Columns of the map of an image of this width."""
        return -(-width // 4)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, 256, 2, W / 4)."""
        return cast(Tensor, self.layers(images))


class BiLSTM(nn.Module):
    """Two bidirectional LSTM layers, each followed by a linear layer 2 hidden -> hidden (the benchmark's)."""

    def __init__(self, inputs: int, hidden: int = 256) -> None:
        super().__init__()
        self.channels = hidden
        self.lstm1 = nn.LSTM(inputs, hidden, bidirectional=True, batch_first=True)
        self.linear1 = nn.Linear(2 * hidden, hidden)
        self.lstm2 = nn.LSTM(hidden, hidden, bidirectional=True, batch_first=True)
        self.linear2 = nn.Linear(2 * hidden, hidden)

    def forward(self, frames: Tensor) -> Tensor:
        """(N, T, inputs) -> (N, T, hidden)."""
        frames = self.linear1(self.lstm1(frames)[0])
        return cast(Tensor, self.linear2(self.lstm2(frames)[0]))


class CTCHead(nn.Module):
    """A linear layer to the classes of the codec, and the CTC loss."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

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


TRANS: dict[str, Callable[[int], nn.Module]] = {"none": NoStage}
FEAT: dict[str, Callable[[int], nn.Module]] = {"vgg": VGG, "light": LightResNet}
SEQ: dict[str, Callable[..., nn.Module]] = {"none": NoStage, "bilstm": BiLSTM}
PRED: dict[str, Callable[[int, int], nn.Module]] = {"ctc": CTCHead}
