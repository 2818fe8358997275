from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenetext.bundle import Manifest, available, load_bundle, model_card, write_bundle
from scenetext.codecs import make_codec
from scenetext.errors import BundleError
from toys import write_toy_models


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    return write_toy_models(tmp_path / "model") / "detector"


def change(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_bundle_comes_back_as_it_was_written(detector: Path) -> None:
    bundle = load_bundle(detector, "detection")
    assert bundle.manifest.name == "dark"
    assert bundle.codec == make_codec({"name": "db", "stride": 1, "unclip_ratio": 0.001})
    assert bundle.resize.std == (1.0, 1.0, 1.0)
    assert bundle.manifest.scores == {"toys": {"none": {"f": 1.0}}}
    assert len(bundle.graphs(1)) == 1
    assert load_bundle(str(detector)).manifest == bundle.manifest


def test_every_packaged_bundle_is_whole_and_carries_card_and_licence() -> None:
    for name in available():
        bundle = load_bundle(name)
        assert bundle.manifest.name == name
        assert bundle.manifest.licence
        assert bundle.manifest.training_data
        assert (bundle.folder / "README.md").is_file()
        for file in bundle.manifest.sha256:
            bundle.check_file(file)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"format": 2}, "newer scenetext"),
        ({"codec": {"name": "dbx"}}, "no codec named 'dbx'"),
        ({"codec": {"name": "db", "strides": 4}}, "did you mean 'stride'"),
        ({"resize": {"multiple": "32"}}, "multiple"),
        ({"task": "spelling"}, "task"),
        ({"graphs": ["../model.onnx"]}, "plain name"),
        ({"colour": 1}, "no such setting"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_line(detector: Path, values: dict, reason: str) -> None:
    change(detector, **values)
    with pytest.raises(BundleError, match=reason) as caught:
        load_bundle(detector)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "\xff"])
def test_a_manifest_that_is_no_json_object_is_one_line(detector: Path, text: str) -> None:
    (detector / "model.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BundleError) as caught:
        load_bundle(detector)
    assert "\n" not in str(caught.value)


def test_a_damaged_or_missing_graph_is_found_before_it_runs(detector: Path) -> None:
    graph = detector / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(detector).graphs()
    graph.unlink()
    with pytest.raises(BundleError, match="incomplete"):
        load_bundle(detector).graphs()


def test_a_name_that_does_not_exist_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="neither a folder nor a packaged model"):
        load_bundle("no-such-model")
    with pytest.raises(BundleError, match=r"no model\.json"):
        load_bundle(tmp_path)


def test_a_model_for_another_task_is_refused(detector: Path) -> None:
    with pytest.raises(BundleError, match="a detection model, where one for recognition"):
        load_bundle(detector, "recognition")


def test_writing_replaces_a_bundle_but_nothing_else(detector: Path, tmp_path: Path) -> None:
    manifest = Manifest("second", "detection", {"name": "db"}, graphs=("a.onnx",))
    bundle = write_bundle(
        detector, manifest, {"a.onnx": b"one", "weights.safetensors": detector / "model.json"}
    )
    assert sorted(path.name for path in detector.iterdir()) == [
        "README.md",
        "a.onnx",
        "model.json",
        "weights.safetensors",
    ]
    assert set(bundle.manifest.sha256) == {"a.onnx", "weights.safetensors"}
    assert not detector.with_name("detector.partial").exists()
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(BundleError, match="not a bundle"):
        write_bundle(tmp_path, manifest, {"a.onnx": b"one"})
    with pytest.raises(BundleError, match=r"no file given for the graph a\.onnx"):
        write_bundle(tmp_path / "third", manifest, {})


def test_the_card_tells_scores_data_and_licence() -> None:
    manifest = Manifest(
        "x",
        "recognition",
        {"name": "ctc", "charset": "printable94"},
        scores={"iiit5k:test": {"word-accuracy": {"accuracy": 0.9}}},
        training_data=("synthetic words",),
        licence="Apache-2.0",
    )
    card = model_card(manifest)
    for line in ("# x", "| iiit5k:test | word-accuracy | accuracy 0.9 |", "- synthetic words", "Apache-2.0"):
        assert line in card
