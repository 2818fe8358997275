from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main
from scenetext.errors import GraphError
from scenetext.runtime import OrtGraph


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    for name, level in (("2 black", 0), ("1 grey", 128), ("3 white", 255)):
        Image.new("L", (60, 30), level).save(tmp_path / f"{name}.png")
    return tmp_path


def recognize(toy_model: Path, *arguments: object) -> int:
    return main(["recognize", "--recognizer", str(toy_model / "recognizer"), *map(str, arguments)])


def test_tsv_is_path_text_and_score_in_the_order_given(
    toy_model: Path, crops: Path, capsys: pytest.CaptureFixture
) -> None:
    paths = [str(crops / f"{name}.png") for name in ("2 black", "3 white", "1 grey")]
    assert recognize(toy_model, *paths) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[:2] for row in rows] == [[paths[0], "a"], [paths[1], ""], [paths[2], "b"]]
    assert [float(row[2]) > 0.9 for row in rows] == [True, False, True]


def test_a_folder_is_read_in_order_as_jsonl_or_text(
    toy_model: Path, crops: Path, capsys: pytest.CaptureFixture
) -> None:
    assert recognize(toy_model, crops, "--format", "jsonl") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["text"] for row in rows] == ["b", "a", ""]
    assert list(rows[0]) == ["path", "text", "score"]
    assert recognize(toy_model, crops, "--format", "text") == 0
    assert capsys.readouterr().out == "b\na\n\n"


def test_a_bad_crop_is_listed_and_the_rest_is_read(
    toy_model: Path, crops: Path, capsys: pytest.CaptureFixture
) -> None:
    (crops / "2 black.png").write_bytes(b"")
    assert recognize(toy_model, crops) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    assert "2 black.png: the file is empty" in captured.err


def test_the_pixel_limit_is_an_option(toy_model: Path, crops: Path, capsys: pytest.CaptureFixture) -> None:
    Image.new("L", (61, 30)).save(crops / "4 large.png")
    assert recognize(toy_model, crops, "--max-pixels", 60 * 30, "--format", "text") == 1
    captured = capsys.readouterr()
    assert captured.out == "b\na\n\n"
    assert "4 large.png: 61 x 30" in captured.err
    assert captured.err.splitlines()[0].endswith("; raise max_pixels to decode it (--max-pixels)")


def test_a_crop_that_a_graph_cannot_take_is_listed_and_the_rest_is_read(
    toy_model: Path, crops: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = OrtGraph.__call__

    def fails_on_black(self: OrtGraph, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if (inputs["images"].max(axis=(1, 2, 3)) < 0).any():
            raise GraphError("model.onnx: no room")
        return run(self, inputs)

    monkeypatch.setattr(OrtGraph, "__call__", fails_on_black)
    assert recognize(toy_model, crops, "--format", "jsonl") == 1
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [(Path(row["path"]).stem, row["text"]) for row in rows] == [("1 grey", "b"), ("3 white", "")]
    assert captured.err.splitlines() == [
        f"scenetext: error: {crops / '2 black.png'}: cannot be read (model.onnx: no room)",
        "scenetext: 1 of 3 sources could not be read",
    ]


def test_large_numbers_of_crops_stay_aligned(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    levels = np.random.default_rng(0).integers(0, 2, 300)
    for i, level in enumerate(levels):
        Image.new("L", (40 + i % 7 * 20, 30), int(level) * 128).save(tmp_path / f"{i:03}.png")
    assert recognize(toy_model, tmp_path, "--format", "text") == 0
    assert capsys.readouterr().out.split() == ["ab"[level] for level in levels]


def test_texts_are_chosen_from_the_words_of_a_file(
    toy_model: Path, crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = tmp_path / "words.lst"
    words.write_text("Ab\nB\n")
    assert recognize(toy_model, crops / "1 grey.png", "--lexicon", words, "--format", "text") == 0
    assert capsys.readouterr().out == "B\n"
    assert recognize(toy_model, crops / "2 black.png", "--lexicon", words) == 0
    _, text, score = capsys.readouterr().out.split("\t")
    assert text == "Ab", "the likeliest of the words"
    assert float(score) < 0.1
