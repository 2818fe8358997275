"""Weights in half precision on disk."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load

from scenetext.bundle import available, load_bundle
from scenetext.learn.checkpoint import WEIGHTS, initial_weights
from scenetext.learn.half import half_weights, halve_graph
from scenetext.runtime import OrtGraph


def write_product(path, weights):
    """A graph that multiplies with a matrix and adds a small bias."""
    bias = np.arange(weights.shape[1], dtype=np.float32) / 3
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", weights.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", weights.shape[1]])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return bias


def test_a_graph_is_half_as_large_and_computes_with_its_rounded_weights(tmp_path):
    weights = np.random.default_rng(0).standard_normal((64, 128), dtype=np.float32)
    path = tmp_path / "model.onnx"
    bias = write_product(path, weights)
    before = path.stat().st_size
    halve_graph(path)
    assert path.stat().st_size < 0.6 * before
    x = np.random.default_rng(1).standard_normal((3, 64), dtype=np.float32)
    found = OrtGraph(path, 1)({"x": x})["y"]
    assert found.dtype == np.float32
    assert found == pytest.approx(x @ weights.astype(np.float16).astype(np.float32) + bias, abs=1e-5)


@pytest.mark.parametrize("value", [1e6, np.inf, np.nan])
def test_what_half_precision_cannot_hold_stays_single(tmp_path, value):
    weights = np.zeros((64, 64), np.float32)
    weights[0, 0] = value
    path = tmp_path / "model.onnx"
    write_product(path, weights)
    before = onnx.load(path)
    halve_graph(path)
    assert onnx.load(path) == before


def test_weights_for_training_on_keep_their_names_and_whole_numbers():
    state = {"a.weight": torch.full((2, 3), 1.0009765625), "a.count": torch.tensor(70000)}
    stored = load(half_weights(state))
    assert stored["a.weight"].dtype == torch.float16
    assert torch.equal(stored["a.weight"].float(), state["a.weight"])
    assert torch.equal(stored["a.count"], state["a.count"])


@pytest.mark.parametrize("value", [1e6, -1e6])
def test_weights_for_training_on_that_half_precision_cannot_hold_stay_single(value):
    state = {"norm.running_var": torch.tensor([1.0, value]), "linear.weight": torch.tensor([1.0, 65504.0])}
    stored = load(half_weights(state))
    assert torch.equal(stored["norm.running_var"], state["norm.running_var"])
    assert stored["linear.weight"].dtype == torch.float16


WITH_WEIGHTS = [name for name in available() if WEIGHTS in load_bundle(name).manifest.sha256]


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_weights_of_every_model_packaged_with_them_can_be_trained_on(name):
    weights, _ = initial_weights(name)
    assert weights
    assert all(torch.isfinite(value.float()).all() for value in weights.values())
