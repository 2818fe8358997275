"""The scripts in benchmarks/: that they start, and what the experiment of pre-training plans and sums up."""

from __future__ import annotations

import argparse
import importlib
import json
import runpy
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scenetext.codecs import make_codec
from scenetext.learn.nets import NETS
from scenetext.recipe import load_recipe

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if "ArgumentParser" in path.read_text("utf-8"))


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name: str) -> Any:
    return importlib.import_module(name)


def planned(experiment: str) -> list[Any]:
    return load("starts").plan(
        argparse.Namespace(
            experiment=experiment, oclip=(8, 6), seeds=2, steps=4, spotter_steps=5, supervised=7
        )
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_how_it_is_used(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [script.name, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    assert script.name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("experiment", "count"), [("systems", 2 + 5 * 3 * 2), ("ablation", 12), ("portions", 9)]
)
def test_the_experiment_plans_trainings_that_recipes_allow(experiment: str, count: int) -> None:
    trainings = planned(experiment)
    assert len({training.name for training in trainings}) == len(trainings) == count
    known: set[str | None] = {None}
    for training in trainings:
        recipe = load_recipe(training.recipe, training.changes)
        make_codec(recipe.codec)
        assert recipe.net["name"] in NETS
        assert training.start in known, "a training waits for one that stands before it"
        known.add(training.name)


def test_seeds_differ_and_nothing_else_between_trainings_from_one_start() -> None:
    by_name = {training.name: training for training in planned("systems")}
    one, other = by_name["db-oclip-1"], by_name["db-oclip-2"]
    assert set(one.changes) ^ set(other.changes) == {"seed=1", "seed=2"}
    assert by_name["db-scratch-1"].changes == one.changes


def test_a_stopped_training_goes_on_and_an_ended_one_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    ended = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: calls.append(command) or ended)
    starts, training = load("starts"), planned("systems")[2]
    (tmp_path / training.name).mkdir()
    (tmp_path / training.name / "last.safetensors").touch()
    assert starts.work(training, None, tmp_path, tmp_path)
    assert "--resume" in calls[0]
    assert starts.work(training, None, tmp_path, tmp_path)
    assert len(calls) == 1


def test_a_training_whose_start_failed_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("begun"))
    failed: Future[bool] = Future()
    failed.set_result(False)
    assert not load("starts").work(planned("systems")[2], failed, tmp_path, tmp_path)


def test_the_table_of_starts_has_mean_and_spread_of_the_seeds() -> None:
    figures = {
        f"db-{start}-{seed}": {"photos": {"hmean": hmean}}
        for start, seed, hmean in [("scratch", 1, 0.10), ("scratch", 2, 0.16), ("oclip", 1, 0.5)]
    }
    assert load("transfer").table(figures, ["photos"]).splitlines()[2:] == [
        "| db-scratch | 2 | 13.0 (6.0) |",
        "| db-oclip | 1 | 50.0 (0.0) |",
    ]


def test_curves_of_one_start_are_averaged_over_seeds_and_sets(tmp_path: Path) -> None:
    for seed, figures in ((1, (0.1, 0.4)), (2, (0.3, 0.6))):
        run = tmp_path / f"db-oclip-{seed}"
        run.mkdir()
        lines = [json.dumps({"step": 5 * i, "figure": figure}) for i, figure in enumerate(figures, 1)]
        (run / "validation.jsonl").write_text("\n".join(lines), "utf-8")
    assert load("curves").starts(sorted(tmp_path.iterdir())) == {
        "db": {"oclip": [(5.0, pytest.approx(20.0)), (10.0, pytest.approx(50.0))]}
    }
