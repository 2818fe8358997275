from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scenetext.errors import BundleError, GraphError
from scenetext.runtime import OrtGraph, cpu_count, hand_back_memory, run
from toys import brightness_recognizer, dark_detector


def test_a_graph_takes_and_gives_named_arrays(toy_model: Path) -> None:
    images = np.random.default_rng(0).random((1, 3, 40, 64), dtype=np.float32)
    outputs = OrtGraph(toy_model / "detector" / "model.onnx", threads=1)({"images": images})
    assert list(outputs) == ["probability"]
    assert np.allclose(outputs["probability"], dark_detector()({"images": images})["probability"], atol=1e-5)
    crops = np.random.default_rng(0).random((5, 1, 32, 64), dtype=np.float32)
    outputs = OrtGraph(toy_model / "recognizer" / "model.onnx", threads=2)({"images": crops})
    assert np.allclose(
        outputs["log_probs"], brightness_recognizer()({"images": crops})["log_probs"], atol=1e-4
    )


def test_a_graph_can_be_pickled_and_shared_between_threads(toy_model: Path) -> None:
    graph = pickle.loads(pickle.dumps(OrtGraph(toy_model / "detector" / "model.onnx", threads=1)))
    assert graph.threads == 1
    images = [np.random.default_rng(i).random((1, 3, 32 + i, 64), dtype=np.float32) for i in range(24)]
    alone = [graph({"images": image})["probability"] for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: graph({"images": image})["probability"], images))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_file_that_is_no_graph_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(BundleError, match="onnxruntime cannot load") as caught:
        OrtGraph(tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)


def test_an_input_that_a_graph_cannot_take_is_one_line(toy_model: Path) -> None:
    graph = OrtGraph(toy_model / "recognizer" / "model.onnx", threads=1)
    images = np.zeros((1, 1, 31, 64), np.float32)
    with pytest.raises(
        GraphError, match=r"model\.onnx: cannot be run on images \(1, 1, 31, 64\): "
    ) as caught:
        graph({"images": images})
    assert "\n" not in str(caught.value)


def test_there_is_at_least_one_processor() -> None:
    assert cpu_count() >= 1


def test_a_second_graph_gets_the_first_ones_outputs_and_the_proposals() -> None:
    class Codec:
        def propose(self, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {"boxes": outputs["features"] + 1}

    def first(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"features": inputs["images"] * 2}

    def second(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"texts": inputs["features"] + inputs["boxes"]}

    outputs = run((first, second), Codec(), {"images": np.ones(1)})
    found = {key: value.tolist() for key, value in outputs.items()}
    assert found == {"features": [2], "boxes": [3], "texts": [5]}  # what was proposed too: decoding may ask


def test_a_graph_takes_what_it_has_inputs_for_and_misses_what_is_not_there(toy_model: Path) -> None:
    graph = OrtGraph(toy_model / "recognizer" / "model.onnx", threads=1)
    images, scores = np.zeros((1, 1, 32, 64), np.float32), np.zeros(3, np.float32)
    alone, beside = graph({"images": images}), graph({"scores": scores, "images": images})
    assert np.array_equal(alone["log_probs"], beside["log_probs"])
    with pytest.raises(GraphError, match=r"model\.onnx: cannot be run on .*images") as caught:
        graph({"scores": scores})
    assert "\n" not in str(caught.value)


def test_handing_memory_back_is_harmless_wherever_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Library:
        def mallopt(self, option: int, value: int) -> int:
            asked.append((option, value))
            return 1

    monkeypatch.setattr("scenetext.runtime.ctypes.CDLL", lambda name: Library())
    hand_back_memory()
    assert [option for option, _ in asked] == [-3, -1]
    monkeypatch.setattr("scenetext.runtime.ctypes.CDLL", lambda name: object())  # no mallopt there
    hand_back_memory()
    assert len(asked) == 2
