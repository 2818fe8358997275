"""The whole network: its parts, its losses, and its three graphs."""

import numpy as np
import pytest
import torch

from scenetext.codecs.db import DB
from scenetext.codecs.li2017 import Li2017
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.export import later_inputs, write_later
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets import make_net
from scenetext.learn.parity import check_parity
from scenetext.recipe import load_recipe
from scenetext.runtime import OrtGraph, run
from scenetext.types import TextInstance

NARROW = {
    "name": "li2017", "width": 0.125, "filters": 8, "hidden": 12, "dense": 16, "regions": 16, "mined": 24,
    "proposals": 60, "norm": True,
}  # fmt: skip
CODEC = Li2017(length=4, proposals=12, candidates=200, max_instances=4)


def make(**changes):
    torch.manual_seed(0)
    return make_net(NARROW | changes, CODEC)


def targets(*texts, size=96, legible=True):
    instances = [
        TextInstance(box_polygon(6, 8 + 30 * i, 70, 30 + 30 * i), text, legible=legible)
        for i, text in enumerate(texts)
    ]
    encoded = [CODEC.encode(instances, (size, size)), CODEC.encode([], (size, size))]
    return {key: torch.from_numpy(np.stack([each[key] for each in encoded])) for key in encoded[0]}


def test_the_papers_network_has_its_parameters_by_part():
    recipe = load_recipe("li2017")
    with torch.device("meta"):
        net = make_net(recipe.net, Li2017())
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}
    lstm = lambda inputs: 4 * 1024 * (inputs + 1024 + 2)  # noqa: E731
    assert counts == {
        "trunk": 14714688,
        "tpn": 512 * 256 * (15 + 3) + 2 * 256 + (512 + 1) * 24 * 5,
        "pooling": 0,
        "rfe": lstm(4 * 512),
        "tdn": 1025 * 2048 + 2049 * 2048 + 2049 * 5,
        "trn": lstm(1024) + lstm(2048) + 39 * 1024 + 1025 * 38 + 1024 * 1024 + 1025 * 1024 + 1024,
    }


@pytest.mark.parametrize(
    "changes", [{}, {"attention": False}, {"varying": False, "columns": 20}, {"ctc": 0.5}]
)
def test_every_parameter_learns(changes):
    net = make(**changes)
    losses = net.losses(torch.randn(2, 3, 96, 96), targets("ab", "cde"))
    assert [*losses] == ["objectness", "anchors", "textness", "boxes", "texts"] + ["ctc"] * ("ctc" in changes)
    assert all(loss.ndim == 0 and loss > 0 for loss in losses.values())
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("words", [targets(), targets("a", legible=False), targets("far too long")])
def test_without_a_text_to_read_every_parameter_still_has_a_gradient(words):
    net = make(ctc=1.0)
    losses = net.losses(torch.randn(2, 3, 96, 96), words)
    assert losses["texts"] == 0
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_texts_are_learnt_in_the_shared_features_only_where_that_is_wanted():
    for joint in (True, False):
        net = make(joint=joint, ctc=1.0)
        losses = net.losses(torch.randn(2, 3, 96, 96), targets("ab"))
        (losses["texts"] + losses["ctc"]).backward()
        learns = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.any()}
        parts = {name.split(".")[0] for name in learns}
        assert parts == ({"trunk", "rfe", "trn"} if joint else {"trn"})


def test_a_weight_of_zero_leaves_the_recogniser_out():
    net = make(weights=(1.0, 1.0, 1.0, 1.0, 0.0))
    losses = net.losses(torch.randn(2, 3, 96, 96), targets("ab"))
    assert losses["texts"] == 0
    sum(losses.values()).backward()
    assert not any(p.grad.any() for p in net.trn.parameters())


def test_a_frozen_recogniser_teaches_the_features_nothing():
    net = make(ctc=1.0)
    for parameter in net.trn.parameters():
        parameter.requires_grad_(False)
    torch.manual_seed(3)
    losses = net.losses(torch.randn(2, 3, 96, 96), targets("ab", "cde"))
    for name in ("texts", "ctc"):
        assert losses[name] == 0
        assert not losses[name].requires_grad
    assert losses["textness"] > 0


