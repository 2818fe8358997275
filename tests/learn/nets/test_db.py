"""DBNet: shapes, golden counts, gradients, losses that fall."""

import numpy as np
import pytest
import torch

from scenetext.codecs.ctc import CTC
from scenetext.codecs.db import DB
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.nets import make_net
from scenetext.learn.nets.losses import hard_negative_bce
from scenetext.types import TextInstance


def targets(codec: DB, size: int, count: int = 2) -> dict[str, torch.Tensor]:
    maps = codec.encode([TextInstance(box_polygon(10, 20, size - 10, size - 30))], (size, size))
    return {key: torch.from_numpy(np.stack([value] * count)) for key, value in maps.items()}


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("backbone", ["light", "resnet18"])
def test_the_map_has_the_codecs_stride_and_every_parameter_learns(backbone, stride):
    codec = DB(stride=stride)
    net = make_net({"name": "db", "backbone": backbone, "width": 16}, codec)
    images = torch.randn(2, 3, 64, 96)
    probability = net.eval()(images)["probability"].detach()
    assert probability.shape == (2, 1, 64 // stride, 96 // stride)
    assert 0 <= float(probability.min()) <= float(probability.max()) <= 1
    losses = net.train().losses(torch.randn(2, 3, 64, 64), targets(codec, 64))
    assert all(loss.ndim == 0 for loss in losses.values())
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_resnet18_with_the_papers_pyramid_has_its_parameter_count():
    net = make_net({"name": "db", "backbone": "resnet18"}, DB())
    backbone = sum(p.numel() for p in net.backbone.parameters())
    assert backbone == 11_176_512  # ResNet-18 without its classifier
    head = 256 * 64 * 9 + 2 * 64 + (64 * 64 * 4 + 64) + 2 * 64 + (64 * 4 + 1)
    pyramid = (64 + 128 + 256 + 512) * 256 + 4 * 256 * 64 * 9
    assert sum(p.numel() for p in net.parameters()) == backbone + pyramid + 2 * head


def test_the_paper_has_cross_entropy_on_the_binary_map_too():
    torch.manual_seed(0)
    codec = DB(stride=4)
    net = make_net(
        {"name": "db", "backbone": "light", "width": 16, "binary": "bce", "weights": [1, 1, 10]}, codec
    )
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)
    net.eval()  # or the statistics of batch normalisation change between the two
    features = net.neck(net.backbone(images))
    steep = 50 * (torch.sigmoid(net.probability(features)) - torch.sigmoid(net.threshold(features)))[:, 0]
    expected = hard_negative_bce(steep, wanted["kernel"], wanted["kernel_mask"])
    assert torch.allclose(net.losses(images, wanted)["binary"], expected)


def test_adaptive_fusion_adds_the_parameters_of_the_paper():
    plain, fused = (
        sum(p.numel() for p in make_net({"name": "db", "fusion": fusion}, DB()).parameters())
        for fusion in ("concat", "adaptive")
    )
    assert fused - plain == (256 * 64 * 9 + 64) + 2 * 64 * 16 + 9 + 1 + 64 * 4


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"balance": "mean", "overlap": 1.0},
        {"binary": "bce", "weights": [1.0, 1.0, 10.0]},
        {"fusion": "adaptive", "deformable": 1},
    ],
    ids=["code", "mean", "paper", "db++"],
)
def test_the_loss_falls_on_one_image(settings):
    torch.manual_seed(0)
    codec = DB(stride=4)
    settings = {"backbone": "light", "width": 16} | settings
    net = make_net({"name": "db"} | settings, codec)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)
    history = []
    for _ in range(25):
        total = sum(net.losses(images, wanted).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(float(total.detach()))
    assert history[-1] < 0.6 * history[0]


@pytest.mark.parametrize("settings", [{}, {"balance": "mean"}, {"binary": "bce"}])
def test_a_batch_without_text_has_finite_losses(settings):
    codec = DB(stride=4)
    net = make_net({"name": "db", "backbone": "light", "width": 16} | settings, codec)
    empty = codec.encode([], (64, 64))
    maps = {key: torch.from_numpy(value[None]) for key, value in empty.items()}
    losses = net.losses(torch.randn(1, 3, 64, 64), maps)
    assert all(torch.isfinite(loss) for loss in losses.values())


@pytest.mark.parametrize(
    "settings",
    [{"backbone": "resnet19"}, {"balance": "soft"}, {"binary": "l1"}, {"fusion": "sum"}, {"depth": 1}],
)
def test_an_unknown_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        make_net({"name": "db"} | settings, DB())


def test_a_codec_that_does_not_fit_is_refused():
    with pytest.raises(SettingsError, match="codec 'db'"):
        make_net({"name": "db"}, CTC())
    with pytest.raises(SettingsError, match="stride 1, 2 or 4"):
        make_net({"name": "db"}, DB(stride=8))
