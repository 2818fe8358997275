"""Adaptive boundary deformation (TextBPN, section 3.3): rings of points that move to the edge of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class GraphConv(nn.Module):
    """A graph convolution: ReLU([X, G X] W + b), where G mixes each point with its neighbours."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * inputs, outputs)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(K, points, inputs) and (points, points) -> (K, points, outputs)."""
        return torch.relu(self.linear(torch.cat([x, adjacency @ x], dim=2)))


def ring_adjacency(points: int, reach: int = 2) -> Tensor:
    """D^-1/2 (A + I) D^-1/2, (points, points) float32, of a ring with `reach` neighbours to each side."""
    step = (torch.arange(points) - torch.arange(points)[:, None]).abs()
    linked = (torch.minimum(step, points - step) <= reach).float()
    degree = linked.sum(dim=1).rsqrt()
    return degree[:, None] * linked * degree


class Step(nn.Module):
    """One iteration: how far each point of each ring moves, told by the features under the points.

    A recurrent network along the ring, a graph convolutional network on it, and a 1x1 convolution see the
    same normalised features; a perceptron per point makes two numbers of what the three say.

    channels   of the features of a point
    points     of a ring
    gcn        channels of the graph convolutions; the last ones are also those of the 1x1 convolution and
               of each direction of the recurrent network
    """

    def __init__(self, channels: int, points: int, gcn: Sequence[int]) -> None:
        super().__init__()
        width = gcn[-1]
        self.norm = nn.BatchNorm1d(channels, affine=False)
        self.rnn = nn.LSTM(channels, width, batch_first=True, bidirectional=True)
        layers = [GraphConv(a, b) for a, b in zip((channels, *gcn[:-1]), gcn, strict=True)]
        self.gcn = nn.ModuleList(layers)
        self.point = nn.Conv1d(channels, width, 1)
        self.offset = nn.Sequential(
            nn.Conv1d(4 * width, width, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Conv1d(width, width // 2, 1),
            nn.ReLU(inplace=True),
            nn.Conv1d(width // 2, 2, 1),
        )
        for name, parameter in (*self.point.named_parameters(), *self.offset.named_parameters()):
            if name.endswith("weight"):
                nn.init.normal_(parameter, std=0.01)
            else:
                nn.init.zeros_(parameter)
        self.register_buffer("adjacency", ring_adjacency(points), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(K, points, channels) -> (K, points, 2)."""
        x = self.norm(features.transpose(1, 2))
        ring = x.transpose(1, 2)
        along = self.rnn(ring)[0]
        graph = ring
        for layer in self.gcn:
            graph = layer(graph, self.adjacency)
        told = torch.cat([along.transpose(1, 2), graph.transpose(1, 2), self.point(x)], dim=1)
        return cast(Tensor, self.offset(told)).transpose(1, 2)


class Deformation(nn.Module):
    """A few steps with weights of their own, each from where the one before it ended.

    channels    of the features and of the prior together
    iterations  3 in the paper
    limit       largest move of a step in x and in y, and `margin` the least distance from the border at which
                points are kept, both in pixels of the maps
    """

    def __init__(
        self, channels: int, points: int, gcn: Sequence[int], iterations: int, limit: float, margin: float
    ) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Step(channels, points, gcn) for _ in range(iterations))
        self.limit = limit
        self.margin = margin

    def forward(self, features: Tensor, prior: Tensor, proposals: Tensor) -> dict[str, Tensor]:
        """The boundaries of one view: (1, C, h, w), (1, 4, h, w), (K, points, 2) -> (K, points, 2).

        Points are in pixels of the maps, whose pixel (i, j) covers [j, j + 1] x [i, i + 1].
        """
        # and one that is dropped again: onnxruntime ends the process at a recurrent layer on a batch of none
        rings = torch.cat([proposals, proposals.new_zeros(1, *proposals.shape[1:])])
        for step in self.steps:
            offsets = step(sample((features, prior), rings[None])[0])
            rings = self._moved(rings, offsets, features)
        return {"boundaries": rings[:-1]}

    def train_forward(
        self, features: Tensor, prior: Tensor, proposals: Tensor, present: Tensor
    ) -> list[Tensor]:
        """The rings after each step, (V, points, 2), of the proposals (N, M, points, 2) that are present.

        present   (N, M) bool, V of them True.
        """
        rings, grid, after = proposals[present], proposals, []
        for step in self.steps:
            offsets = step(sample((features, prior), grid)[present])
            rings = self._moved(rings, offsets, features)
            grid = grid.masked_scatter(present[:, :, None, None], rings)
            after.append(rings)
        return after

    def _moved(self, rings: Tensor, offsets: Tensor, maps: Tensor) -> Tensor:
        moved = rings + offsets.clamp(-self.limit, self.limit)
        height, width = maps.shape[2:]
        x = moved[..., 0].clamp(self.margin, width - self.margin)
        y = moved[..., 1].clamp(self.margin, height - self.margin)
        return torch.stack([x, y], dim=-1)


def sample(maps: Sequence[Tensor], points: Tensor) -> Tensor:
    """What maps (N, C_i, h, w) hold at points (N, M, P, 2), bilinear: (N, M, P, sum of C_i)."""
    height, width = maps[0].shape[2:]
    size = torch.stack([points.new_full((), width), points.new_full((), height)])
    grid = points * (2 / size) - 1
    found = [functional.grid_sample(each, grid, align_corners=False) for each in maps]
    return torch.cat(found, dim=1).permute(0, 2, 3, 1)
