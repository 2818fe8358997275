"""The four-stage recogniser: golden counts and shapes, gradients, errors."""

import pytest
import torch

from scenetext.codecs.ctc import CTC
from scenetext.codecs.db import DB
from scenetext.errors import SettingsError
from scenetext.learn.nets import make_net

CODEC = CTC("alphanumeric36")


def net(**settings):
    return make_net({"name": "four_stage"} | settings, CODEC)


def count(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_crnn_has_the_benchmarks_parameter_counts():
    crnn = net(feat="vgg", seq="bilstm")
    assert count(crnn.feat) == 5_549_824
    assert count(crnn) == 8_451_621


@pytest.mark.parametrize(("width", "frames"), [(64, 15), (100, 24), (128, 31), (200, 49), (256, 63)])
def test_the_vgg_stage_makes_the_benchmarks_number_of_frames(width, frames):
    crnn = net(feat="vgg", seq="none").eval()
    assert crnn(torch.zeros(1, 1, 32, width))["log_probs"].shape == (1, frames, 37)
    assert crnn.frame_count(width) == frames


@pytest.mark.parametrize("feat", ["vgg", "light"])
@pytest.mark.parametrize("seq", ["none", "bilstm"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_combination_runs_and_reaches_every_parameter(feat, seq, channels):
    model = net(feat=feat, seq=seq, channels=channels)
    targets = {key: torch.from_numpy(value) for key, value in CODEC.encode(["abc", "42"]).items()}
    losses = model.losses(torch.randn(2, channels, 32, 64), targets)
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    assert [name for name, g in gradients.items() if g is None or not torch.isfinite(g).all()] == []


@pytest.mark.parametrize("width", [32, 48, 96, 320])
def test_the_light_stage_makes_a_frame_every_four_pixels(width):
    model = net(feat="light", seq="none").eval()
    assert model(torch.zeros(1, 1, 32, width))["log_probs"].shape[1] == width // 4 == model.frame_count(width)


def test_outputs_are_log_probabilities():
    log_probs = net(feat="light").eval()(torch.randn(2, 1, 32, 64))["log_probs"]
    assert torch.allclose(log_probs.exp().sum(dim=2), torch.ones(2, 16), atol=1e-5)


def test_the_loss_is_the_ctc_loss_per_character():
    codec = CTC("a")
    model = make_net({"name": "four_stage", "feat": "light", "seq": "none"}, codec)
    with torch.no_grad():
        model.pred.linear.weight.zero_()
        model.pred.linear.bias.zero_()  # blank and "a" at one half each, in every frame
    targets = {key: torch.from_numpy(value) for key, value in codec.encode(["a"]).items()}
    loss = model.losses(torch.zeros(1, 1, 32, 12), targets)["ctc"]
    assert float(loss.detach().exp().reciprocal()) == pytest.approx(0.75, abs=1e-5)  # 6 of 8 paths


def test_a_batch_gives_what_single_images_give():
    model = net(feat="light").eval()
    images = torch.randn(3, 1, 32, 64)
    together = model(images)["log_probs"]
    for i in range(3):
        assert torch.allclose(together[i], model(images[i : i + 1])["log_probs"][0], atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{"feat": "vgh"}, {"seq": "lstm"}, {"pred": "x"}, {"trans": "tsp"}, {"depth": 3}]
)
def test_an_unknown_stage_or_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        net(**settings)


def test_a_detectors_codec_is_refused():
    with pytest.raises(SettingsError, match="codec 'ctc'"):
        make_net({"name": "four_stage"}, DB())
