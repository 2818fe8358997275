"""Graphs of 8-bit integers."""

import numpy as np
import onnx
import torch
from torch import nn

from scenetext.learn.export import write_onnx
from scenetext.learn.graph import TorchGraph
from scenetext.learn.nets.base import Trainable, conv_bn_relu
from scenetext.learn.quantize import quantize_graph
from scenetext.runtime import OrtGraph


class Small(Trainable):
    """Two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(conv_bn_relu(3, 16), nn.Conv2d(16, 4, 3, padding=1), nn.Sigmoid())

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """images (N, 3, H, W)."""
        return {"probability": self.layers(images)}


def test_a_quantised_graph_is_smaller_and_gives_nearly_the_same_at_any_size(tmp_path):
    torch.manual_seed(0)
    net, path = Small().eval(), tmp_path / "model.onnx"
    rng = np.random.default_rng(0)
    write_onnx(net, path, rng.standard_normal((2, 3, 16, 24), np.float32), free_height=True)
    before = OrtGraph(path, 1)
    quantize_graph(path, [{"images": rng.standard_normal((1, 3, 32, 32), np.float32)} for _ in range(8)])
    kinds = {node.op_type for node in onnx.load(path).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    weights = [t for t in onnx.load(path).graph.initializer if len(t.dims) == 4]
    assert all(t.data_type == onnx.TensorProto.INT8 for t in weights)
    assert max(np.abs(onnx.numpy_helper.to_array(t)).max() for t in weights) <= 64, "seven bits"
    for shape in ((1, 3, 32, 32), (2, 3, 16, 48)):
        images = {"images": rng.standard_normal(shape, np.float32)}
        expected, found = TorchGraph(net)(images), OrtGraph(path, 1)(images)
        assert found["probability"].dtype == np.float32
        assert np.abs(found["probability"] - expected["probability"]).mean() < 0.02
        assert np.abs(before(images)["probability"] - expected["probability"]).max() < 1e-4
