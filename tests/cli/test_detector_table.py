from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Two photos: in one the toy finds the dark word, in the other a blot beside an unseen word."""
    folder = tmp_path / "signs"
    folder.mkdir()
    for name, dark in (("one", (10, 20, 60, 40)), ("two", (80, 60, 120, 80))):
        photo = np.full((128, 160, 3), 255, np.uint8)
        photo[dark[1] : dark[3], dark[0] : dark[2]] = 0
        Image.fromarray(photo).save(folder / f"{name}.png")
        (folder / f"gt_{name}.txt").write_text("10,20,60,20,60,40,10,40,WORD\n")
    return ["--data", str(tmp_path), "--sets", "icdar:signs", "--threads", "1"]


def test_all_protocols_score_what_was_found_once(data, toy_model, capsys):
    protocols = ["icdar2015-detection", "totaltext-detection", "td500-detection"]
    command = ["benchmark", "detectors", str(toy_model / "detector"), *data, "--protocols", *protocols]
    assert main([*command, "--format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["sets"] == {"icdar:signs": 2}
    (model,) = table["models"]
    assert list(model["scores"]["icdar:signs"]) == protocols
    for score in model["scores"]["icdar:signs"].values():
        assert score["values"]["precision"] == pytest.approx(0.5)
        assert score["values"]["recall"] == pytest.approx(0.5)
    assert model["milliseconds"]["icdar:signs"] > 0
    assert model["runtime"] == "onnxruntime"
    assert model["parameters"] is None  # the toy has no recipe


def test_markdown_has_a_row_for_each_model_and_notes(data, toy_model, capsys):
    model = str(toy_model / "detector")
    assert main(["benchmark", "detectors", model, model, *data, "--format", "markdown", "--limit", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert rows[0] == ["model", *(f"icdar:signs {figure}" for figure in ("P", "R", "F", "ms")), *rows[0][5:]]
    assert [row[1:4] for row in rows[2:]] == [["100.0"] * 3] * 2
    assert "- icdar:signs: 1 photos." in lines


def test_text_has_a_column_for_each_model(data, toy_model, capsys):
    model = str(toy_model / "detector")
    assert main(["benchmark", "detectors", model, model, *data]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["icdar:signs", "F", "50.0", "50.0"] in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--protocols", "word-accuracy"], "word-accuracy scores recognition, not detection"),
        (["--protocols", "icdar2015-detect"], "icdar2015-detection"),
        (["--sets", "icdar:nothing"], "nothing"),
    ],
)
def test_what_cannot_be_scored_is_said_before_anything_runs(arguments, message, data, toy_model, capsys):
    assert main(["benchmark", "detectors", str(toy_model / "detector"), *data, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_recogniser_is_turned_away(data, toy_model, capsys):
    assert main(["benchmark", "detectors", str(toy_model / "recognizer"), *data]) == 2
    assert "recognition" in capsys.readouterr().err
