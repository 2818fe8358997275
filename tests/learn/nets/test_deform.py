"""The deformation of rings, against literal loops."""

import numpy as np
import pytest
import torch

from scenetext.learn.export import write_later
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets.deform import Deformation, GraphConv, Step, ring_adjacency, sample
from scenetext.learn.parity import check_parity
from scenetext.runtime import OrtGraph


def test_the_adjacency_of_the_papers_ring_is_a_fifth_for_a_point_and_its_four_neighbours():
    adjacency = ring_adjacency(20)
    assert torch.allclose(adjacency.sum(dim=1), torch.ones(20))
    for i in range(20):
        for j in range(20):
            near = min(abs(i - j), 20 - abs(i - j)) <= 2
            assert float(adjacency[i, j]) == pytest.approx(0.2 if near else 0.0)


def test_the_adjacency_of_a_short_ring_is_normalised_by_its_degrees():
    assert torch.allclose(ring_adjacency(4), torch.full((4, 4), 0.25))


def test_a_graph_convolution_is_the_literal_matrix_product():
    torch.manual_seed(0)
    layer, x, adjacency = GraphConv(3, 5), torch.randn(2, 7, 3), ring_adjacency(7)
    torch.nn.init.normal_(layer.linear.bias)
    weight, bias = layer.linear.weight.detach().numpy(), layer.linear.bias.detach().numpy()
    expected = np.zeros((2, 7, 5))
    for k in range(2):
        for i in range(7):
            mixed = sum(float(adjacency[i, j]) * x[k, j].numpy() for j in range(7))
            row = np.concatenate([x[k, i].numpy(), mixed])
            for o in range(5):
                expected[k, i, o] = max(0.0, float(weight[o] @ row + bias[o]))
    assert np.allclose(layer(x, adjacency).detach().numpy(), expected, atol=1e-5)


def test_a_step_of_the_paper_has_its_layers():
    step = Step(36, 20, (256, 1024, 512, 128))
    shapes = [tuple(layer.linear.weight.shape) for layer in step.gcn]
    assert shapes == [(256, 72), (1024, 512), (512, 2048), (128, 1024)]
    assert (step.rnn.input_size, step.rnn.hidden_size, step.rnn.bidirectional) == (36, 128, True)
    assert [tuple(m.weight.shape[:2]) for m in step.offset if hasattr(m, "weight")] == [
        (128, 512), (64, 128), (2, 64),
    ]  # fmt: skip
    assert step.norm.weight is None
    assert step.eval()(torch.randn(3, 20, 36)).shape == (3, 20, 2)


def test_a_sample_at_the_centre_of_a_pixel_is_that_pixel_and_between_two_their_mean():
    maps = torch.arange(2 * 4 * 6, dtype=torch.float32).reshape(1, 2, 4, 6)
    points = torch.tensor([[2.5, 1.5], [3.0, 1.5], [0.0, 0.0]])[None, None]
    found = sample([maps, maps[:, :1]], points)
    assert found.shape == (1, 1, 3, 3)
    assert found[0, 0, 0].tolist() == [8, 32, 8]
    assert found[0, 0, 1].tolist() == [8.5, 32.5, 8.5]
    assert found[0, 0, 2, 1] == 24 / 4  # beyond the border there is nothing


def narrow(**changes):
    torch.manual_seed(0)
    return Deformation(6, 8, (8, 8, 8, 4), **({"iterations": 2, "limit": 4.0, "margin": 0.5} | changes))


def maps(height=12, width=16, count=1):
    return torch.randn(count, 2, height, width), torch.randn(count, 4, height, width)


def test_points_move_by_no_more_than_the_limit_and_stay_inside():
    net = narrow(iterations=1)
    with torch.no_grad():
        net.steps[0].offset[-1].bias.copy_(torch.tensor([100.0, -2.0]))
        net.steps[0].offset[-1].weight.zero_()
    proposals = torch.full((1, 8, 2), 6.0)
    proposals[0, 0] = torch.tensor([14.0, 1.0])
    moved = net.eval()(*maps(), proposals)["boundaries"]
    assert moved[0, 1].tolist() == [10.0, 4.0]
    assert moved[0, 0].tolist() == [15.5, 0.5]


def test_training_moves_the_rings_that_are_there_as_reading_does_them_one_view_at_a_time():
    net = narrow().eval()
    features, prior = maps(count=3)
    proposals = torch.rand(3, 5, 8, 2) * 10 + 1
    present = torch.tensor([[1, 0, 1, 0, 0], [0] * 5, [1, 1, 1, 1, 1]]).bool()
    after = net.train_forward(features, prior, proposals, present)
    assert len(after) == 2
    alone = [
        net(features[i : i + 1], prior[i : i + 1], proposals[i][present[i]])["boundaries"] for i in range(3)
    ]
    assert [len(rings) for rings in alone] == [2, 0, 5]
    assert torch.allclose(after[-1], torch.cat(alone), atol=1e-5)


def test_a_ring_does_not_depend_on_the_others():
    net, (features, prior), rings = narrow().eval(), maps(), torch.rand(4, 8, 2) * 10 + 1
    together = net(features, prior, rings)["boundaries"]
    assert torch.allclose(together[2:3], net(features, prior, rings[2:3])["boundaries"], atol=1e-5)


def test_onnxruntime_moves_as_torch_does_however_many_rings_there_are(tmp_path):
    net = narrow(iterations=1).eval()
    torch.nn.init.normal_(net.steps[0].offset[-1].weight)
    rng = np.random.default_rng(0)

    def inputs(height, width, count):
        shapes = {"features": (1, 2, height, width), "prior": (1, 4, height, width)}
        arrays = {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
        return arrays | {"proposals": rng.uniform(1, 10, (count, 8, 2)).astype(np.float32)}

    write_later(net, tmp_path / "refine.onnx", inputs(12, 16, 3))
    exported = OrtGraph(tmp_path / "refine.onnx", 1)
    examples = [inputs(12, 16, 3), inputs(20, 11, 1), inputs(12, 40, 70), inputs(9, 9, 0)]
    assert check_parity(TorchGraph(net), exported, examples) < 1e-4
    assert exported(examples[-1] | {"scores": np.zeros(0)})["boundaries"].shape == (0, 8, 2)
