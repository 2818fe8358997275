from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scenetext.bundle import Manifest, available, load_bundle, model_card, write_bundle
from scenetext.codecs import make_codec
from scenetext.errors import BundleError
from toys import write_toy_models

MANIFEST = Manifest("second", "detection", {"name": "db"}, graphs=("a.onnx",))


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


def test_no_packaged_graph_names_files_of_the_machine_that_wrote_it() -> None:
    for name in available():
        bundle = load_bundle(name)
        for file in filter(None, (*bundle.manifest.graphs, bundle.manifest.step)):
            assert b'.py", line' not in (bundle.folder / file).read_bytes()


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
    bundle = write_bundle(
        detector, MANIFEST, {"a.onnx": b"one", "weights.safetensors": detector / "model.json"}
    )
    assert sorted(path.name for path in detector.iterdir()) == [
        "README.md",
        "a.onnx",
        "model.json",
        "weights.safetensors",
    ]
    assert set(bundle.manifest.sha256) == {"a.onnx", "weights.safetensors"}
    assert sorted(path.name for path in detector.parent.iterdir()) == ["detector", "recognizer"]
    with pytest.raises(BundleError, match=r"no file given for the graph a\.onnx"):
        write_bundle(tmp_path / "third", MANIFEST, {})


def foreign_file(folder: Path) -> None:
    (folder / "diary.txt").write_text("dear diary")


def foreign_folder(folder: Path) -> None:
    (folder / "photos").mkdir()


def folder_by_the_name_of_a_file(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()


def somebody_elses_manifest(folder: Path) -> None:
    (folder / "model.json").write_text('{"layers": 3}')


def broken_manifest(folder: Path) -> None:
    (folder / "model.json").write_text("{")


def no_manifest(folder: Path) -> None:
    (folder / "model.json").unlink()


@pytest.mark.parametrize(
    "make",
    [
        foreign_file,
        foreign_folder,
        folder_by_the_name_of_a_file,
        somebody_elses_manifest,
        broken_manifest,
        no_manifest,
    ],
    ids=lambda make: make.__name__,
)
def test_what_is_no_bundle_or_more_than_one_is_left_alone(detector: Path, make: Callable) -> None:
    make(detector)
    before = sorted(detector.iterdir())
    with pytest.raises(BundleError, match="choose another place") as caught:
        write_bundle(detector, MANIFEST, {"a.onnx": b"one"})
    assert "\n" not in str(caught.value)
    assert sorted(detector.iterdir()) == before
    assert len(list(detector.parent.iterdir())) == 2


def test_a_file_in_the_place_of_a_bundle_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("a file")
    with pytest.raises(BundleError, match="not a bundle"):
        write_bundle(tmp_path / "bundle", MANIFEST, {"a.onnx": b"one"})
    assert (tmp_path / "bundle").read_text() == "a file"


def test_the_current_folder_is_a_place_like_any_other(
    detector: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(detector)
    assert write_bundle(".", MANIFEST, {"a.onnx": b"one"}).folder == detector
    assert load_bundle(detector).manifest.name == "second"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match="not a bundle"):
        write_bundle(".", MANIFEST, {"a.onnx": b"one"})


@pytest.mark.parametrize("renames", [0, 1])
def test_a_kill_in_the_middle_loses_neither_the_old_nor_the_new(
    detector: Path, renames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, done = Path.rename, []

    def killed(self: Path, target: Path) -> Path:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(detector, MANIFEST, {"a.onnx": b"one"})
    names = sorted(load_bundle(path.parent).manifest.name for path in detector.parent.rglob("model.json"))
    assert names == ["brightness", "dark", "second"]


def test_what_cannot_be_written_whole_leaves_the_old_and_nothing_else(detector: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle(detector, MANIFEST, {"a.onnx": detector / "gone.onnx"})
    assert load_bundle(detector).manifest.name == "dark"
    assert len(list(detector.parent.iterdir())) == 2


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
