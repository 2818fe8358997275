"""Modulated deformable convolution (DCNv2; Zhu et al., CVPR 2019), in plain torch."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import init_weights


class DeformableConv(nn.Module):
    """A convolution, "same" padding and no bias, whose taps are shifted and weighed from place to place:

        y(p) = sum_k  w_k  x(p + p_k + dp_k(p))  m_k(p)

    The shifts dp and the weights m in [0, 1] of each place come from a convolution of the same size, which
    starts at zero: at first dp is 0 and m one half. Between pixels x is interpolated, outside the map it
    is 0.

    groups   of channels, each with its own shifts and weights (DB has 1, FCENet 2)
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride, self.groups = kernel, stride, groups
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        taps = groups * kernel * kernel
        self.shifts = nn.Conv2d(inputs, 3 * taps, kernel, stride, kernel // 2)
        init_weights(self)
        self.straighten()

    def straighten(self) -> None:
        """Sets all shifts to 0 and all weights of taps to one half, where training starts."""
        nn.init.zeros_(self.shifts.weight)
        nn.init.zeros_(cast(Tensor, self.shifts.bias))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))."""
        count, channels, height, width = x.shape
        taps = self.kernel * self.kernel
        predicted = self.shifts(x).float()
        rows, columns = predicted.shape[2:]
        # (N groups, taps, 3, rows, columns): the shift along x, along y, and the weight
        predicted = predicted.reshape(count * self.groups, taps, 3, rows, columns)
        reach = torch.arange(self.kernel, device=x.device, dtype=predicted.dtype) - self.kernel // 2
        centre_x = torch.arange(columns, device=x.device, dtype=predicted.dtype) * self.stride
        centre_y = torch.arange(rows, device=x.device, dtype=predicted.dtype) * self.stride
        place_x = centre_x + reach.repeat(self.kernel)[:, None, None] + predicted[:, :, 0]
        place_y = centre_y[:, None] + reach.repeat_interleave(self.kernel)[:, None, None] + predicted[:, :, 1]
        # grid_sample has the map from -1 to 1, edge to edge, and pixel centres at halves
        grid = torch.stack([(2 * place_x + 1) / width - 1, (2 * place_y + 1) / height - 1], dim=-1)
        sampled = functional.grid_sample(
            x.float().reshape(count * self.groups, channels // self.groups, height, width),
            grid.reshape(count * self.groups, taps * rows, columns, 2),
            align_corners=False,
        )
        sampled = sampled.reshape(count * self.groups, channels // self.groups, taps, rows * columns)
        sampled = sampled * torch.sigmoid(predicted[:, :, 2]).reshape(-1, 1, taps, rows * columns)
        columned = sampled.reshape(count, channels * taps, rows * columns)
        return (self.weight.flatten(1) @ columned).reshape(count, -1, rows, columns)
