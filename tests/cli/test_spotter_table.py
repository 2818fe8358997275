from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Two photos with a black word, which the toy reads as "aaaa": in one it is that, in the other "bb"."""
    folder = tmp_path / "signs"
    folder.mkdir()
    for name, text in (("one", "aaaa"), ("two", "bb")):
        photo = np.full((128, 160, 3), 255, np.uint8)
        photo[20:40, 10:60] = 0
        Image.fromarray(photo).save(folder / f"{name}.png")
        (folder / f"gt_{name}.txt").write_text(f"10,20,60,20,60,40,10,40,{text}\n")
    (tmp_path / "words.txt").write_text("bb\n")
    return ["--data", str(tmp_path), "--sets", "icdar:signs", "--threads", "1"]


@pytest.fixture
def pair(toy_model: Path) -> str:
    return f"{toy_model / 'detector'}+{toy_model / 'recognizer'}"


def test_places_are_scored_once_and_texts_with_each_lexicon(data, pair, capsys):
    command = ["benchmark", "spotters", pair, *data, "--lexicons", "generic", "weak"]
    assert main([*command, "--format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["sets"] == {"icdar:signs": 2}
    (model,) = table["models"]
    scores = {(s["protocol"], s["lexicon"]): s["values"]["recall"] for s in model["scores"]}
    assert scores["icdar2015-detection", None] == 1
    assert set(scores) == {
        ("icdar2015-detection", None),
        *(("icdar2015-end-to-end", lexicon) for lexicon in (None, "generic", "weak")),
    }
    told = {(s["protocol"], s["lexicon"]): s["parameters"] for s in model["scores"]}
    # "bb" is too short for the protocol's lexicons
    assert told["icdar2015-end-to-end", "weak"]["lexicon"] == "weak: the 1 words of the set"
    assert told["icdar2015-end-to-end", None]["min_score"] == 0.75
    assert "min_score" not in told["icdar2015-detection", None]
    assert model["milliseconds"]["icdar:signs"] > 0
    assert model["runtime"] == "onnxruntime"
    assert model["parameters"] is None  # the toys have no recipe


def test_markdown_has_a_row_for_each_model_and_notes(data, pair, capsys):
    command = ["benchmark", "spotters", pair, pair, *data, "--lexicons", "generic", "--limit", "1"]
    assert main([*command, "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert rows[0] == [
        "model",
        *("icdar:signs icdar2015-detection", "icdar:signs icdar2015-end-to-end"),
        *("icdar:signs icdar2015-end-to-end generic", "icdar:signs ms", "M parameters", "GFLOPs"),
    ]
    assert [row[1] for row in rows[2:]] == ["100.0"] * 2
    assert "- icdar:signs: 1 photos." in lines
    assert "- generic of icdar:signs: generic: words.txt, 1 words." in lines


def test_text_has_a_column_for_each_model(data, pair, capsys):
    assert main(["benchmark", "spotters", pair, pair, *data]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["icdar:signs", "icdar2015-detection", "100.0", "100.0"] in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--protocols", "icdar2015-detection"], "name a protocol for spotting, too"),
        (["--sets", "icdar:nothing"], "nothing"),
        (["--lexicons", "srtong"], "no lexicon 'srtong'"),
        (
            ["--lexicons", "weak", "--protocols", "icdar2015-end-to-end", "totaltext-end-to-end"],
            "make their lexicons of different words (words, texts)",
        ),
    ],
)
def test_what_cannot_be_scored_is_said_before_anything_runs(arguments, message, data, pair, capsys):
    assert main(["benchmark", "spotters", pair, *data, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_model_that_only_locates_is_turned_away(data, toy_model, capsys):
    assert main(["benchmark", "spotters", str(toy_model / "detector"), *data]) == 2
    assert "a detection model, where one for spotting is needed" in capsys.readouterr().err
