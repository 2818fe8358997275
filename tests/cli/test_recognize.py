from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main


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


def test_large_numbers_of_crops_stay_aligned(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    levels = np.random.default_rng(0).integers(0, 2, 300)
    for i, level in enumerate(levels):
        Image.new("L", (40 + i % 7 * 20, 30), int(level) * 128).save(tmp_path / f"{i:03}.png")
    assert recognize(toy_model, tmp_path, "--format", "text") == 0
    assert capsys.readouterr().out.split() == ["ab"[level] for level in levels]
