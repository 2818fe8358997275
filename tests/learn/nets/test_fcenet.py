"""FCENet: shapes, golden counts, losses against literal loops, gradients, losses that fall."""

import math

import numpy as np
import pytest
import torch

from scenetext.codecs.db import DB
from scenetext.codecs.fcenet import FCENet
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.nets import make_net
from scenetext.learn.nets.deformable import DeformableConv
from scenetext.learn.nets.fcenet import centre_cross_entropy, mined_cross_entropy
from scenetext.types import TextInstance

FINE = {"strides": (4, 8, 16), "overlaps": ((24.0, 40.0), (50.0, 90.0)), "relative": False}


def targets(codec, size=64, polygons=None, count=2):
    if polygons is None:
        polygons = [box_polygon(10, 20, size - 10, size - 30), box_polygon(4, 4, 34, 14)]
    maps = codec.encode([TextInstance(p) for p in polygons], (size, size))
    return {key: torch.from_numpy(np.stack([value] * count)) for key, value in maps.items()}


def net_of(codec, **settings):
    return make_net({"name": "fcenet", "backbone": "light", "width": 16} | settings, codec)


@pytest.mark.parametrize("codec", [FCENet(), FCENet(**FINE), FCENet(strides=(8,), overlaps=())])
@pytest.mark.parametrize("backbone", ["light", "resnet18"])
def test_the_maps_have_the_codecs_strides_and_every_parameter_learns(backbone, codec):
    net = net_of(codec, backbone=backbone)
    outputs = net.eval()(torch.randn(2, 3, 64, 96))
    assert list(outputs) == [f"{kind}_{s}" for s in codec.strides for kind in ("classes", "contour")]
    for stride in codec.strides:
        classes = outputs[f"classes_{stride}"].detach()
        assert classes.shape == (2, 2, 64 // stride, 96 // stride)
        assert 0 <= float(classes.min()) <= float(classes.max()) <= 1
        assert outputs[f"contour_{stride}"].shape == (2, 22, 64 // stride, 96 // stride)
    losses = net.train().losses(torch.randn(2, 3, 64, 64), targets(codec))
    assert all(loss.ndim == 0 and float(loss.detach()) > 0 for loss in losses.values())
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_deformable_convolutions_are_those_of_the_backbone():
    net = net_of(FCENet(), backbone="resnet18", deformable=2)
    assert sum(isinstance(part, DeformableConv) for part in net.modules()) == 6
    sum(net.losses(torch.randn(1, 3, 64, 64), targets(FCENet(), count=1)).values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_the_published_network_has_its_parameter_count():
    with torch.device("meta"):
        net = make_net({"name": "fcenet"}, FCENet())
    pyramid = (512 + 1024 + 2048) * 256 + 3 * 256 + 3 * (256 * 256 * 9 + 256)
    heads = 256 * 9 * (4 + 22) + 4 + 22
    backbone = sum(p.numel() for p in net.backbone.parameters())
    assert backbone == 23_508_032  # ResNet-50 without its classifier
    assert sum(p.numel() for p in net.parameters()) == backbone + pyramid + heads


def test_heads_begin_with_small_weights():
    net = net_of(FCENet(), width=256)
    assert float(net.classes.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert float(net.contour.weight.detach().std()) == pytest.approx(0.01, rel=0.05)


def test_the_pyramid_adds_from_the_top_down():
    net = net_of(FCENet(strides=(8, 16), overlaps=((0.3, 0.4),))).eval()
    features = net.backbone(torch.randn(1, 3, 64, 64))[1:]
    neck = net.neck
    top, middle, low = (neck.lateral[i](features[i]) for i in (2, 1, 0))
    middle = middle + top.repeat_interleave(2, 2).repeat_interleave(2, 3)
    low = low + middle.repeat_interleave(2, 2).repeat_interleave(2, 3)
    found = neck(features)
    assert len(found) == 2
    assert torch.allclose(found[0], neck.smooth[0](low), atol=1e-5)
    assert torch.allclose(found[1], neck.smooth[1](middle), atol=1e-5)


def test_probabilities_are_the_softmax_of_pairs():
    net = net_of(FCENet()).eval()
    images = torch.randn(1, 3, 64, 64)
    level = net.neck(net.backbone(images)[1:])[0]
    logits = net.classes(level)
    expected = torch.cat([logits[:, i : i + 2].softmax(1)[:, 1:] for i in (0, 2)], dim=1)
    assert torch.allclose(net(images)["classes_8"], expected, atol=1e-6)


# --- losses against loops ---------------------------------------------------------------------------------


def maps_of(seed, share):
    torch.manual_seed(seed)
    logits = torch.randn(2, 2, 5, 6)
    target, mask = (torch.rand(2, 5, 6) < share).float(), (torch.rand(2, 5, 6) < 0.8).float()
    return logits, target, mask


def entropy(pair, target):
    return math.log(sum(math.exp(v) for v in pair)) - pair[int(target)]


def cells(logits, *maps):
    rows = logits.permute(0, 2, 3, 1).reshape(-1, 2).tolist()
    return list(zip(rows, *(m.flatten().tolist() for m in maps), strict=True))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.7])
def test_mined_cross_entropy_takes_all_positives_and_the_worst_negatives(share):
    logits, target, mask = maps_of(1, share)
    positive = [entropy(pair, t) for pair, t, kept in cells(logits, target, mask) if kept and t == 1]
    negative = sorted((entropy(p, t) for p, t, kept in cells(logits, target, mask) if kept and t == 0))[::-1]
    count = min(len(negative), 3 * len(positive))
    expected = (sum(positive) + sum(negative[:count])) / (len(positive) + count)
    assert float(mined_cross_entropy(logits, target, mask)) == pytest.approx(expected, rel=1e-5)


def test_without_positives_the_hundred_worst_negatives_count():
    logits, _, mask = maps_of(2, 0.0)
    worst = sorted((entropy(pair, 0) for pair, kept in cells(logits, mask) if kept), reverse=True)
    found = mined_cross_entropy(logits, torch.zeros_like(mask), mask, fallback=20)
    assert float(found) == pytest.approx(sum(worst[:20]) / 20, rel=1e-5)
    # of a small map there are fewer; the divisor stays
    found = mined_cross_entropy(logits, torch.zeros_like(mask), mask)
    assert float(found) == pytest.approx(sum(worst) / 100, rel=1e-5)


def test_centre_cross_entropy_is_a_mean_inside_and_half_a_mean_outside():
    logits, target, inside = maps_of(3, 0.3)
    parts = {0: [], 1: []}
    for pair, t, where in cells(logits, target, inside):
        parts[int(where)].append(entropy(pair, t))
    expected = sum(parts[1]) / len(parts[1]) + 0.5 * sum(parts[0]) / len(parts[0])
    assert float(centre_cross_entropy(logits, target, inside)) == pytest.approx(expected, rel=1e-5)
    assert float(centre_cross_entropy(logits, target, torch.zeros_like(inside))) == 0


def points_of(coefficients, count=50, degree=5):
    points = []
    for n in range(count):
        value = 0j
        for k in range(-degree, degree + 1):
            c = complex(coefficients[k + degree], coefficients[k + 3 * degree + 1])
            value += c * np.exp(2j * np.pi * k * n / count)
        points.append((value.real, value.imag))
    return points


def smooth_l1(x):
    return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5


def test_the_losses_are_sums_over_maps_of_those_of_the_definition():
    codec = FCENet(**FINE)
    net = net_of(codec).train(False)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec)
    for key in ("classes_4", "classes_8"):
        wanted[key][:, 2, :3] = 0  # some pixels of the text are don't care
    expected = {"region": 0.0, "centre": 0.0, "contour": 0.0}
    with torch.no_grad():
        found = net.losses(images, wanted)
        for stride, level in zip(codec.strides, net.neck(net.backbone(images)), strict=True):
            logits, outlines = net.classes(level), net.contour(level)
            text, band, trained = wanted[f"classes_{stride}"].unbind(1)
            expected["region"] += float(mined_cross_entropy(logits[:, :2], text, trained))
            expected["centre"] += float(centre_cross_entropy(logits[:, 2:], band, text * trained))
            parts, count = [0.0, 0.0], 0
            for n, i, j in torch.nonzero(text * trained).tolist():
                weight = (1 + float(band[n, i, j])) / 2
                ours = points_of(outlines[n, :, i, j].tolist())
                true = points_of(wanted[f"contour_{stride}"][n, :, i, j].tolist())
                for axis in range(2):
                    parts[axis] += sum(
                        weight * smooth_l1(a[axis] - b[axis]) for a, b in zip(ours, true, strict=True)
                    )
                count += 50
            if count:
                expected["contour"] += parts[0] / count + parts[1] / count
    assert {key: float(value) for key, value in found.items()} == pytest.approx(expected, rel=1e-4)
    assert expected["contour"] > 0
    twice = net_of(codec, weight=2.0)
    twice.load_state_dict(net.state_dict())
    with torch.no_grad():
        assert float(twice.eval().losses(images, wanted)["contour"]) == pytest.approx(
            2 * expected["contour"], rel=1e-4
        )


def test_a_perfect_contour_has_no_loss_and_half_precision_does_not_change_it():
    codec = FCENet(**FINE)
    net = net_of(codec)
    truth = targets(codec)["contour_4"].permute(0, 2, 3, 1).reshape(-1, 22)
    truth = truth[truth.any(dim=1)]
    weights = torch.ones(len(truth))
    assert float(net._outline_loss(truth, truth, weights)) == 0
    plain = net._outline_loss(truth * 1.01, truth, weights)
    with torch.autocast("cpu", torch.bfloat16):
        assert float(net._outline_loss(truth * 1.01, truth, weights)) == float(plain)


def test_the_loss_falls_on_one_image():
    torch.manual_seed(0)
    codec = FCENet(**FINE)
    net = net_of(codec)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec)
    history = []
    for _ in range(25):
        total = sum(net.losses(images, wanted).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(float(total.detach()))
    assert history[-1] < 0.5 * history[0]


@pytest.mark.parametrize("legible", [True, False])
def test_a_batch_without_text_or_with_nothing_to_train_on_has_finite_losses(legible):
    codec = FCENet(**FINE)
    net = net_of(codec)
    instances = [] if legible else [TextInstance(box_polygon(0, 0, 64, 64), legible=False)]
    maps = {key: torch.from_numpy(value[None]) for key, value in codec.encode(instances, (64, 64)).items()}
    losses = net.losses(torch.randn(1, 3, 64, 64), maps)
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert float(losses["contour"].detach()) == float(losses["centre"].detach()) == 0
    sum(losses.values()).backward()
    # several processes wait for the gradient of every parameter
    assert [name for name, p in net.named_parameters() if p.grad is None] == []
    assert all(p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("settings", [{"backbone": "resnet19"}, {"depth": 1}, {"weight": "much"}])
def test_an_unknown_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        make_net({"name": "fcenet"} | settings, FCENet())


def test_a_codec_that_does_not_fit_is_refused():
    with pytest.raises(SettingsError, match="codec 'fcenet'"):
        make_net({"name": "fcenet"}, DB())
    for strides, overlaps in (((2, 4), ((0.3, 0.4),)), ((4, 16), ((0.3, 0.4),)), ((64,), ())):
        with pytest.raises(SettingsError, match="neighbours"):
            net_of(FCENet(strides=strides, overlaps=overlaps))
