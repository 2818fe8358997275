"""The trunk is VGG-16 without two of its poolings."""

import pytest
import torch
from torch import nn

from scenetext.learn.nets.li2017.trunk import Trunk


def test_the_trunk_has_the_convolutions_of_vgg16_and_its_first_second_and_fourth_pooling():
    trunk = Trunk()
    layers = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d | nn.MaxPool2d)]
    shown = ["pool" if isinstance(layer, nn.MaxPool2d) else layer.out_channels for layer in layers]
    assert shown == [64, 64, "pool", 128, 128, "pool", *[256] * 3, *[512] * 3, "pool", *[512] * 3]
    assert sum(p.numel() for p in trunk.parameters()) == 14714688  # the convolutions of VGG-16
    assert [name for name, _ in trunk.named_children()] == [f"conv{i}" for i in range(1, 6)]


@pytest.mark.parametrize("norm", [False, True])
def test_a_narrow_trunk_has_an_eighth_of_the_resolution(norm):
    trunk = Trunk(0.25, norm).eval()
    assert trunk(torch.zeros(2, 3, 64, 96)).shape == (2, 128, 8, 12)
    assert trunk.channels == 128
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in trunk.modules()) == norm
