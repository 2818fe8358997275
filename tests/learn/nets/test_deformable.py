"""Deformable convolution against a loop over every place, tap and channel."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from scenetext.learn.export import write_onnx
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets.base import Trainable
from scenetext.learn.nets.deformable import DeformableConv
from scenetext.runtime import OrtGraph


def sampled(plane: np.ndarray, y: float, x: float) -> float:
    """Bilinear interpolation between pixel centres, 0 outside."""
    top, left = math.floor(y), math.floor(x)
    total = 0.0
    for i, j in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        if 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]:
            total += plane[i, j] * (1 - abs(y - i)) * (1 - abs(x - j))
    return total


def brute_force(layer: DeformableConv, image: torch.Tensor) -> np.ndarray:
    predicted = layer.shifts(image)[0].detach().numpy()
    planes, weight = image[0].numpy(), layer.weight.detach().numpy()
    size, groups = layer.kernel, layer.groups
    result = np.zeros((len(weight), *predicted.shape[1:]))
    for row, column in np.ndindex(*predicted.shape[1:]):
        for channel, tap in np.ndindex(len(planes), size * size):
            group = channel // (len(planes) // groups)
            dx, dy, logit = predicted[3 * (group * size * size + tap) :][:3, row, column]
            y = row * layer.stride + tap // size - size // 2 + dy
            x = column * layer.stride + tap % size - size // 2 + dx
            value = sampled(planes[channel], y, x) / (1 + math.exp(-logit))
            result[:, row, column] += weight[:, channel, tap // size, tap % size] * value
    return result


@pytest.mark.parametrize(
    ("kernel", "stride", "groups", "shape"),
    [(3, 1, 1, (6, 5)), (3, 2, 1, (7, 6)), (3, 1, 2, (4, 7)), (5, 2, 2, (6, 8)), (1, 1, 1, (3, 3))],
)
def test_it_equals_the_sum_over_shifted_taps(kernel, stride, groups, shape):
    torch.manual_seed(kernel + stride)
    layer = DeformableConv(4, 3, kernel, stride, groups)
    torch.nn.init.normal_(layer.shifts.weight, std=0.5)  # shifts of several pixels, over the border too
    torch.nn.init.normal_(layer.shifts.bias)
    image = torch.randn(1, 4, *shape)
    assert layer(image)[0].detach().numpy() == pytest.approx(brute_force(layer, image), abs=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_it_starts_as_half_of_the_straight_convolution(stride):
    layer = DeformableConv(4, 6, 3, stride)
    images = torch.randn(2, 4, 9, 12)
    straight = functional.conv2d(images, layer.weight, stride=stride, padding=1)
    assert torch.allclose(layer(images), straight / 2, atol=1e-5)


def test_shifts_and_weights_learn():
    layer = DeformableConv(2, 2)
    torch.nn.init.normal_(layer.shifts.weight, std=0.1)
    layer(torch.randn(1, 2, 5, 5)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())


class Alone(Trainable):
    """A network of one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = DeformableConv(4, 5, 3, 2, 2)
        torch.nn.init.normal_(self.layer.shifts.weight, std=0.3)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """images (N, 4, H, W)."""
        return {"features": self.layer(images)}


def test_onnxruntime_gives_what_torch_gives_at_any_size(tmp_path):
    torch.manual_seed(0)
    net = Alone().eval()
    rng = np.random.default_rng(0)
    write_onnx(net, tmp_path / "net.onnx", rng.standard_normal((2, 4, 8, 12), np.float32), free_height=True)
    for shape in ((2, 4, 8, 12), (1, 4, 16, 10)):
        images = {"images": rng.standard_normal(shape, np.float32)}
        expected, found = TorchGraph(net)(images), OrtGraph(tmp_path / "net.onnx", 1)(images)
        assert found["features"] == pytest.approx(expected["features"], abs=1e-4)
