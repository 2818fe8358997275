from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from scenetext.benchmark import SETS
from scenetext.bundle import Manifest, write_bundle
from scenetext.cli.main import main
from scenetext.data.lmdb_words import write_lmdb
from scenetext.errors import TrainingError
from scenetext.learn import validate
from scenetext.recognizer import Recognizer

TEXTS = {0: "a", 128: "b", 255: "c"}  # the toy reads "a", "b" and nothing


def write_list(folder: Path, *levels: int) -> None:
    words = []
    for level in levels:
        buffer = io.BytesIO()
        Image.new("L", (60, 30), level).save(buffer, "PNG")
        words.append((buffer.getvalue(), TEXTS[level]))
    write_lmdb(folder, words)


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Arguments for a folder with two lists: of SVT the toy reads two words of three, of CUTE80 both."""
    write_list(tmp_path / "SVT", 0, 128, 255)
    write_list(tmp_path / "CUTE80", 0, 128)
    return ["--data", str(tmp_path), "--threads", "1"]


def test_json_has_figures_and_counts_of_every_model(data, toy_model, capsys):
    model = str(toy_model / "recognizer")
    assert main(["benchmark", "recognizers", model, model, *data, "--format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["sets"]["SVT"] == {"words": 3, "published": 647, "in_union": True}
    assert table["sets"]["IC03_867"]["words"] is None
    assert len(table["models"]) == 2
    first = table["models"][0]
    assert first["accuracy"] == {
        name: {"SVT": pytest.approx(2 / 3), "CUTE80": 1.0}.get(name) for name in table["sets"]
    }
    assert first["correct"] == {"SVT": 2, "CUTE80": 2}
    assert first["union"] is None
    assert first["ten_lists"] is None
    assert first["milliseconds"] > 0
    assert first["parameters"] is None  # the toy has no recipe


def test_missing_and_deviating_lists_are_said_so(data, toy_model, capsys):
    assert main(["benchmark", "recognizers", str(toy_model / "recognizer"), *data]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = dict(line.rsplit(maxsplit=1) for line in lines if line and len(line.split()) in (2, 3))
    assert rows["SVT*"] == "66.7"
    assert rows["CUTE80*"] == "100.0"
    for name in ("IIIT5k_3000", "icdar2015-words:val", "union", "ten lists"):
        assert rows[name] == "missing"
    assert "* SVT has 3 words here, 647 as published." in lines
    assert rows["GFLOPs"] == "-"


def test_both_totals_are_shown_when_all_their_lists_are_there(tmp_path, toy_model, capsys):
    for name, entry in SETS.items():
        write_list(tmp_path / "evaluation" / name, *([0, 255] if entry.union else [0, 0, 0]))
    arguments = [str(toy_model / "recognizer"), "--data", str(tmp_path), "--format", "markdown"]
    assert main(["benchmark", "recognizers", *arguments]) == 0
    header, _, row = (line.split(" | ") for line in capsys.readouterr().out.splitlines()[:3])
    cells = dict(zip((cell.strip("| ") for cell in header), row, strict=True))
    assert cells["union"] == "50.00*"  # 7 of 14
    assert cells["ten lists"] == "69.57*"  # 16 of 23
    assert cells["IC03_860*"] == "100.0"


def test_only_the_lists_asked_for_are_tested(data, toy_model, capsys):
    arguments = ["benchmark", "recognizers", str(toy_model / "recognizer"), *data, "--format", "json"]
    assert main([*arguments, "--sets", "SVT", "lmdb:CUTE80", "--limit", "1"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert list(table["sets"]) == ["SVT", "lmdb:CUTE80"]
    assert table["sets"]["lmdb:CUTE80"] == {"words": 1, "published": None, "in_union": False}
    assert main([*arguments, "--sets", "SVTX"]) == 2


def test_a_bundle_with_a_recipe_has_parameters_and_operations(data, toy_model, tmp_path, capsys):
    source = toy_model / "recognizer" / "model.onnx"
    net = {"name": "four_stage", "feat": "light", "seq": "none"}
    manifest = Manifest(
        "toy",
        "recognition",
        {"name": "ctc", "charset": "ab"},
        {"multiple": 100, "min_width": 100, "max_width": 100},
        recipe={"net": net},
    )
    write_bundle(tmp_path / "toy", manifest, {"model.onnx": source})
    assert main(["benchmark", "recognizers", str(tmp_path / "toy"), *data, "--format", "json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["input"] == [1, 32, 100]
    assert model["parameters"] > 1_000_000
    assert model["operations"] > 100 * model["parameters"]


def test_a_training_run_is_tested_with_torch(data, toy_model, tmp_path, monkeypatch, capsys):
    asked = []

    def load_reader(run: Path, *, threads: int | None = None):
        asked.append((run, threads))
        return Recognizer.load(toy_model / "recognizer", threads)

    monkeypatch.setattr(validate, "load_reader", load_reader)
    run = tmp_path / "run"
    run.mkdir()
    stages = [{"steps": 1, "batch": 1, "lr": 1.0, "data": [{"name": "folder:words"}]}]
    recipe = {
        "name": "toy",
        "task": "recognition",
        "net": {"name": "four_stage", "feat": "light", "seq": "none"},
        "codec": {"name": "ctc", "charset": "ab"},
        "stages": stages,
        "validate": {"data": ["folder:words"], "protocol": "word-accuracy"},
    }
    (run / "recipe.json").write_text(json.dumps(recipe))
    assert main(["benchmark", "recognizers", str(run), *data, "--format", "json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert asked == [(run, 1)]
    assert model["runtime"] == "torch"
    assert model["accuracy"]["CUTE80"] == 1
    (run / "recipe.json").write_text(json.dumps(recipe | {"task": "detection"}))
    assert main(["benchmark", "recognizers", str(run), *data]) == 2
    assert "a run for detection" in capsys.readouterr().err


def test_a_model_that_cannot_be_opened_stops_before_anything_is_tested(data, toy_model, monkeypatch, capsys):
    def recognize(self, crops):
        raise TrainingError("too early")

    monkeypatch.setattr(Recognizer, "recognize", recognize)
    assert main(["benchmark", "recognizers", str(toy_model / "recognizer"), "nothing", *data]) == 2
    assert "nothing: neither a folder nor a packaged model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "name at least one model"), (["toy", "--structure"], "name no models with it")],
)
def test_what_makes_no_sense_is_a_usage_error(arguments, message, capsys):
    assert main(["benchmark", "recognizers", *arguments]) == 2
    assert message in capsys.readouterr().err
