"""Weights in half precision on disk, so that models are half as large; they are computed with in single."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save
from torch import Tensor

_SMALL = 1024  # values; smaller tensors, such as biases and constants of the graph, stay as they are
_LARGEST = 65504.0  # that half precision can hold


def half_weights(state: dict[str, Tensor]) -> bytes:
    """The weights of a network as a safetensors file, for training on."""
    return save({key: _halved(value).contiguous() for key, value in state.items()})


def _halved(values: Tensor) -> Tensor:
    """As half precision, if these are weights that it can hold."""
    fits = values.dtype == torch.float32 and bool((values.abs() <= _LARGEST).all())
    return values.half() if fits else values


def halve_graph(path: Path) -> None:
    """Rewrites an ONNX file with its large tensors in half precision, each behind a Cast to single.

    onnxruntime does the casts once, while it loads the file. Outputs change by the rounding of the weights,
    2^-11 of each.
    """
    model = onnx.load(path)
    casts = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALL:
            continue
        values = numpy_helper.to_array(tensor)
        if not np.abs(values).max() <= _LARGEST:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}.half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