def test_what_is_drawn_in_a_step_depends_on_torchs_generator_alone():
    net, images, words = make().eval(), torch.randn(2, 3, 96, 96), targets("ab", "cde")
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append(float(net.losses(images, words)["objectness"].detach()))
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_losses_fall_on_one_image(precision):
    net = make()
    optimizer = torch.optim.AdamW(net.parameters(), 5e-3)
    images, words = torch.randn(2, 3, 96, 96), targets("ab", "cde")
    history = []
    for _ in range(40):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            losses = net.losses(images, words)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    early, late = (
        {k: np.mean([h[k] for h in part]) for k in part[0]} for part in (history[:4], history[-4:])
    )
    for name in ("objectness", "anchors", "textness", "texts"):
        assert late[name] < 0.7 * early[name]


def test_the_later_graphs_run_alike_in_onnxruntime_for_any_number_of_boxes(tmp_path):
    # with attention and varying width the recipes are exported
    net = make(attention=False, varying=False, columns=20).eval()
    images = [
        np.random.default_rng(i).standard_normal((1, 3, *s)) for i, s in enumerate([(96, 160), (32, 64)])
    ]
    tried = [later_inputs(net, CODEC, some.astype(np.float32)) for some in images]
    for name, graph in net.later().items():
        given = [each for some in tried for each in some[name]]
        counts = {len(each["proposals" if name == "refine" else "boxes"]) for each in given}
        assert counts >= {0, 1, 4}
        write_later(graph, tmp_path / f"{name}.onnx", given[0])
        assert check_parity(TorchGraph(graph), OrtGraph(tmp_path / f"{name}.onnx", 1), given) < 1e-4


def test_regions_are_read_together_as_each_alone():
    net = make().eval()
    codec = Li2017(length=4, proposals=12, min_score=0.0)
    outputs = run([TorchGraph(net), *map(TorchGraph, net.later().values())], codec, {
        "images": np.random.default_rng(0).standard_normal((1, 3, 96, 160)).astype(np.float32)
    })  # fmt: skip
    assert len(outputs["boxes"]) > 2
    read = TorchGraph(net.later()["read"])
    for i in range(len(outputs["boxes"])):
        alone = read(outputs | {"boxes": outputs["boxes"][i : i + 1]})
        assert np.allclose(alone["log_probs"][0], outputs["log_probs"][i], atol=1e-5)
        assert np.allclose(alone["attention"][0], outputs["attention"][i], atol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"varying": False, "columns": 20}, {"attention": False}])
def test_what_is_explained_is_what_was_pooled(changes):
    net = make(**changes).eval()
    boxes = np.array([[3, 5, 90, 40], [0, 0, 14, 60], [50, 71, 149, 96], [8, 16, 160, 24]], np.float32)
    outputs = {"boxes": boxes, "textness": np.ones(4, np.float32), "objectness": np.zeros((1, 24, 12, 20))}
    features = np.random.default_rng(0).standard_normal((1, net.trunk.channels, 12, 20)).astype(np.float32)
    seen = {"features": features, "proposals": boxes, "boxes": boxes}
    table = TorchGraph(net.later()["refine"])(seen)["table"]
    outputs |= TorchGraph(net.later()["read"])(seen | {"table": table})
    outputs["log_probs"][:, :, 2:] += 100  # so that every step writes a letter
    seen = CODEC.looked(outputs)
    assert (seen["attention"] == 0).any() != (changes == {"varying": False, "columns": 20})
    rows = outputs | seen | {"boxes": np.array([[0, 99 * i, 9, 99 * i + 9] for i in range(4)], np.float32)}
    looks = CODEC.explain(rows, (500, 500))
    cells = net.pooling.cells(torch.from_numpy(boxes), torch.zeros(4, dtype=torch.long), 12, 20)
    assert [look.weights.shape for look in looks] == [(5, width) for width in cells.widths]
    for i, look in enumerate(looks):
        columns, rows = cells.columns[i, : cells.widths[i]], cells.rows[i]
        low, high = (columns.min(), rows.min()), (columns.max(), rows.max())
        assert look.region.tolist() == box_polygon(*(8 * int(v) for v in (*low, *high))).tolist()
        # the shares of equal width lie within the bins
        edges = np.linspace(look.region[0, 0], look.region[1, 0], len(columns) + 1)
        assert (8 * columns[:, 0].numpy() <= edges[:-1] + 1e-4).all()
        assert (8 * columns[:, 1].numpy() >= edges[1:] - 1e-4).all()


def test_another_codec_or_stride_is_refused():
    with pytest.raises(SettingsError, match="needs codec 'li2017'"):
        make_net(NARROW, DB())
    with pytest.raises(SettingsError, match="stride 8"):
        make_net(NARROW, Li2017(stride=16))
