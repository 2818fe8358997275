"""The whole network: its losses, its three graphs, and what hard masks do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scenetext.codecs.db import DB
from scenetext.codecs.mask_textspotter import MaskTextSpotter, boxes_of
from scenetext.codecs.spelling import CLASSES
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon, mask_of
from scenetext.learn.export import later_inputs, write_later, write_onnx
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets import make_net
from scenetext.learn.nets.mask_textspotter.network import character_loss, character_maps
from scenetext.learn.parity import check_parity
from scenetext.recipe import load_recipe
from scenetext.runtime import OrtGraph, run
from scenetext.types import TextInstance

SMALL = {
    "name": "mask_textspotter", "backbone": "light", "width": 16, "dense": 16, "hidden": 16, "regions": 12,
    "read": 4,
}  # fmt: skip
CODEC = MaskTextSpotter(stride=2, proposals=10, length=4, max_instances=4)


def make(codec=CODEC, **changes):
    torch.manual_seed(0)
    return make_net(SMALL | changes, codec)


def quads(left, top, width, height, count):
    step = width / count
    lefts = [left + i * step for i in range(count)]
    return np.stack([box_polygon(x, top, x + step, top + height) for x in lefts])


def targets(*texts, size=96, codec=CODEC, legible=True, placed=True):
    instances = [
        TextInstance(
            box_polygon(6, 8 + 30 * i, 70, 30 + 30 * i),
            text,
            legible=legible,
            characters=quads(6, 8 + 30 * i, 64, 22, len(text)) if placed else None,
        )
        for i, text in enumerate(texts)
    ]
    encoded = [codec.encode(instances, (size, size)), codec.encode([], (size, size))]
    return {key: torch.from_numpy(np.stack([each[key] for each in encoded])) for key in encoded[0]}


def test_the_papers_network_has_its_parameters_by_part():
    recipe = load_recipe("mask_textspotter")
    with torch.device("meta"):
        net = make_net(recipe.net, MaskTextSpotter())
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}

    def conv(inputs, outputs, kernel):
        return (inputs * kernel * kernel + 1) * outputs

    channels = (256, 512, 1024, 2048)
    assert counts == {
        "backbone": 23_508_032,
        "neck": sum(conv(c, 256, 1) for c in channels) + 4 * (conv(256, 256, 3) + conv(256, 64, 3)),
        "spn": 256 * 9 * 64 + 2 * 64 + conv(64, 64, 2) + 2 * 64 + conv(64, 1, 2),
        "box_head": (49 * 256 + 1) * 1024 + 1025 * 1024 + 1025 * 5,
        "mask_head": 4 * conv(256, 256, 3) + conv(256, 256, 2) + conv(256, 1 + 37, 1),
        "sequence": conv(256, 256, 3) + 297 * 256 + 256 * 256 + 256 + 38 * 256
        + 3 * 256 * (256 + 296 + 256 + 2) + 257 * 38,
    }  # fmt: skip


@pytest.mark.parametrize("changes", [{}, {"mask": "none"}])
def test_every_parameter_learns(changes):
    net = make(**changes)
    losses = net.losses(torch.randn(2, 3, 96, 96), targets("ab", "cde"))
    assert losses.keys() == {"segmentation", "scores", "boxes", "instances", "characters", "sequences"}
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert all(float(loss.detach()) > 0 for loss in losses.values())


@pytest.mark.parametrize("given", [targets(), targets("ab", legible=False), targets("ab", placed=False)])
def test_what_is_not_known_teaches_nothing_and_every_parameter_keeps_a_gradient(given):
    net = make()
    losses = net.losses(torch.randn(2, 3, 96, 96), given)
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert float(losses["characters"].detach()) == 0


@pytest.mark.parametrize(("once", "count"), [(False, 4), (True, 2)])
def test_each_text_is_read_once_or_as_often_as_it_was_proposed(monkeypatch, once, count):
    net, given = make(regions=24, once=once), targets("ab", "cde")
    outlines = given["polygons"][0, :2].numpy()  # proposed again, as they are
    proposed = boxes_of(outlines), outlines
    monkeypatch.setattr(MaskTextSpotter, "proposals_of", lambda *_: proposed)
    read: list[int] = []
    net.mask_head.register_forward_hook(lambda _, inputs, __: read.append(len(inputs[0])))
    net.losses(torch.randn(2, 3, 96, 96), given)
    assert read == [count]


def test_weights_scale_losses():
    given, images = targets("ab"), torch.randn(2, 3, 96, 96)
    torch.manual_seed(1)
    one = make(weights=(1.0,) * 6).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        first = one.losses(images, given)
        one.weights = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
        torch.manual_seed(1)
        second = one.losses(images, given)
    for factor, name in zip((2, 3, 4, 5, 6, 7), first, strict=True):
        assert float(second[name]) == pytest.approx(factor * float(first[name]), rel=1e-4)


def test_a_hard_mask_hides_what_is_outside_the_polygon():
    net = make()
    features = torch.randn(1, 16, 24, 24)
    outline = torch.from_numpy(box_polygon(20, 20, 60, 40))[None]
    box = torch.tensor([[10.0, 10.0, 70.0, 50.0]])
    pooled = net.pooled(features, outline, box, 32)
    inside = mask_of([(box_polygon(20, 20, 60, 40) - 10) * np.array([32 / 60, 32 / 40])], 32, 32)
    assert (pooled[0][:, ~inside] == 0).all()
    assert (pooled[0][:, inside] != 0).all()
    assert (make(mask="none").pooled(features, outline, box, 32) != 0).all()


def test_characters_fill_a_quarter_of_their_sides():
    places = torch.from_numpy(quads(0, 0, 64, 64, 2))[None]  # two of 32 x 64
    classes = torch.tensor([[5, 9]])
    maps = character_maps(places, classes, torch.tensor([[0.0, 0.0, 64.0, 64.0]]), 64)[0]
    expected = torch.zeros(64, 64, dtype=torch.long)
    expected[24:40, 12:20] = 5
    expected[24:40, 44:52] = 9
    assert torch.equal(maps, expected)
    unknown = character_maps(places, torch.full((1, 2), -1), torch.tensor([[0.0, 0.0, 64.0, 64.0]]), 64)
    assert (unknown == -1).all()
    some = character_maps(places, torch.tensor([[5, -1]]), torch.tensor([[0.0, 0.0, 64.0, 64.0]]), 64)
    assert sorted(some.unique().tolist()) == [0, 5]


def test_characters_weigh_as_much_as_the_background():
    torch.manual_seed(0)
    logits = torch.randn(2, 37, 8, 8)
    maps = torch.zeros(2, 8, 8, dtype=torch.long)
    maps[0, 2:4, 2:6] = 7  # 8 of 64 places
    maps[1] = -1
    total = 0.0
    for y in range(8):
        for x in range(8):
            entropy = -float(torch.log_softmax(logits[0, :, y, x], dim=0)[maps[0, y, x]])
            total += entropy * ((64 - 8) / 8 if maps[0, y, x] else 1)
    assert float(character_loss(logits, maps)) == pytest.approx(total / 64, rel=1e-4)
    assert float(character_loss(logits[1:], maps[1:])) == 0


def test_three_graphs_run_in_onnxruntime_as_in_torch_with_any_number_of_proposals(tmp_path):
    net = make().eval()
    images = np.random.default_rng(0).standard_normal((1, 3, 64, 96), dtype=np.float32)
    write_onnx(net, tmp_path / "model.onnx", images, free_height=True)
    graphs = [OrtGraph(tmp_path / "model.onnx", 1)]
    check_parity(TorchGraph(net), graphs[0], [{"images": images}])
    tried = later_inputs(net, CODEC, images)
    for name, later in net.later().items():
        counts = [len(given["proposals" if name == "refine" else "boxes"]) for given in tried[name]]
        assert {0, 1, 4} <= set(counts)
        write_later(later, tmp_path / f"{name}.onnx", tried[name][0])
        graphs.append(OrtGraph(tmp_path / f"{name}.onnx", 1))
        check_parity(TorchGraph(later), graphs[-1], tried[name])
    found = run(graphs, CODEC, {"images": images})
    assert found["log_probs"].shape[1:] == (5, CLASSES)
    expected = run([TorchGraph(net), *map(TorchGraph, net.later().values())], CODEC, {"images": images})
    lenient = replace(CODEC, min_sequence=0.0, min_characters=0.0)
    ours, theirs = (lenient.decode(outputs, (64, 96)) for outputs in (expected, found))
    assert [instance.text for instance in theirs] == [instance.text for instance in ours]


def test_an_overfitted_network_reads_what_it_was_shown():
    """Two words, one of them upright, the other on its side: found as polygons, and read."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 110, (96, 96, 3)).astype(np.float32)
    instances = []
    for left, top, right, bottom, text in ((10, 8, 82, 36, "ab"), (12, 48, 60, 86, "c")):
        image[top:bottom, left:right] = [200, 60, 20] if text == "ab" else [20, 60, 200]
        instances.append(TextInstance(box_polygon(left, top, right, bottom), text))
    settings = {"threshold": 0.5, "min_sequence": 0.3, "min_characters": 0.0}
    codec = MaskTextSpotter(stride=2, proposals=10, length=4, max_instances=4, **settings)
    net = make(codec, width=32, dense=32, hidden=32, weights=(1.0,) * 6, balance=1.0)
    images = torch.from_numpy(image.transpose(2, 0, 1)[None] / 100 - 1)
    encoded = {key: torch.from_numpy(value)[None] for key, value in codec.encode(instances, (96, 96)).items()}
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    for _ in range(160):
        optimizer.zero_grad()
        sum(net.losses(images, encoded).values()).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
    graphs = [TorchGraph(net), *map(TorchGraph, net.later().values())]
    for part in net.modules():  # statistics of a single image are those of training
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = None
            part.reset_running_stats()
    with torch.no_grad():
        net(images)
    found = codec.decode(run(graphs, codec, {"images": images.numpy()}), (96, 96))
    assert sorted(instance.text for instance in found) == ["ab", "c"]


def test_settings_that_cannot_be_are_refused():
    for wrong in ({"mask": "soft"}, {"width": 10}, {"read": 0}, {"regions": 3}):
        with pytest.raises(SettingsError):
            make(**wrong)
    with pytest.raises(SettingsError, match="stride 1, 2 or 4"):
        make(MaskTextSpotter(stride=3))
    with pytest.raises(SettingsError, match="needs codec"):
        make_net(SMALL, DB())


def test_the_loss_of_the_segmentation_is_a_dice_loss():
    net, images, given = make().eval(), torch.randn(2, 3, 96, 96), targets("ab", "cde")
    with torch.no_grad():
        found = float(net.losses(images, given)["segmentation"])
        probability = net(images)["segmentation"][:, 0]
    truth = given["segmentation"].float()
    expected = 1 - 2 * (probability * truth).sum() / (probability.sum() + truth.sum())
    assert found == pytest.approx(float(expected), abs=1e-4)
