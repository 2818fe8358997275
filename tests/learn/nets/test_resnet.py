"""Residual networks: where their deformable convolutions stand."""

import pytest
import torch

from scenetext.learn.nets.backbones import BACKBONES
from scenetext.learn.nets.deformable import DeformableConv
from scenetext.learn.nets.resnet import ResNet, upsample_like


@pytest.mark.parametrize(("name", "blocks"), [("resnet18", 6), ("resnet50", 13), ("light", 6)])
def test_all_blocks_but_those_of_the_first_stage_are_deformable(name, blocks):
    backbone = ResNet(BACKBONES[name], deformable=1)
    counts = [sum(isinstance(p, DeformableConv) for p in stage.modules()) for stage in backbone.stages]
    assert counts[0] == 0
    assert sum(counts) == blocks
    shifts = [p.shifts for p in backbone.modules() if isinstance(p, DeformableConv)]
    assert not any(layer.weight.any() or layer.bias.any() for layer in shifts), "they start straight"


def test_groups_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(ValueError, match="unlike 3"):
        ResNet(BACKBONES["resnet18"], 3)


def test_maps_are_enlarged_by_repeating_places():
    small = torch.arange(4.0).reshape(1, 1, 2, 2)
    assert upsample_like(small, torch.zeros(1, 1, 4, 4))[0, 0].tolist() == [
        [0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3],
    ]  # fmt: skip
