"""Costs of the 24 four-stage models, against the figures of the benchmark's own code."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from scenetext.cli.main import main
from scenetext.codecs import make_codec
from scenetext.learn.cost import (
    Cost,
    cascade_cost,
    detector_cost,
    operations,
    parameters,
    recognizer_cost,
    spotter_cost,
    structures,
)
from scenetext.learn.nets import make_net
from scenetext.learn.nets.deformable import DeformableConv
from scenetext.view import CropResize, SceneResize

# Trans, Feat, Seq, Pred, name; parameters, frames and 2 x multiply-adds (in 1e9) at 32x100 with 36
# characters, computed from the benchmark's code.
GOLDEN = """
none vgg    none   ctc       -         5568805 24  1.23
none vgg    none   attention -         6584102 24  1.44
none vgg    bilstm ctc       CRNN      8451621 24  1.37
none vgg    bilstm attention -         9148710 24  1.49
none rcnn   none   ctc       -         1878949 26  1.54
none rcnn   none   attention R2AM      2894246 26  1.76
none rcnn   bilstm ctc       GRCNN     4761765 26  1.68
none rcnn   bilstm attention -         5458854 26  1.81
none resnet none   ctc       Rosetta  44282885 26 10.09
none resnet none   attention -        45298182 26 10.31
none resnet bilstm ctc       -        47165701 26 10.24
none resnet bilstm attention -        47862790 26 10.36
tps  vgg    none   ctc       -         7261197 24  1.59
tps  vgg    none   attention -         8276494 24  1.80
tps  vgg    bilstm ctc       -        10144013 24  1.73
tps  vgg    bilstm attention RARE     10841102 24  1.84
tps  rcnn   none   ctc       -         3571341 26  1.89
tps  rcnn   none   attention -         4586638 26  2.11
tps  rcnn   bilstm ctc       -         6454157 26  2.04
tps  rcnn   bilstm attention -         7151246 26  2.16
tps  resnet none   ctc       -        45975277 26 10.44
tps  resnet none   attention -        46990574 26 10.67
tps  resnet bilstm ctc       STAR-Net 48858093 26 10.59
tps  resnet bilstm attention TRBA     49555182 26 10.71
"""


@pytest.fixture(scope="module")
def computed():
    return list(structures())


def test_the_24_models_have_the_benchmarks_parameters_frames_and_operations(computed):
    rows = [
        f"{s.trans} {s.feat} {s.seq} {s.pred} {s.name or '-'} {s.parameters} {s.frames} "
        f"{s.published / 1e9:.2f}"
        for s in computed
    ]
    assert rows == [" ".join(line.split()) for line in GOLDEN.strip().splitlines()]


def test_only_attention_takes_fewer_operations_than_the_benchmarks_code(computed):
    for s in computed:
        saved = s.published - s.operations
        depth = 256 if s.seq == "bilstm" else 512
        assert saved == (2 * 25 * s.frames * depth * 256 if s.pred == "attention" else 0)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv2d(3, 8, 3, 1, 1), (3, 10, 20), 2 * 10 * 20 * 8 * 3 * 9),
        (nn.Conv2d(4, 8, (3, 2), 2, groups=2), (4, 11, 20), 2 * 5 * 10 * 8 * 2 * 6),
        (nn.ConvTranspose2d(4, 6, 2, 2), (4, 5, 7), 2 * 5 * 7 * 4 * 6 * 4),
        # its own convolution, and that which puts out shifts and weights of 2 groups of 9 taps
        (DeformableConv(4, 6, groups=2), (4, 5, 7), 2 * 5 * 7 * 4 * 9 * (6 + 2 * 3 * 9)),
        (nn.Linear(7, 5), (2, 3, 7), 2 * 2 * 3 * 7 * 5),
        (nn.LSTM(7, 5, batch_first=True, bidirectional=True), (9, 7), 2 * 9 * 2 * 4 * 5 * (7 + 5)),
        (nn.GRU(7, 5, num_layers=2, batch_first=True), (9, 7), 2 * 9 * 3 * 5 * (7 + 5 + 5 + 5)),
        (nn.BatchNorm2d(3), (3, 4, 4), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_layer_counts_twice_its_multiply_adds(layer, shape, expected):
    assert sum(operations(nn.Sequential(layer), shape).values()) == expected


def test_a_cell_counts_at_every_step():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRUCell(4, 6)

        def forward(self, x):
            state = x.new_zeros(x.shape[0], 6)
            for i in range(x.shape[1]):
                state = self.cell(x[:, i], state)
            return state

    assert operations(Steps(), (5, 4)) == {"cell": 2 * 5 * 3 * 6 * (4 + 6)}


def test_counting_leaves_the_network_as_it_was():
    net = nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 1, 1))
    operations(net, (1, 2, 2))
    assert net.training
    assert int(net[0].num_batches_tracked) == 0
    assert not net[1]._forward_hooks
    assert net(torch.zeros(1, 1, 2, 2)).requires_grad


@pytest.mark.parametrize(
    ("resize", "width"),
    [
        (CropResize(), 96),
        (CropResize(multiple=100, min_width=100, max_width=100), 100),
        (CropResize(min_width=128), 128),
    ],
)
def test_a_cost_is_of_the_view_of_a_crop_of_32x100(resize, width):
    settings = {"name": "four_stage", "feat": "light", "seq": "none", "pred": "ctc"}
    cost = recognizer_cost(settings, make_codec({"name": "ctc", "charset": "ab"}), resize)
    assert isinstance(cost, Cost)
    assert cost.shape == (1, 32, width)


def test_the_command_prints_a_row_for_each_of_the_24(monkeypatch, computed, capsys):
    monkeypatch.setattr("scenetext.learn.cost.structures", lambda: iter(computed))
    assert main(["benchmark", "recognizers", "--structure", "--format", "markdown"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 24
    assert lines[-1] == "| 24 | tps | resnet | bilstm | attention | TRBA | 49,555,182 | 26 | 10.63 | 10.71 |"
    assert main(["benchmark", "recognizers", "--structure"]) == 0
    assert "STAR-Net" in capsys.readouterr().out
    assert main(["benchmark", "recognizers", "--structure", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[2]["name"] == "CRNN"


def test_the_second_graph_counts_for_each_of_the_proposals():
    codec = make_codec({"name": "textbpn", "stride": 4})
    net = make_net({"name": "textbpn", "backbone": "light", "width": 8, "gcn": [8, 8, 8, 4]}, codec)

    def cost(words):
        return operations(net, (3, 64, 64), {"proposals": np.ones((words, 20, 2), np.float32)})

    alone = operations(net, (3, 64, 64))
    assert not any(name.startswith("deformation") for name in alone)
    assert {name: cost(3)[name] for name in alone} == alone
    layers = 12 * (4 + 2 * 4 * 4) + 2 * 4 * 4 * 4  # of the 1x1 convolution and the recurrent network
    layers += 24 * 8 + 16 * 8 + 16 * 8 + 16 * 4 + 16 * 4 + 4 * 2 + 2 * 2
    assert sum(cost(8).values()) - sum(cost(3).values()) == 5 * 3 * 20 * 2 * layers


@pytest.mark.parametrize(
    ("net", "codec"),
    [
        ({"name": "db", "backbone": "light", "width": 16}, {"name": "db", "stride": 2}),
        (
            {"name": "textbpn", "backbone": "light", "width": 8, "gcn": [8, 8, 8, 4]},
            {"name": "textbpn", "stride": 4},
        ),
    ],
)
def test_a_detectors_cost_is_of_a_photo_of_1280x736_with_60_words(net, codec):
    codec = make_codec(codec)
    resize = SceneResize(max_pixels=1280 * 736 // 16, multiple=32, max_upscale=1.0)
    cost = detector_cost(net, codec, resize)
    assert cost.shape == (3, 192, 320)
    model = make_net(net, codec)
    assert cost.parameters == parameters(model)
    alone = sum(operations(model, cost.shape).values())
    if not model.later():
        assert cost.operations == alone
    else:
        given = {"proposals": np.ones((60, 20, 2), np.float32)}
        assert cost.operations == sum(operations(model, cost.shape, given).values()) > alone


def test_a_spotters_cost_is_of_all_its_proposals_and_of_60_words_read():
    codec = make_codec({"name": "li2017", "length": 3, "proposals": 70})
    settings = {"name": "li2017", "width": 0.125, "filters": 8, "hidden": 12, "dense": 16, "columns": 6}
    resize = SceneResize(max_pixels=1280 * 736 // 16, multiple=32, max_upscale=1.0)
    cost = spotter_cost(settings, codec, resize)
    assert cost.shape == (3, 192, 320)
    net = make_net(settings, codec)
    assert cost.parameters == parameters(net)
    counts = operations(
        net,
        cost.shape,
        {"proposals": np.ones((70, 4), np.float32), "boxes": np.ones((60, 4), np.float32)},
    )
    assert cost.operations == sum(counts.values())
    assert {name.partition(".")[0] for name in counts} == {"trunk", "tpn", "rfe", "tdn", "trn"}


def test_a_spotter_that_proposes_regions_refines_and_reads_those_of_the_60_words():
    codec = make_codec({"name": "mask_textspotter", "stride": 2, "length": 3, "points": 8, "min_size": 2.0})
    settings = {"name": "mask_textspotter", "backbone": "light", "width": 8, "dense": 8, "hidden": 8}
    cost = spotter_cost(settings, codec, SceneResize(max_pixels=1280 * 736, multiple=32, max_upscale=1.0))
    net = make_net(settings, codec)
    assert cost.parameters == parameters(net)
    boxes, polygons = np.ones((60, 4), np.float32), np.ones((60, 8, 2), np.float32)
    given = {"proposals": boxes, "polygons": polygons, "boxes": boxes, "outlines": polygons}
    counts = operations(net, cost.shape, given)
    assert cost.operations == sum(counts.values())
    parts = {"backbone", "neck", "spn", "box_head", "mask_head", "sequence"}
    assert {name.partition(".")[0] for name in counts} == parts


def test_a_cascade_costs_its_detector_and_60_crops():
    cost = cascade_cost(Cost(5, 1000, (3, 736, 1280)), Cost(7, 10, (1, 32, 96)))
    assert cost == Cost(12, 1600, (3, 736, 1280))
