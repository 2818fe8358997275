"""TextBPN: shapes, gradients, and losses against literal loops."""

import math

import numpy as np
import pytest
import torch

from scenetext.codecs.db import DB
from scenetext.codecs.textbpn import TextBPN
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.nets import make_net
from scenetext.learn.nets.textbpn import Pyramid, direction_loss, field_loss, matching_loss
from scenetext.types import TextInstance

NARROW = {"name": "textbpn", "backbone": "light", "width": 8, "gcn": (16, 16, 16, 8)}


def targets(codec, size, count=2, words=True):
    instances = [TextInstance(box_polygon(6, 8, size - 10, size // 2 - 4))] if words else []
    if words:
        instances.append(TextInstance(box_polygon(10, size // 2 + 4, size - 4, size - 8)))
    maps = codec.encode(instances, (size, size))
    return {key: torch.from_numpy(np.stack([value] * count)) for key, value in maps.items()}


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("backbone", ["light", "resnet18"])
def test_the_maps_have_the_codecs_stride_and_every_parameter_learns(backbone, stride):
    codec = TextBPN(stride=stride)
    net = make_net(NARROW | {"backbone": backbone}, codec)
    with torch.no_grad():
        outputs = net.eval()(torch.randn(2, 3, 64, 96))
    assert outputs["prior"].shape == (2, 4, 64 // stride, 96 // stride)
    assert outputs["features"].shape == (2, 8, 64 // stride, 96 // stride)
    assert 0 <= float(outputs["prior"][:, :2].min()) <= float(outputs["prior"][:, :2].max()) <= 1
    losses = net.train().losses(torch.randn(2, 3, 64, 64), targets(codec, 64))
    assert all(loss.ndim == 0 for loss in losses.values())
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in net.named_parameters()}
    assert [name for name, g in gradients.items() if g is None or not g.any()] == []


def test_the_second_graph_is_a_part_of_the_network():
    net = make_net(NARROW, TextBPN())
    keys = {name for name, _ in net.named_parameters()}
    assert {f"deformation.{name}" for name, _ in net.later()["refine"].named_parameters()} < keys


def test_the_pyramid_of_resnet50_ends_in_the_papers_full_resolution_map():
    pyramid = Pyramid((64, 256, 512, 1024, 2048), 32, 1)
    levels = [
        torch.zeros(1, c, 64 // s, 64 // s)
        for c, s in zip((64, 256, 512, 1024, 2048), (2, 4, 8, 16, 32), strict=True)
    ]
    assert pyramid(levels).shape == (1, 32, 64, 64)
    enlarged = [tuple(m.weight.shape) for m in pyramid.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert enlarged == [(2048, 256, 4, 4), (128, 128, 4, 4), (64, 64, 4, 4), (32, 32, 4, 4), (32, 32, 4, 4)]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_losses_fall_on_one_image(precision):
    torch.manual_seed(0)
    codec = TextBPN(stride=4, max_instances=4)
    net = make_net(NARROW | {"weights": (1.0, 3.0, 1.0, 1.0)}, codec)
    net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), 5e-3)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)
    images = images.to(memory_format=torch.channels_last)
    history = []
    for _ in range(25):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            losses = net.losses(images, wanted)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    early, late = (
        {k: np.mean([h[k] for h in part]) for k in part[0]} for part in (history[:3], history[-3:])
    )
    assert all(late[name] < 0.85 * early[name] for name in early), (early, late)


def test_a_batch_without_text_has_finite_losses_and_reaches_every_parameter():
    codec = TextBPN(stride=4, max_instances=4)
    net = make_net(NARROW, codec)
    losses = net.losses(torch.randn(2, 3, 64, 64), targets(codec, 64, words=False))
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert float(losses["points"].detach()) == 0
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_proposals_are_jittered_by_torchs_generator_alone():
    codec = TextBPN(stride=4, max_instances=4)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)

    def loss(seed, **changes):
        torch.manual_seed(0)
        net = make_net(NARROW | changes, codec).eval()
        torch.manual_seed(seed)
        return float(net.losses(images, wanted)["points"].detach())

    assert loss(1) == loss(1) != loss(2)
    assert loss(1, jitter=0.0) == loss(2, jitter=0.0)


def test_the_jitter_stays_within_its_share_of_the_proposals_level(monkeypatch):
    codec = TextBPN(stride=4, max_instances=4, core=0.4)
    net = make_net(NARROW | {"jitter": 0.8}, codec)
    wanted, seen = targets(codec, 64), []
    inner = net.deformation.train_forward
    monkeypatch.setattr(
        net.deformation,
        "train_forward",
        lambda f, p, proposals, m: seen.append(proposals) or inner(f, p, proposals, m),
    )
    net.losses(torch.randn(2, 3, 64, 64), wanted)
    moved = (seen[0] - wanted["proposals"]).abs() / wanted["depths"].clamp_min(1e-6)[:, :, None, None]
    assert 0.12 < float(moved.max()) <= 0.5 * 0.8 * 0.4 + 1e-5


def smooth_l1(x):
    return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5


def test_points_are_matched_by_the_best_of_all_cyclic_shifts():
    torch.manual_seed(0)
    rings, truth = 3 * torch.randn(4, 6, 2), 3 * torch.randn(4, 6, 2)
    expected = []
    for ring, contour in zip(rings.tolist(), truth.tolist(), strict=True):
        sums = []
        for shift in range(6):
            points = [contour[(i + shift) % 6] for i in range(6)]
            pairs = zip(ring, points, strict=True)
            sums.append(sum(smooth_l1(a - b) for p, q in pairs for a, b in zip(p, q, strict=True)) / 6)
        expected.append(min(sums))
    assert float(matching_loss(rings, truth)) == pytest.approx(sum(expected) / 4, rel=1e-5)
    assert float(matching_loss(rings.roll(2, dims=1), rings)) == 0


def test_the_field_loss_takes_positives_and_the_worst_others_of_each_image():
    torch.manual_seed(0)
    prediction, target = torch.rand(2, 20, 20), torch.zeros(2, 20, 20)
    target[0, :3, :4] = 0.5
    mask = (torch.rand(2, 20, 20) > 0.2).float()
    expected = 0.0
    for p, t, m in zip(
        prediction.flatten(1).tolist(), target.flatten(1).tolist(), mask.flatten(1).tolist(), strict=True
    ):
        cells = [((a - b) ** 2, b) for a, b, kept in zip(p, t, m, strict=True) if kept]
        inside = [e for e, b in cells if b > 0]
        outside = sorted((e for e, b in cells if b == 0), reverse=True)
        outside = outside[: 3 * len(inside) if inside else 100]
        expected += sum(inside) / max(len(inside), 1) + sum(outside) / len(outside)
    assert float(field_loss(prediction, target, mask)) == pytest.approx(expected / 2, rel=1e-5)


def test_the_direction_loss_adds_distances_along_rows_and_averages_angles_over_text():
    torch.manual_seed(0)
    prediction, target = torch.randn(2, 2, 3, 4), torch.zeros(2, 2, 3, 4)
    target[:, 0, 1, :3] = 0.6
    target[:, 1, 1, :3] = 0.8
    target[:, :, 1, 3] = 0.1  # a ridge: too short to be a direction
    weight, mask = torch.rand(2, 3, 4), torch.ones(2, 3, 4)
    mask[1, 1, 0] = 0
    rows, angles = [], []
    for n in range(2):
        for i in range(3):
            row = 0.0
            for j in range(4):
                p, t = prediction[n, :, i, j].tolist(), target[n, :, i, j].tolist()
                row += float(weight[n, i, j] * mask[n, i, j]) * ((p[0] - t[0]) ** 2 + (p[1] - t[1]) ** 2)
                if math.hypot(*t) > 0.5 and mask[n, i, j]:
                    angles.append(1 - (p[0] * t[0] + p[1] * t[1]) / (math.hypot(*p) * math.hypot(*t)))
            rows.append(row)
    assert len(angles) == 5
    expected = sum(rows) / 6 + sum(angles) / 5
    assert float(direction_loss(prediction, target, weight, mask)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("settings", [{"backbone": "resnet19"}, {"depth": 1}, {"iterations": 0}, {"gcn": ()}])
def test_an_unknown_or_impossible_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        make_net(NARROW | settings, TextBPN())


def test_a_codec_that_does_not_fit_is_refused():
    with pytest.raises(SettingsError, match="codec 'textbpn'"):
        make_net(NARROW, DB())
    with pytest.raises(SettingsError, match="stride 1, 2 or 4"):
        make_net(NARROW, TextBPN(stride=3))
