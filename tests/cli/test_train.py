"""`scenetext train`, `export` and `evaluate` on toy data, as one story."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main
from scenetext.synth.fonts import plain_font

TINY = [
    "--set", "stages=[{steps=2, batch=2, lr=1e-3, data=[{name='folder:words'}]}]",
    "--set", "validate.data=['folder:words']",
    "--set", "net.seq='none'",
    "--set", "net.seq_args={}",
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with four word crops."""
    words = tmp_path / "data" / "words"
    words.mkdir(parents=True)
    (tmp_path / "data" / "fonts").mkdir()
    (tmp_path / "data" / "fonts" / "plain.ttf").write_bytes(plain_font())
    rng = np.random.default_rng(0)
    for name in "abcd":
        Image.fromarray(rng.integers(0, 256, (32, 64, 3), dtype=np.uint8)).save(words / f"{name}.png")
    (words / "labels.tsv").write_text("".join(f"{name}.png\t{name}{name}\n" for name in "abcd"))
    return tmp_path / "data"


def options(data: Path, out: Path) -> list[str]:
    return ["--data", str(data), "--out", str(out), "--workers", "0", "--threads", "1", "--device", "cpu"]


def test_train_export_evaluate_and_recognize(data, tmp_path, capsys):
    run, bundle = tmp_path / "run", tmp_path / "bundle"
    assert main(["train", "crnn-light", *TINY, *options(data, run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "best.safetensors")

    assert main(["export", str(run), "--out", str(bundle), "--data", str(data), "--name", "mine"]) == 0
    assert capsys.readouterr().out.strip() == str(bundle)

    scores = []
    for model in (run, bundle):
        arguments = ["--dataset", "folder:words", "--data", str(data), "--format", "json", "--threads", "1"]
        assert main(["evaluate", str(model), *arguments, "--examples", "2"]) == 0
        printed = capsys.readouterr()
        scores.append(json.loads(printed.out))
        assert printed.err.count("truth:") == 2
    assert scores[0]["protocol"] == "word-accuracy"
    assert scores[0]["values"] == scores[1]["values"]

    crop = str(data / "words" / "a.png")
    assert main(["recognize", crop, "--recognizer", str(bundle), "--format", "tsv"]) == 0
    assert capsys.readouterr().out.split("\t")[0] == crop


def test_an_unknown_recipe_or_wrong_change_ends_with_two_and_one_line(data, tmp_path, capsys):
    for arguments in (["crnn-lite"], ["crnn-light", "--set", "optim.clipp=1"], ["crnn-light", "--resume"]):
        assert main(["train", *arguments, *options(data, tmp_path / "none")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_missing_data_leaves_no_run_behind(data, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "crnn-light", *options(tmp_path / "nothing", out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()


def test_a_model_that_cannot_do_the_protocols_task_is_refused(data, toy_model, capsys):
    arguments = ["--dataset", "folder:words", "--data", str(data), "--protocol", "icdar2015-detection"]
    assert main(["evaluate", str(toy_model / "recognizer"), *arguments]) == 2
    assert "cannot do that" in capsys.readouterr().err


def test_a_killed_run_saves_and_resumes(data, tmp_path):
    run = tmp_path / "run"
    steps = [argument.replace("steps=2", "steps=2000") for argument in TINY]
    command = [sys.executable, "-m", "scenetext.cli.main", "train", "crnn-light", *steps, *options(data, run)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step 50/"):
                break
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "go on with --resume" in rest
    assert time.monotonic() - started < 60
    stopped = int(rest.split("stopped after step ")[1].split()[0])
    assert 50 <= stopped < 2000
    resumed = [argument.replace("steps=2", f"steps={stopped + 1}") for argument in TINY]
    assert main(["train", "crnn-light", *resumed, *options(data, run), "--resume"]) == 0
