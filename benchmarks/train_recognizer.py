"""How fast recognisers train: crops a second, forward and backward, beside the benchmark's network.

    python benchmarks/train_recognizer.py [--models crnn trba] [--batch 192] [--threads 2] [--rounds 5]

Beside each of our networks stands the same network written down literally as Baek et al. (ICCV 2019) have it,
in plain PyTorch: the classes below. With the same weights the two have the same loss, which is checked. They
take turns step by step on the same random crops of 32x100 and words of 3 to 12 characters. Figures are
medians over the rounds, after one round to warm up. What is compared is the processor time of this process:
whatever else the machine does meets neither. A step is what a training step is without the optimiser, images
to loss and loss to gradients, in single precision; ours runs as the training loop runs it. Prints a table in
Markdown.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from machine import describe, versions
from torch import Tensor, nn
from torch.nn import functional

from scenetext.codecs import make_codec
from scenetext.learn.nets import make_net

CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
STEPS = 26  # of the reference's attention: 25 characters and the end
MODELS = {
    # name: title, codec, stages
    "crnn": ("CRNN", "ctc", {"trans": "none", "feat": "vgg", "seq": "bilstm", "pred": "ctc"}),
    "trba": (
        "TPS-ResNet-BiLSTM-Attn",
        "attention",
        {"trans": "tps", "feat": "resnet", "seq": "bilstm", "pred": "attention"},
    ),
}


# --- the benchmark's network, literally --------------------------------------------------------------


class Localizer(nn.Module):
    """Four convolutions, a mean, two linear layers: 20 points, at first the slanted pattern of RARE."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate([(1, 64), (64, 128), (128, 256), (256, 512)]):
            layers += [nn.Conv2d(a, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
            layers.append(nn.MaxPool2d(2, 2) if i < 3 else nn.AdaptiveAvgPool2d(1))
        self.conv = nn.Sequential(*layers)
        self.fc1 = nn.Sequential(nn.Linear(512, 256), nn.ReLU(True))
        self.fc2 = nn.Linear(256, 40)
        x = torch.linspace(-1, 1, 10)
        top = torch.stack([x, torch.linspace(0, -1, 10)], 1)
        bottom = torch.stack([x, torch.linspace(1, 0, 10)], 1)
        nn.init.zeros_(self.fc2.weight)
        self.fc2.bias.data = torch.cat([top, bottom]).reshape(-1)

    def forward(self, images: Tensor) -> Tensor:
        count = images.shape[0]
        return self.fc2(self.fc1(self.conv(images).view(count, -1))).view(count, 20, 2)


class TPS(nn.Module):
    """A grid from stored matrices of the image's size, and a bilinear sampler."""

    def __init__(self) -> None:
        super().__init__()
        self.localizer = Localizer()
        x = torch.linspace(-1, 1, 10, dtype=torch.float64)
        base = torch.cat([torch.stack([x, torch.full_like(x, y)], 1) for y in (-1.0, 1.0)])
        distance = torch.cdist(base, base).fill_diagonal_(1)
        ones = torch.ones(20, 1, dtype=torch.float64)
        delta = torch.zeros(23, 23, dtype=torch.float64)
        delta[:20] = torch.cat([ones, base, distance**2 * torch.log(distance)], 1)
        delta[20:22, 3:], delta[22, 3:] = base.T, 1
        grid_x = (torch.arange(-100, 100, 2, dtype=torch.float64) + 1) / 100
        grid_y = (torch.arange(-32, 32, 2, dtype=torch.float64) + 1) / 32
        pixels = torch.stack(torch.meshgrid(grid_x, grid_y, indexing="xy"), 2).reshape(-1, 2)
        norm = torch.cdist(pixels, base)
        radial = norm**2 * torch.log(norm + 1e-6)
        basis = torch.cat([torch.ones(len(pixels), 1, dtype=torch.float64), pixels, radial], 1)
        self.register_buffer("inverse", torch.linalg.inv(delta).float())
        self.register_buffer("basis", basis.float())

    def forward(self, images: Tensor) -> Tensor:
        count = images.shape[0]
        points = torch.cat([self.localizer(images), torch.zeros(count, 3, 2)], 1)
        transform = torch.bmm(self.inverse.repeat(count, 1, 1), points)
        grid = torch.bmm(self.basis.repeat(count, 1, 1), transform).reshape(count, 32, 100, 2)
        return functional.grid_sample(images, grid, padding_mode="border", align_corners=True)


class VGG(nn.Module):
    """CRNN's convolutions."""

    def __init__(self) -> None:
        super().__init__()

        def conv(a: int, b: int) -> list[nn.Module]:
            return [nn.Conv2d(a, b, 3, 1, 1), nn.ReLU(True)]

        def normed(a: int, b: int) -> list[nn.Module]:
            return [nn.Conv2d(a, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]

        self.net = nn.Sequential(
            *(*conv(1, 64), nn.MaxPool2d(2, 2), *conv(64, 128), nn.MaxPool2d(2, 2)),
            *(*conv(128, 256), *conv(256, 256), nn.MaxPool2d((2, 1), (2, 1))),
            *(*normed(256, 512), *normed(512, 512), nn.MaxPool2d((2, 1), (2, 1))),
            *(nn.Conv2d(512, 512, 2, 1, 0), nn.ReLU(True)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(a, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if a != b:
            self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, 1, bias=False), nn.BatchNorm2d(b))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """The 29 convolutions."""

    def __init__(self) -> None:
        super().__init__()

        def conv(a: int, b: int, *shape: Any) -> list[nn.Module]:
            return [nn.Conv2d(a, b, *(shape or (3, 1, 1)), bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]

        self.net = nn.Sequential(
            *(*conv(1, 32), *conv(32, 64), nn.MaxPool2d(2, 2), Block(64, 128), *conv(128, 128)),
            *(nn.MaxPool2d(2, 2), Block(128, 256), Block(256, 256), *conv(256, 256)),
            *(nn.MaxPool2d(2, (2, 1), (0, 1)), Block(256, 512), *(Block(512, 512) for _ in range(4))),
            *(*conv(512, 512), *(Block(512, 512) for _ in range(3))),
            *(*conv(512, 512, 2, (2, 1), (0, 1)), *conv(512, 512, 2, 1, 0)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)


class BiLSTM(nn.Module):
    """One layer and its projection."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(inputs, 256, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(512, 256)

    def forward(self, x: Tensor) -> Tensor:
        self.rnn.flatten_parameters()
        return self.linear(self.rnn(x)[0])


class Attention(nn.Module):
    """The decoder: every step projects all frames again, and the previous character is a one-hot vector."""

    def __init__(self) -> None:
        super().__init__()
        self.i2h, self.h2h = nn.Linear(256, 256, bias=False), nn.Linear(256, 256)
        self.score = nn.Linear(256, 1, bias=False)
        self.rnn = nn.LSTMCell(256 + len(CHARACTERS) + 2, 256)
        self.generator = nn.Linear(256, len(CHARACTERS) + 2)

    def forward(self, frames: Tensor, text: Tensor) -> Tensor:
        count = frames.shape[0]
        hidden = torch.zeros(count, 256), torch.zeros(count, 256)
        outputs = torch.zeros(count, STEPS, 256)
        for i in range(STEPS):
            onehot = torch.zeros(count, len(CHARACTERS) + 2).scatter_(1, text[:, i : i + 1], 1)
            query = self.h2h(hidden[0]).unsqueeze(1)
            weights = functional.softmax(self.score(torch.tanh(self.i2h(frames) + query)), dim=1)
            context = torch.bmm(weights.permute(0, 2, 1), frames).squeeze(1)
            hidden = self.rnn(torch.cat([context, onehot], 1), hidden)
            outputs[:, i, :] = hidden[0]
        return self.generator(outputs)


class Reference(nn.Module):
    """The four stages, and the loss."""

    def __init__(self, trans: str, feat: str, seq: str, pred: str) -> None:
        super().__init__()
        assert seq == "bilstm"
        self.trans = TPS() if trans == "tps" else None
        self.feat = ResNet() if feat == "resnet" else VGG()
        self.pool = nn.AdaptiveAvgPool2d((None, 1))
        self.seq = nn.Sequential(BiLSTM(512), BiLSTM(256))
        self.pred = Attention() if pred == "attention" else nn.Linear(256, len(CHARACTERS) + 1)

    def loss(self, images: Tensor, words: list[str]) -> Tensor:
        if self.trans is not None:
            images = self.trans(images)
        frames = self.pool(self.feat(images).permute(0, 3, 1, 2)).squeeze(3)
        frames = self.seq(frames)
        if isinstance(self.pred, Attention):
            text = torch.zeros(len(words), STEPS + 1, dtype=torch.long)
            for row, word in zip(text, words, strict=True):
                row[1 : len(word) + 2] = torch.tensor([*(CHARACTERS.index(c) + 2 for c in word), 1])
            logits = self.pred(frames.contiguous(), text[:, :-1])
            return functional.cross_entropy(
                logits.view(-1, logits.shape[2]), text[:, 1:].reshape(-1), ignore_index=0
            )
        text = torch.tensor([CHARACTERS.index(c) + 1 for word in words for c in word])
        log_probs = self.pred(frames.contiguous()).log_softmax(2).permute(1, 0, 2)
        sizes = torch.full((len(words),), log_probs.shape[0])
        return functional.ctc_loss(
            log_probs, text, sizes, torch.tensor([len(word) for word in words]), zero_infinity=True
        )


# --- measuring ---------------------------------------------------------------------------------------


System = tuple[nn.Module, Callable[[Tensor, list[str]], Tensor]]
"""A network, and its loss from images and words."""


@dataclass
class Times:
    """Seconds of each step, on the clock and of processors."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def ours(codec_name: str, stages: dict[str, str]) -> System:
    """Our network and its loss, as the training loop has them."""
    codec = make_codec({"name": codec_name, "charset": "alphanumeric36"})
    net = make_net({"name": "four_stage"} | stages, codec)
    net.to(memory_format=torch.channels_last)

    def loss(images: Tensor, words: list[str]) -> Tensor:
        targets = {key: torch.from_numpy(value) for key, value in codec.encode(words).items()}
        images = images.contiguous(memory_format=torch.channels_last)
        return torch.stack([value.float() for value in net.losses(images, targets).values()]).sum()

    return net, loss


def reference(stages: dict[str, str]) -> System:
    """The benchmark's network and its loss."""
    net = Reference(**stages)
    return net, net.loss


def crops(batch: int, seed: int) -> tuple[Tensor, list[str]]:
    """Random images and words."""
    draw = random.Random(seed)
    images = torch.randn(batch, 1, 32, 100, generator=torch.Generator().manual_seed(seed))
    return images, ["".join(draw.choices(CHARACTERS, k=draw.randint(3, 12))) for _ in range(batch)]


def check_same(systems: list[System]) -> None:
    """Gives the second network the weights of the first one; the losses then have to be the same."""
    (net, loss), (other, other_loss) = systems
    with torch.no_grad():
        for ours_, its in zip(net.parameters(), other.parameters(), strict=True):
            its.copy_(ours_)
        images, words = crops(4, 0)
        a, b = float(loss(images, words)), float(other_loss(images, words))
    if not abs(a - b) <= 1e-3 * b:
        raise SystemExit(f"the networks are not the same: their losses are {a:g} and {b:g}")


def in_turn(systems: list[System], batch: int, rounds: int) -> list[Times]:
    """Steps of each system, taking turns, after one each to warm up."""
    times = [Times() for _ in systems]
    for step in range(rounds + 1):
        images, words = crops(batch, step)
        for (net, loss), row in zip(systems, times, strict=True):
            net.zero_grad(set_to_none=True)
            wall, processor = time.perf_counter(), time.process_time()
            loss(images, words).backward()
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            if step:
                row.wall.append(wall)
                row.processor.append(processor)
            print(f"{wall:.2f} s, {processor:.2f} s of processors", file=sys.stderr)
    return times


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    print(f"{describe()}; {versions('torch')}.")
    print(
        f"{args.batch} crops of 32x100 a step, {args.threads} threads, forward and backward, fp32; medians "
        f"of {args.rounds} steps in turn.\n"
    )
    print("| | parameters | crops a second | processor seconds a step | the benchmark's | its | ratio |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in args.models:
        title, codec_name, stages = MODELS[name]
        systems = [ours(codec_name, stages), reference(stages)]
        check_same(systems)
        count = sum(p.numel() for p in systems[0][0].parameters())
        cells = []
        processor = []
        for row in in_turn(systems, args.batch, args.rounds):
            processor.append(statistics.median(row.processor))
            cells += [f"{args.batch / statistics.median(row.wall):.1f}", f"{processor[-1]:.2f}"]
        ratio = processor[1] / processor[0]
        print(f"| {title} | {count:,} | {' | '.join(cells)} | {ratio:.2f} |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--models", nargs="+", choices=sorted(MODELS), default=sorted(MODELS), metavar="NAME")
    add("--batch", type=int, default=192, metavar="N", help="default: 192")
    add("--threads", type=int, default=2, metavar="N", help="default: 2")
    add("--rounds", type=int, default=5, metavar="N", help="steps of each that count (default: 5)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
