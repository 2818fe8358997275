"""Backbones: every entry of the table keeps the contract."""

import pytest
import torch

from scenetext.errors import SettingsError
from scenetext.learn.nets.backbones import BACKBONES, make_backbone


@pytest.mark.parametrize(
    ("name", "deformable"),
    [(name, 0) for name in BACKBONES] + [(name, 2) for name in BACKBONES if not name.startswith("clip")],
)
def test_a_backbone_gives_four_maps_as_it_says(name, deformable):
    backbone = make_backbone(name, deformable).eval()
    features = backbone(torch.zeros(1, 3, 64, 96))
    assert [f.shape[1] for f in features] == list(backbone.channels)
    assert [f.shape[2:] for f in features] == [(64 // s, 96 // s) for s in backbone.strides]


def test_unknown_names_are_refused():
    with pytest.raises(SettingsError, match="resnet18"):
        make_backbone("resnet181")
    with pytest.raises(SettingsError, match="groups of deformable"):
        make_backbone("resnet18", 3)
    with pytest.raises(SettingsError, match="no deformable"):
        make_backbone("clip-light", 1)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("resnet18", 11_176_512),  # without their classifiers
        ("resnet50", 23_508_032),
        # three convolutions and their normalisations for one, and a first block that takes 128 channels
        (
            "resnet50-deep",
            23_508_032
            - (3 * 64 * 49 + 2 * 64)
            + (3 * 64 * 9 + 64 * 64 * 9 + 64 * 128 * 9 + 2 * (64 + 64 + 128))
            + 64 * (64 + 256),
        ),
        # CLIP's two are known to have 38,316,896 and 56,259,936 parameters with their attention pools
        ("clip-resnet50", 38_316_896 - ((49 + 1) * 2048 + 3 * (2048 + 1) * 2048 + (2048 + 1) * 1024)),
        ("clip-resnet101", 56_259_936 - ((49 + 1) * 2048 + 3 * (2048 + 1) * 2048 + (2048 + 1) * 512)),
    ],
)
def test_a_backbone_has_the_parameters_of_the_paper(name, count):
    assert sum(p.numel() for p in make_backbone(name).parameters()) == count
