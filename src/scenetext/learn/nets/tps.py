"""Rectification by thin-plate splines: the spatial transformer of RARE (Shi et al., CVPR 2016)."""

from __future__ import annotations

import contextlib
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import SettingsError
from .base import conv_bn_relu, init_weights

_SHRINK = 0.9  # of the initial pattern where a tanh has to produce it: atanh(1) is infinite


class TPS(nn.Module):
    """Predicts fiducial points on the image and straightens it so that they come to lie on its edges.

    points      number of fiducial points, half of them along the top edge, half along the bottom.
    localizer   "benchmark" (Baek et al. 2019): convolutions of width / 8, / 4, / 2 and `width` maps with
                batch normalisation, a mean over the image, two linear layers. "paper" (RARE): the same maps
                without normalisation, a pooling after each, two linear layers of 2 * width units and a last
                one through tanh; it sees the image at 32x100.
    width       maps of the last convolution; 512 in both sources.

    The network starts from the slanted pattern of RARE's Fig. 6(a); from the identity or from random points
    it is known not to learn. The grid is computed for the size of the image at hand, so nothing that is
    stored depends on it, and exported graphs take any width.

    (N, C, H, W) -> the same shape: bilinear samples, positions outside the image clamped to its border.
    """

    def __init__(
        self,
        channels: int,
        points: int = 20,
        localizer: Literal["benchmark", "paper"] = "benchmark",
        width: int = 512,
    ) -> None:
        super().__init__()
        if points < 4 or points % 2:
            raise SettingsError(f"TPS points is an even number of at least 4, not {points}")
        if localizer not in ("benchmark", "paper"):
            raise SettingsError(f"TPS localizer is 'benchmark' or 'paper', not {localizer!r}")
        self.channels = channels
        x = np.linspace(-1, 1, points // 2)
        base = np.concatenate([np.stack([x, y * np.ones_like(x)], axis=1) for y in (-1, 1)])
        # what of the inverse meets a point; the other columns would meet zeros
        inverse = np.linalg.inv(_delta(base))[:, :points]
        self.register_buffer("base", torch.tensor(base, dtype=torch.float64), persistent=False)
        self.register_buffer("inverse", torch.tensor(inverse, dtype=torch.float64), persistent=False)
        maps = [channels, width // 8, width // 4, width // 2, width]
        self.localizer: nn.Module
        if localizer == "benchmark":
            self.localizer = _benchmark_localizer(maps, 2 * points)
        else:
            self.localizer = _paper_localizer(maps, 2 * points)
        init_weights(self)
        last = [part for part in self.localizer.modules() if isinstance(part, nn.Linear)][-1]
        top, bottom = np.linspace(0, -1, points // 2), np.linspace(1, 0, points // 2)
        pattern = np.concatenate([np.stack([x, y], axis=1) for y in (top, bottom)])
        with torch.no_grad():
            last.weight.zero_()
            start = np.arctanh(pattern * _SHRINK) if localizer == "paper" else pattern
            last.bias.copy_(torch.tensor(start, dtype=torch.float32).flatten())

    def positions(self, fiducials: Tensor, height: int, width: int) -> Tensor:
        """Where each pixel of the rectified image is taken from.

        fiducials   (N, points, 2) float32: x, y in [-1, 1], the top row first, each from left to right
        returns     (N, height, width, 2) float32: x, y; -1 and 1 are the centres of the outermost pixels

        RARE section 3.1: T = Delta^-1 [C; 0], position = T [1, p, r], with kernel d^2 ln d in both. All but C
        are constants of the size. Their product is taken first, since its entries are of the order of 1 while
        those of its factors are large and cancel; and all in double precision, so that positions are the same
        to the last bit wherever the network runs: what follows can magnify a difference a thousandfold.
        """
        base, inverse = cast(Tensor, self.base), cast(Tensor, self.inverse)
        columns = torch.arange(width, dtype=torch.float64, device=fiducials.device)
        rows = torch.arange(height, dtype=torch.float64, device=fiducials.device)
        x = ((2 * columns + 1 - width) / width)[:, None]
        y = ((2 * rows + 1 - height) / height)[:, None, None]
        squared = (y - base[:, 1]).square() + (x - base[:, 0]).square()
        # d^2 ln d, finite where a pixel lies on a base point
        radial = squared * (squared + 1e-12).log() / 2
        weights = inverse[0] + x * inverse[1] + y * inverse[2] + radial @ inverse[3:]
        flat = weights.reshape(height * width, -1) @ fiducials.double()
        return flat.float().reshape(-1, height, width, 2)

    def forward(self, images: Tensor) -> Tensor:
        """Rectifies images (N, C, H, W)."""
        fiducials = self.localizer(images).float().reshape(images.shape[0], -1, 2)
        # half precision would move the samples by whole pixels
        with _full_precision(images):
            grid = self.positions(fiducials, images.shape[2], images.shape[3])
            return functional.grid_sample(images, grid, padding_mode="border", align_corners=True)


def _full_precision(images: Tensor) -> contextlib.AbstractContextManager[None]:
    kind = images.device.type
    if torch.is_autocast_enabled(kind):
        return cast(contextlib.AbstractContextManager[None], torch.autocast(kind, enabled=False))
    return contextlib.nullcontext()  # an exported graph has no autocast to turn off


def _delta(base: np.ndarray) -> np.ndarray:
    """The matrix that the spline's coefficients solve, (K + 3, K + 3) float64, from base points (K, 2)."""
    count = len(base)
    distance = np.linalg.norm(base[:, None] - base[None], axis=2)
    np.fill_diagonal(distance, 1)  # whose kernel value is 0, as it has to be
    ones = np.ones((count, 1))
    radial = distance**2 * np.log(distance)
    return np.concatenate(
        [
            np.concatenate([ones, base, radial], axis=1),
            np.concatenate([np.zeros((2, 3)), base.T], axis=1),
            np.concatenate([np.zeros((1, 3)), ones.T], axis=1),
        ]
    )


class _MeanOverImage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


def _benchmark_localizer(maps: list[int], outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(4):
        layers += [conv_bn_relu(maps[i], maps[i + 1]), nn.MaxPool2d(2, 2) if i < 3 else _MeanOverImage()]
    half = maps[-1] // 2
    return nn.Sequential(*layers, nn.Linear(maps[-1], half), nn.ReLU(), nn.Linear(half, outputs))


class _Fixed(nn.Module):
    """The image at 32x100, whatever its size: linear layers see all of the map."""

    def forward(self, images: Tensor) -> Tensor:
        return functional.interpolate(images, (32, 100), mode="bilinear", align_corners=False)


def _paper_localizer(maps: list[int], outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = [_Fixed()]
    for i in range(4):
        layers += [nn.Conv2d(maps[i], maps[i + 1], 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2, 2)]
    units = 2 * maps[-1]
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(maps[-1] * 2 * 6, units),
        nn.ReLU(),
        nn.Linear(units, units),
        nn.ReLU(),
        nn.Linear(units, outputs),
        nn.Tanh(),
    )
