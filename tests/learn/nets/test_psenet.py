"""PSENet: shapes, golden counts, losses against literal loops, gradients, losses that fall."""

import numpy as np
import pytest
import torch

from scenetext.codecs.ctc import CTC
from scenetext.codecs.psenet import PSENet
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.nets import make_net
from scenetext.learn.nets.psenet import hard_negatives, squared_dice_loss
from scenetext.types import TextInstance

LIGHT = {"name": "psenet", "backbone": "light", "width": 16}


def targets(codec: PSENet, size: int, count: int = 2, text: bool = True) -> dict[str, torch.Tensor]:
    instances = [TextInstance(box_polygon(10, 20, size - 10, size - 20))] if text else []
    maps = codec.encode(instances, (size, size))
    return {key: torch.from_numpy(np.stack([value] * count)) for key, value in maps.items()}


def maps(seed: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random probabilities and truth (2, 3, 5, 6), and a mask (2, 5, 6)."""
    generator = torch.Generator().manual_seed(seed)
    p, g, m = (torch.rand(*shape, generator=generator) for shape in ((2, 3, 5, 6), (2, 3, 5, 6), (2, 5, 6)))
    return p, (g > 0.75).float(), m > 0.2


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize(("backbone", "kernels"), [("light", 3), ("resnet18", 7)])
def test_the_maps_have_the_codecs_stride_and_every_parameter_learns(backbone, kernels, stride):
    codec = PSENet(stride=stride, kernels=kernels)
    net = make_net(LIGHT | {"backbone": backbone}, codec)
    found = net.eval()(torch.randn(2, 3, 64, 96))["kernels"].detach()
    assert found.shape == (2, kernels, 64 // stride, 96 // stride)
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    losses = net.train().losses(torch.randn(2, 3, 64, 64), targets(codec, 64))
    assert all(loss.ndim == 0 for loss in losses.values())
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_resnet18_with_the_papers_pyramid_has_its_parameter_count():
    net = make_net({"name": "psenet", "backbone": "resnet18"}, PSENet())
    backbone = sum(p.numel() for p in net.backbone.parameters())
    lateral = (64 + 128 + 256 + 512) * 256 + 4 * 2 * 256
    smooth = 3 * (9 * 256 * 256 + 2 * 256)
    head = 9 * 1024 * 256 + 2 * 256 + (256 * 7 + 7)
    assert sum(p.numel() for p in net.parameters()) == backbone + lateral + smooth + head


def test_on_resnet50_with_a_deep_stem_it_has_the_28_7_million_parameters_that_are_reported():
    net = make_net({"name": "psenet", "backbone": "resnet50-deep"}, PSENet())
    assert sum(p.numel() for p in net.parameters()) == 28_749_511


def test_dice_follows_its_formula_map_by_map():
    p, g, m = maps()
    expected = []
    for image in range(2):
        for i in range(3):
            product = squares_p = squares_g = 0.0
            for pp, gg, mm in zip(
                p[image, i].flatten().tolist(),
                g[image, i].flatten().tolist(),
                m[image].flatten(),
                strict=True,
            ):
                if mm:
                    product += pp * gg
                    squares_p += pp * pp
                    squares_g += gg * gg
            expected.append(1 - 2 * product / (squares_p + 0.001 + squares_g + 0.001))
    assert float(squared_dice_loss(p, g, m)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_dice_is_smallest_where_the_maps_are_equal_soft_ones_too():
    _, g, m = maps()
    soft = 0.8 * g + 0.1
    assert float(squared_dice_loss(soft, soft, m)) == pytest.approx(0, abs=1e-3)
    assert float(squared_dice_loss(g, soft, m)) > 0.01
    assert float(squared_dice_loss(1 - g, g, m)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_of_each_image_all_positives_and_three_times_as_many_worst_negatives_count(seed):
    p, g, m = maps(seed)
    score, truth = p[:, 0], g[:, 0]
    truth[0], truth[:, 0, 0], m[:, 0, 0] = 0, 1, True  # one positive, so that not all negatives count
    chosen = hard_negatives(score, truth, m)
    for image in range(2):
        cells = [(y, x) for y in range(5) for x in range(6) if m[image, y, x]]
        positive = {c for c in cells if truth[image][c] > 0.5}
        negative = sorted((c for c in cells if c not in positive), key=lambda c: -float(score[image][c]))
        expected = positive | set(negative[: 3 * len(positive)])
        assert {tuple(c) for c in chosen[image].nonzero().tolist()} == expected
    assert 0 < int(chosen[0].sum()) < int(m[0].sum())


def test_where_an_image_has_no_positives_or_no_negatives_everything_counts():
    p, g, m = maps()
    assert torch.equal(hard_negatives(p[:, 0], torch.zeros_like(g[:, 0]), m), m)
    assert torch.equal(hard_negatives(p[:, 0], torch.ones_like(g[:, 0]), m), m)


def test_dont_care_regions_change_no_loss():
    codec = PSENet(stride=4)
    net = make_net(LIGHT, codec).eval()
    images, wanted = torch.randn(1, 3, 64, 64), targets(codec, 64, 1)
    wanted["mask"][:, :, 8:] = False
    before = net.losses(images, wanted)
    wanted["kernels"][:, :, :, 8:] = 255 - wanted["kernels"][:, :, :, 8:]
    after = net.losses(images, wanted)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("kernel_mask", ["truth", "predicted"])
def test_the_loss_weighs_text_and_kernels_under_their_masks(kernel_mask):
    codec = PSENet(stride=4)
    net = make_net(LIGHT | {"kernel_mask": kernel_mask}, codec).eval()
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)
    p, g = net(images)["kernels"].detach(), wanted["kernels"].float() / 255
    hard = hard_negatives(p[:, 0], g[:, 0], wanted["mask"])
    inside = (g if kernel_mask == "truth" else p)[:, 0] > 0.5
    losses = {key: loss.detach() for key, loss in net.losses(images, wanted).items()}
    text = squared_dice_loss(p[:, :1], g[:, :1], hard)
    kernels = squared_dice_loss(p[:, 1:], g[:, 1:], inside & wanted["mask"])
    assert float(losses["text"]) == pytest.approx(0.7 * float(text), rel=1e-5)
    assert float(losses["kernels"]) == pytest.approx(0.3 * float(kernels), rel=1e-5)
    assert set(losses) == {"text", "kernels"}


@pytest.mark.parametrize("kernel_mask", ["truth", "predicted"])
def test_the_loss_falls_on_one_image(kernel_mask):
    torch.manual_seed(0)
    codec = PSENet(stride=4)
    net = make_net(LIGHT | {"kernel_mask": kernel_mask}, codec)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    images, wanted = torch.randn(2, 3, 64, 64), targets(codec, 64)
    history = []
    for _ in range(25):
        total = sum(net.losses(images, wanted).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(float(total.detach()))
    assert history[-1] < 0.5 * history[0]


@pytest.mark.parametrize("kernel_mask", ["truth", "predicted"])
def test_a_batch_without_text_has_finite_losses(kernel_mask):
    codec = PSENet(stride=4)
    net = make_net(LIGHT | {"kernel_mask": kernel_mask}, codec)
    losses = net.losses(torch.randn(2, 3, 64, 64), targets(codec, 64, text=False))
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in net.parameters())


@pytest.mark.parametrize(
    "settings", [{"backbone": "resnet19"}, {"kernel_mask": "all"}, {"text_share": 1.5}, {"depth": 1}]
)
def test_an_unknown_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        make_net(LIGHT | settings, PSENet())


def test_a_codec_that_does_not_fit_is_refused():
    with pytest.raises(SettingsError, match="codec 'psenet'"):
        make_net(LIGHT, CTC())
    with pytest.raises(SettingsError, match="stride 1, 2 or 4"):
        make_net(LIGHT, PSENet(stride=8))
