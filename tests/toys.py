"""Toy models: they take dark boxes for words, and read a word's brightness; or find what they were told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from scenetext.bundle import Manifest, write_bundle
from scenetext.codecs.boxes import overlaps
from scenetext.codecs.li2017 import CLASSES, END, Li2017, text_classes
from scenetext.types import Graph, TextInstance

DETECTION = {"name": "db", "stride": 1, "unclip_ratio": 0.001}
SCENE = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
RECOGNITION = {"name": "ctc", "charset": "ab"}


def dark_detector() -> Graph:
    """A graph for DETECTION and SCENE: the probability of text is high where the image is dark."""

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        brightness = inputs["images"].mean(axis=1, keepdims=True)
        return {"probability": (1 / (1 + np.exp(40 * (brightness - 0.6)))).astype(np.float32)}

    return graph


def brightness_recognizer() -> Graph:
    """A graph for RECOGNITION and the default CropResize.

    A frame for each 8 columns; black reads "a", middle grey "b", white nothing.
    """

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        images = inputs["images"]
        frames = images.mean(axis=(1, 2)).reshape(len(images), -1, 8).mean(axis=2)[..., None]
        logits = np.concatenate([frames * 40 - 16, frames * -40 - 20, frames * 0], axis=2)
        logits -= logits.max(axis=2, keepdims=True)
        return {"log_probs": (logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))).astype(np.float32)}

    return graph


def write_toy_models(folder: Path) -> Path:
    """The two toys as bundles `detector` and `recognizer` in a folder, which is a model."""
    detector = Manifest(
        "dark", "detection", dict(DETECTION), dict(SCENE), scores={"toys": {"none": {"f": 1.0}}}
    )
    write_bundle(folder / "detector", detector, {"model.onnx": _detector_file()})
    write_bundle(
        folder / "recognizer",
        Manifest("brightness", "recognition", dict(RECOGNITION)),
        {"model.onnx": _recognizer_file()},
    )
    return folder


def _save(
    nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], shape: list, output: str, out: list
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, out)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _detector_file() -> bytes:
    nodes = [
        helper.make_node("ReduceMean", ["images", "channel"], ["brightness"], keepdims=1),
        helper.make_node("Sub", ["middle", "brightness"], ["darkness"]),
        helper.make_node("Mul", ["darkness", "slope"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    constants = {
        "channel": np.array([1]),
        "middle": np.array(0.6, np.float32),
        "slope": np.array(40, np.float32),
    }
    return _save(nodes, constants, [1, 3, "h", "w"], "probability", [1, 1, "h", "w"])


def _recognizer_file() -> bytes:
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pooled"], kernel_shape=[32, 8], strides=[32, 8]),
        helper.make_node("Squeeze", ["pooled", "channel"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["frames", "weights"], ["scaled"]),
        helper.make_node("Add", ["scaled", "biases"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2),
    ]
    constants = {
        "channel": np.array([1]),
        "weights": np.array([40, -40, 0], np.float32),
        "biases": np.array([-16, -20, 0], np.float32),
    }
    return _save(nodes, constants, ["n", 1, 32, "w"], "log_probs", ["n", "t", 3])


def spotting_outputs(
    codec: Li2017, words: list[TextInstance], size: tuple[int, int], columns: list[np.ndarray] | None
) -> tuple[dict[str, np.ndarray], ...]:
    """What the three graphs of a network that finds these words in a view of `size` put out.

    columns   for each word the columns (letters,), of as many as the last of them tells, that all attention
              lies on as it writes a letter; None: attention is not put out
    """
    ideal = codec.ideal(words, size)
    truth = np.array([[*word.polygon[0], *word.polygon[2]] for word in words], dtype=np.float32)
    proposals = codec.propose({name: ideal[name] for name in ("objectness", "offsets")})["proposals"]
    order = overlaps(proposals, truth).argmax(axis=1)
    log_probs = np.full((len(words), codec.length + 1, CLASSES), np.log(0.1 / CLASSES), dtype=np.float32)
    attention = np.zeros((len(words), codec.length + 1, 35), dtype=np.float32)
    for row, i in enumerate(order):
        for step, kind in enumerate([*text_classes(words[i].text or ""), END]):
            log_probs[row, step, kind] = np.log(0.9)
        if columns is not None:
            attention[row, np.arange(len(columns[i])), columns[i]] = 1
    read = {"log_probs": log_probs} | ({} if columns is None else {"attention": attention})
    scores = (0.9 - 0.01 * np.arange(len(words))).astype(np.float32)  # so that the order is certain
    first = {name: ideal[name] for name in ("objectness", "offsets")}
    return first, {"scores": scores, "moves": ideal["moves"]}, read


def write_toy_spotter(
    folder: Path, words: list[TextInstance], size: tuple[int, int], columns: list[np.ndarray] | None
) -> Path:
    """A bundle that finds these words in every photo of `size` (height, width); see `spotting_outputs`."""
    codec = {"name": "li2017", "length": 6}
    outputs = spotting_outputs(Li2017(length=6), words, size, columns)
    graphs = "model.onnx", "refine.onnx", "read.onnx"
    manifest = Manifest("told", "spotting", codec, dict(SCENE), graphs=graphs)
    files = {name: _constant_file(values) for name, values in zip(graphs, outputs, strict=True)}
    return write_bundle(folder, manifest, files).folder


def _constant_file(outputs: dict[str, np.ndarray]) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"told_{name}"], [name]) for name in outputs],
        "toy",
        [],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for n, v in outputs.items()],
        [numpy_helper.from_array(value, f"told_{name}") for name, value in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()
