"""Backbones: every entry of the table keeps the contract."""

import pytest
import torch

from scenetext.errors import SettingsError
from scenetext.learn.nets.fpn import FPN
from scenetext.learn.nets.resnet import BACKBONES, ResNet, make_backbone


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_a_backbone_gives_four_maps_as_it_says(name):
    backbone = make_backbone(name).eval()
    features = backbone(torch.zeros(1, 3, 64, 96))
    assert [f.shape[1] for f in features] == list(backbone.channels)
    assert [f.shape[2:] for f in features] == [(64 // s, 96 // s) for s in backbone.strides]


def test_unknown_names_are_refused():
    with pytest.raises(SettingsError, match="resnet18"):
        make_backbone("resnet181")
    with pytest.raises(SettingsError, match="stem"):
        ResNet((8, 8, 8, 8), (1, 1, 1, 1), "deep")


def test_the_pyramid_joins_the_levels_at_stride_four():
    maps = [torch.randn(1, c, 64 // s, 64 // s) for c, s in zip((8, 16, 24, 32), (4, 8, 16, 32), strict=True)]
    assert FPN((8, 16, 24, 32), 64)(maps).shape == (1, 64, 16, 16)
