"""A network as a graph."""

import numpy as np
import pytest
import torch
from torch import nn

from scenetext.codecs.ctc import CTC
from scenetext.errors import GraphError
from scenetext.learn.graph import TorchGraph, input_names
from scenetext.learn.nets import make_net


def test_a_graph_runs_in_evaluation_mode_and_leaves_the_mode_as_it_was():
    net = make_net({"name": "four_stage", "feat": "light", "seq": "none"}, CTC())
    images = np.random.default_rng(0).standard_normal((2, 1, 32, 48), dtype=np.float32)
    graph = TorchGraph(net)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    first, second = graph({"images": images}), graph({"images": images})
    assert np.array_equal(first["log_probs"], second["log_probs"])
    assert first["log_probs"].dtype == np.float32
    assert net.training
    assert all(torch.equal(value, net.state_dict()[key]) for key, value in before.items())


class Sum(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.ones(1))

    def forward(self, left, right, more=None):
        return {"sum": left + right + self.bias + (0 if more is None else more)}


def test_a_graph_takes_what_its_forward_names_and_misses_what_is_not_there():
    one, graph = np.ones(1, np.float32), TorchGraph(Sum())
    assert input_names(Sum()) == ["left", "right", "more"]
    assert graph({"right": one, "scores": one, "left": one})["sum"] == 3
    assert graph({"right": one, "more": one, "left": one})["sum"] == 4
    with pytest.raises(GraphError, match="Sum: no input 'right' among left, scores"):
        graph({"left": one, "scores": one})
