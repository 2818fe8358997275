"""Feature extractors of word recognisers: an image of height 32 becomes a low map, one column a frame."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from ...errors import SettingsError
from .base import ResidualBlock, conv_bn_relu, init_weights


class VGG(nn.Module):
    """The seven convolutions of CRNN (Shi et al. 2015, Table 1).

    form     "benchmark" (Baek et al. 2019): the table taken literally, with batch normalisation after
             convolutions 5 and 6, which then have no bias, and pooling windows "1x2" of height alone in
             stages 3 and 4. It has 24 frames at a width of 100, where the paper's text says 25.
             "authors": the released code: batch normalisation after 3, 5 and 7, biases everywhere, pooling
             windows of 2x2 that move by one column and are padded by one; 26 frames. The layout of the public
             crnn.pth weights.
    width    maps of the last convolutions, 512 in all sources; the first ones have an eighth of it.
    without  convolutions to leave out, of 4 and 6: the music-score net of the paper (section 3.4).

    (N, C, 32, W) -> (N, width, 1, W / 4 - 1), or W / 4 + 1 in the authors' form. Higher images give higher
    maps.
    """

    def __init__(
        self,
        inputs: int,
        form: Literal["benchmark", "authors"] = "benchmark",
        width: int = 512,
        without: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        if form not in ("benchmark", "authors"):
            raise SettingsError(f"VGG form is 'benchmark' or 'authors', not {form!r}")
        if not set(without) <= {4, 6}:
            raise SettingsError(f"VGG can do without convolutions 4 and 6, not {without!r}")
        self.channels = width
        self.padded = form == "authors"
        normalised = (3, 5, 7) if form == "authors" else (5, 6)
        maps = [inputs, *(width // part for part in (8, 4, 2, 2, 1, 1, 1))]
        pools: dict[int, nn.Module] = {1: nn.MaxPool2d(2, 2), 2: nn.MaxPool2d(2, 2)}
        for stage in (4, 6):
            pools[stage] = nn.MaxPool2d(2, (2, 1), (0, 1)) if self.padded else nn.MaxPool2d((2, 1), (2, 1))
        layers: list[nn.Module] = []
        for i in range(1, 8):
            if i not in without:
                bias = form == "authors" or i not in normalised
                kernel, padding = (2, 0) if i == 7 else (3, 1)
                layers.append(nn.Conv2d(maps[i - 1], maps[i], kernel, 1, padding, bias=bias))
                if i in normalised:
                    layers.append(nn.BatchNorm2d(maps[i]))
                layers.append(nn.ReLU(inplace=True))
            if i in pools:
                layers.append(pools[i])
        self.layers = nn.Sequential(*layers)
        init_weights(self)

    def frames(self, width: int) -> int:
        """Columns of the map of an image of this width."""
        return width // 4 + (1 if self.padded else -1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, width, 1, frames)."""
        return cast(Tensor, self.layers(images))


class GRCL(nn.Module):
    """Gated recurrent convolution layer (Wang and Hu 2017): convolutions shared over the iterations, batch
    normalisation of its own for each.

        x(0) = relu(bn(f * u))
        x(t) = relu(bn(f * u) + bn(bn(r * x) . sigmoid(bn(gf * u) + bn(gr * x))))        t = 1..iterations
    """

    def __init__(self, inputs: int, outputs: int, iterations: int = 5) -> None:
        super().__init__()
        self.forth = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.back = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.gate_forth = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.gate_back = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.first = nn.BatchNorm2d(outputs)
        self.norms = nn.ModuleList(
            nn.ModuleDict(
                {
                    name: nn.BatchNorm2d(outputs)
                    for name in ("forth", "back", "gate_forth", "gate_back", "gated")
                }
            )
            for _ in range(iterations)
        )

    def forward(self, u: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        forth, gate_forth = self.forth(u), self.gate_forth(u)
        x = torch.relu(self.first(forth))
        for norm in self.norms:
            bn = cast(nn.ModuleDict, norm)
            gate = torch.sigmoid(bn["gate_forth"](gate_forth) + bn["gate_back"](self.gate_back(x)))
            x = torch.relu(bn["forth"](forth) + bn["gated"](bn["back"](self.back(x)) * gate))
        return x


class RCNN(nn.Module):
    """The recurrent convolutional encoder of GRCNN (Wang and Hu 2017) in the benchmark's form.

    width   maps of the last convolution, 512 as published.

    (N, C, 32, W) -> (N, width, 1, W / 4 + 1)
    """

    def __init__(self, inputs: int, width: int = 512) -> None:
        super().__init__()
        self.channels = width
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width // 8, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, 2),
            GRCL(width // 8, width // 8),
            nn.MaxPool2d(2, 2),
            GRCL(width // 8, width // 4),
            nn.MaxPool2d(2, (2, 1), (0, 1)),
            GRCL(width // 4, width // 2),
            nn.MaxPool2d(2, (2, 1), (0, 1)),
            _narrowing(width // 2, width, (1, 1), (0, 0)),
        )
        init_weights(self)

    def frames(self, width: int) -> int:
        """Columns of the map of an image of this width."""
        return width // 4 + 1

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, width, 1, frames)."""
        return cast(Tensor, self.layers(images))


class ResNet(nn.Module):
    """The 29 convolutions of the focusing attention network (Cheng et al. 2017), as in the benchmark.

    width   maps of the last blocks, 512 as published.

    (N, C, 32, W) -> (N, width, 1, W / 4 + 1)
    """

    def __init__(self, inputs: int, width: int = 512) -> None:
        super().__init__()
        self.channels = width
        maps = [width // 8, width // 4, width // 2, width]

        def blocks(i: int, o: int, count: int) -> list[nn.Module]:
            return [ResidualBlock(i if k == 0 else o, o) for k in range(count)]

        self.layers = nn.Sequential(
            conv_bn_relu(inputs, width // 16),
            conv_bn_relu(width // 16, maps[0]),
            nn.MaxPool2d(2, 2),
            *blocks(maps[0], maps[1], 1),
            conv_bn_relu(maps[1], maps[1]),
            nn.MaxPool2d(2, 2),
            *blocks(maps[1], maps[2], 2),
            conv_bn_relu(maps[2], maps[2]),
            nn.MaxPool2d(2, (2, 1), (0, 1)),
            *blocks(maps[2], maps[3], 5),
            conv_bn_relu(maps[3], maps[3]),
            *blocks(maps[3], maps[3], 3),
            _narrowing(maps[3], maps[3], (2, 1), (0, 1)),
            _narrowing(maps[3], maps[3], (1, 1), (0, 0)),
        )
        init_weights(self)

    def frames(self, width: int) -> int:
        """Columns of the map of an image of this width."""
        return width // 4 + 1

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, width, 1, frames)."""
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


def _narrowing(inputs: int, outputs: int, stride: tuple[int, int], padding: tuple[int, int]) -> nn.Sequential:
    """A 2x2 convolution without bias, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 2, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
