"""The four-stage recogniser: golden counts and shapes, gradients, errors."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from scenetext.codecs import make_codec
from scenetext.codecs.attention import Attention
from scenetext.codecs.ctc import CTC
from scenetext.codecs.db import DB
from scenetext.errors import SettingsError
from scenetext.learn.export import write_onnx
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets import make_net
from scenetext.runtime import OrtGraph

CODEC = CTC("alphanumeric36")


def net(**settings):
    return make_net({"name": "four_stage"} | settings, CODEC)


def narrow(trans, feat, seq, pred):
    """The settings of a four-stage model with few channels."""
    settings = {"name": "four_stage", "trans": trans, "feat": feat, "seq": seq, "pred": pred}
    settings |= {"trans_args": {"width": 16}} if trans == "tps" else {}
    settings |= {"feat_args": {"width": 16}} if feat != "light" else {}
    settings |= {"seq_args": {"hidden": 8}} if seq == "bilstm" else {}
    return settings | ({"pred_args": {"hidden": 8}} if pred == "attention" else {})


def smooth_noise(width):
    """Three images as smooth as photographs: white noise would show every rounding of the spline's grid."""
    return functional.interpolate(torch.randn(3, 1, 8, width // 4), (32, width), mode="bilinear")


def settle_statistics(model, images):
    """Sets the statistics of batch normalisation to those of a batch, as training does; from 0 and 1 the
    activations of an untrained network grow from layer to layer."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        model.train()(images)


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


@pytest.mark.parametrize(
    ("feat", "trans", "parameters"),
    [("vgg", "none", 8_329_765), ("rcnn", "none", 4_639_909), ("resnet", "tps", 48_736_237)],
    ids=["crnn", "grcnn", "star-net"],
)
def test_without_the_last_projection_the_counts_are_those_the_benchmark_published(feat, trans, parameters):
    assert count(net(feat=feat, trans=trans, seq_args={"projection": False})) == parameters


def test_the_authors_crnn_has_the_parameters_of_its_public_weights():
    crnn = net(feat_args={"form": "authors"}, seq_args={"projection": False})
    assert count(crnn.feat) == 5_551_360
    assert count(crnn) == 8_331_301
    assert crnn.frame_count(100) == 26


@pytest.mark.parametrize("trans", ["none", "tps"])
@pytest.mark.parametrize("feat", ["vgg", "rcnn", "resnet", "light"])
@pytest.mark.parametrize("seq", ["none", "bilstm"])
@pytest.mark.parametrize("pred", ["ctc", "attention"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_combination_runs_and_reaches_every_parameter(trans, feat, seq, pred, channels):
    codec = make_codec({"name": pred, "charset": "alphanumeric36"})
    model = make_net(narrow(trans, feat, seq, pred) | {"channels": channels}, codec)
    targets = {key: torch.from_numpy(value) for key, value in codec.encode(["abc", "42"]).items()}
    losses = model.losses(torch.randn(2, channels, 32, 64), targets)
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    assert [name for name, g in gradients.items() if g is None or not torch.isfinite(g).all()] == []
    outputs = model.eval()(torch.randn(2, channels, 32, 64))
    assert len(codec.decode({name: value.detach().numpy() for name, value in outputs.items()})) == 2


def test_onnxruntime_reads_what_torch_reads(tmp_path):
    # an export takes seconds: the combinations that have a name are in tests/learn/test_export.py, all 24 in
    # benchmarks/parity.py
    torch.manual_seed(2)
    model = make_net(narrow("tps", "vgg", "none", "ctc"), CODEC)
    images = {width: smooth_noise(width).numpy() for width in (48, 100, 160)}
    settle_statistics(model, torch.from_numpy(images[100]))
    write_onnx(model.eval(), tmp_path / "model.onnx", images[100])
    exported = OrtGraph(tmp_path / "model.onnx", 1)
    for some in images.values():
        expected, found = TorchGraph(model)({"images": some}), exported({"images": some})
        assert np.abs(expected["log_probs"] - found["log_probs"]).max() < 1e-4
        assert [text for text, _ in CODEC.decode(found)] == [text for text, _ in CODEC.decode(expected)]


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
    ("settings", "message"),
    [
        ({"feat": "vgh"}, "no Feat stage named 'vgh'; did you mean 'vgg'"),
        ({"seq": "lstm"}, "no Seq stage named 'lstm'"),
        ({"pred": "x"}, "no Pred stage named 'x'"),
        ({"trans": "tsp"}, "no Trans stage named 'tsp'"),
        ({"depth": 3}, "[net]: no such setting 'depth'"),
        ({"feat_args": {"widht": 16}}, "[net] feat_args: no such setting 'widht'; did you mean 'width'"),
        ({"seq_args": {"width": 16}}, "[net] seq_args: no such setting 'width'"),
        ({"trans_args": {"points": 20}}, "[net] trans_args: no such setting 'points'; known: none"),
        ({"seq_args": {"hidden": "wide"}}, "[net] seq_args: hidden is a int, not 'wide'"),
        ({"feat_args": {"form": "book"}}, "[net] feat_args: form is one of 'benchmark', 'authors'"),
        ({"feat_args": [3]}, "[net]: feat_args is a"),
        ({"channels": 1.5}, "[net]: channels is a int, not 1.5"),
    ],
)
def test_an_unknown_stage_or_a_wrong_setting_is_refused_by_name(settings, message):
    with pytest.raises(SettingsError) as refused:
        net(**settings)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"seq_args": {"hidden": 0}}, "seq_args"),
        ({"feat_args": {"width": -8}}, "feat_args"),
        ({"trans": "tps", "trans_args": {"width": -8}}, "trans_args"),
    ],
)
def test_a_size_that_no_layer_can_have_is_refused_in_one_line(settings, where):
    with pytest.raises(SettingsError, match=rf"^\[net\] {where}: [^\n]+$"):
        net(**settings)


@pytest.mark.parametrize(("pred", "codec"), [("ctc", DB()), ("ctc", Attention()), ("attention", CTC())])
def test_another_stages_codec_is_refused(pred, codec):
    with pytest.raises(SettingsError, match=f"codec '{pred}'"):
        make_net({"name": "four_stage", "pred": pred}, codec)
