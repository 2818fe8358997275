"""A network as a graph."""

import numpy as np
import torch

from scenetext.codecs.ctc import CTC
from scenetext.learn.graph import TorchGraph
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
