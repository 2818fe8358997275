"""The training loop: every recipe at toy size, resuming, stopping, learning."""

import csv
import json
from dataclasses import replace

import pytest
import torch
from toy_recipes import toy_recipe

from scenetext.errors import SettingsError, TrainingError
from scenetext.learn import engine
from scenetext.learn.checkpoint import load_checkpoint
from scenetext.learn.engine import Options, train
from scenetext.learn.nets.stages import CTCHead
from scenetext.recipe import Optim
from scenetext.settings import build, parse_change, to_dict

SMALL = ("net.seq='none'", "net.seq_args={}")
ONE_BATCH = (
    "stages=[{steps=%d, batch=12, lr=3e-3, schedule='cosine', warmup=5, data=[{name='folder:words'}]}]"
)


def options(toy_data, out, **changes) -> Options:
    return Options(data=toy_data, out=out, **({"workers": 0, "threads": 1, "device": "cpu"} | changes))


def test_a_run_leaves_what_its_folder_promises(toy_data, tmp_path):
    lines = []
    out = tmp_path / "run"
    best = train(toy_recipe("crnn-light"), options(toy_data, out), lines.append)
    assert best == out / "best.safetensors"
    assert json.loads((out / "recipe.json").read_text())["name"] == "crnn-light"
    with (out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2"]
    assert float(rows[0]["ctc"]) > 0
    validation = json.loads((out / "validation.jsonl").read_text().splitlines()[0])
    assert validation["scores"]["folder:words"]["values"].keys() == {"accuracy", "one_minus_ned"}
    assert "truth:" in (out / "samples.txt").read_text()
    assert any("img/s" in line for line in lines)


def train_in_parts(recipe, asked, kill, monkeypatch):
    """A run that is killed at step `kill`, off its last checkpoint, and goes on."""

    def killed(*args):
        if args[1].step == kill:
            raise KeyboardInterrupt
        return real_step(*args)

    real_step = engine._step
    monkeypatch.setattr(engine, "_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, asked)
    monkeypatch.undo()
    assert load_checkpoint(asked.out / "last.safetensors")[1]["step"] == kill - 1
    train(recipe, replace(asked, resume=True))


def assert_same_state(first, second):
    whole, parts = (load_checkpoint(run / "last.safetensors") for run in (first, second))
    assert whole[1] == parts[1]
    for group in ("net", "average", "optimizer", "random"):
        assert whole[0][group].keys() == parts[0][group].keys()
        for key, value in whole[0][group].items():
            assert torch.equal(value, parts[0][group][key]), (group, key)


@pytest.mark.parametrize(
    ("name", "changes", "workers"),
    [
        ("crnn-light", ["optim.ema=0.9"], 1),
        ("crnn-light", ["optim={name='adadelta'}"], 0),
        ("db-light", ["optim={name='sgd', settings={momentum=0.9}}"], 0),
    ],
)
def test_a_run_killed_in_its_second_stage_resumes_on_the_same_trajectory(
    toy_data, tmp_path, name, changes, workers, monkeypatch
):
    recipe = toy_recipe(name, "net.width=16") if name == "db-light" else toy_recipe(name, *SMALL)
    recipe = replace(recipe, stages=(recipe.stages[0], replace(recipe.stages[0], steps=4, schedule="cosine")))
    for change in changes:
        key, value = parse_change(change)
        _, _, field = key.partition(".")
        values = to_dict(recipe.optim) | {field: value} if field else value
        recipe = replace(recipe, optim=build(Optim, values))
    train(recipe, options(toy_data, tmp_path / "whole", workers=workers))
    train_in_parts(recipe, options(toy_data, tmp_path / "parts", workers=workers), 5, monkeypatch)
    assert_same_state(tmp_path / "whole", tmp_path / "parts")
    told = [
        json.loads(line)["step"]
        for line in (tmp_path / "parts" / "validation.jsonl").read_text().splitlines()
    ]
    assert told == [2, 4, 6]


FROZEN = (("backbone.stages.0", "probability"), ("neck", "threshold"), ())


def staged(optim: str):
    """Three stages of four steps: two freeze different parts, the third one none; parts have other rates."""
    recipe = toy_recipe("db-light", "net.width=16", "optim.ema=0.9", optim, "validate.limit=1")
    stage = replace(recipe.stages[0], steps=4, schedule="linear")
    stages = [replace(stage, frozen=frozen, rates={"backbone": 0.1}) for frozen in FROZEN]
    return replace(recipe, stages=(*stages[:2], replace(stages[2], rates={"backbone.stages": 0.5})))


@pytest.fixture(scope="module")
def staged_runs(toy_data, tmp_path_factory):
    """{optimiser: the folder of a whole run in three stages, with its state after each}, made when needed."""
    runs = {}

    def run(optim):
        if optim not in runs:
            runs[optim] = tmp_path_factory.mktemp("staged") / "whole"
            train(staged(optim), options(toy_data, runs[optim]))
        return runs[optim]

    return run


@pytest.mark.parametrize(
    ("optim", "kill"),
    [
        ("optim.name='adamw'", 3),
        ("optim.name='adamw'", 7),
        ("optim.name='adamw'", 9),
        ("optim={name='sgd', ema=0.9, settings={momentum=0.9}}", 5),
    ],
)
def test_a_run_killed_in_any_stage_resumes_with_the_parts_of_that_stage_frozen(
    toy_data, tmp_path, staged_runs, optim, kill, monkeypatch
):
    train_in_parts(staged(optim), options(toy_data, tmp_path), kill, monkeypatch)
    assert_same_state(staged_runs(optim), tmp_path)


def test_what_a_stage_freezes_keeps_weights_statistics_and_optimiser_state(toy_data, tmp_path, monkeypatch):
    seen = []
    recipe = staged("optim.weight_decay=0.5")
    real_step = engine._step

    def watched(model, run, *args):
        figures = real_step(model, run, *args)
        grads = [p.grad for p in run.net.parameters() if p.grad is not None]
        norm = torch.stack([grad.norm() for grad in grads]).norm()
        assert float(norm) <= recipe.optim.clip * 1.001
        state = {
            name: {key: value.clone() for key, value in run.optimizer.state.get(parameter, {}).items()}
            for name, parameter in run.net.named_parameters()
        }
        seen.append(({key: value.clone() for key, value in run.net.state_dict().items()}, state))
        return figures

    monkeypatch.setattr(engine, "_step", watched)
    train(recipe, options(toy_data, tmp_path))
    for index, frozen in enumerate(FROZEN):
        (before, state_before), (after, state_after) = seen[4 * index], seen[4 * index + 3]
        changed = {key for key in after if not torch.equal(before[key], after[key])}
        still = {key for key in after if any(key.startswith(f"{part}.") for part in frozen)}
        assert changed == after.keys() - still
        for name in still & state_after.keys():
            assert state_before[name].keys() == state_after[name].keys()
            for key, value in state_before[name].items():
                assert torch.equal(value, state_after[name][key])
    assert not seen[0][1]["probability.0.0.weight"]  # frozen from the start: nothing is known of it
    assert seen[4][1]["threshold.0.0.weight"]  # frozen later: what is known stays


def test_a_run_that_is_asked_to_stop_saves_its_state_first(toy_data, tmp_path):
    lines = []
    with pytest.raises(KeyboardInterrupt):
        train(toy_recipe("crnn-light"), options(toy_data, tmp_path, stop=lambda: True), lines.append)
    assert load_checkpoint(tmp_path / "last.safetensors")[1]["step"] == 1
    assert lines[-2:] == [
        "stopped after step 1 of 2; go on with --resume",
        "samples used: 2; left out: none",
    ]


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_batch(toy_data, tmp_path, monkeypatch):
    monkeypatch.setattr(CTCHead, "losses", lambda self, frames, targets: {"ctc": frames.sum() * float("nan")})
    with pytest.raises(TrainingError, match=r"step 0: the loss is not finite \(ctc nan\)"):
        train(toy_recipe("crnn-light"), options(toy_data, tmp_path))
    batch = load_checkpoint(tmp_path / "bad_batch.safetensors")[0]["batch"]
    assert batch["images"].shape[0] == 2


def test_an_older_run_is_not_overwritten_and_another_net_not_resumed(toy_data, tmp_path):
    train(toy_recipe("crnn-light"), options(toy_data, tmp_path / "run"))
    with pytest.raises(SettingsError, match="holds a run already"):
        train(toy_recipe("crnn-light"), options(toy_data, tmp_path / "run"))
    for other in (["net.seq='none'", "net.seq_args={}"], ["optim.weight_decay=0.5"], ["resize.max_width=64"]):
        with pytest.raises(SettingsError, match=r"holds a run with another (net|optim|resize)"):
            train(toy_recipe("crnn-light", *other), options(toy_data, tmp_path / "run", resume=True))
    with pytest.raises(SettingsError, match="no run to resume"):
        train(toy_recipe("crnn"), options(toy_data, tmp_path / "new", resume=True))


def test_a_run_can_start_from_another_runs_weights(toy_data, tmp_path):
    train(toy_recipe("crnn-light"), options(toy_data, tmp_path / "first"))
    first = load_checkpoint(tmp_path / "first" / "best.safetensors")[0]["average"]
    still = toy_recipe("crnn-light", "stages.0.lr=0.0", "optim.ema=0.0")
    train(still, options(toy_data, tmp_path / "second", weights=str(tmp_path / "first")))
    second = load_checkpoint(tmp_path / "second" / "best.safetensors")[0]["average"]
    assert torch.equal(first["pred.linear.weight"], second["pred.linear.weight"])


def test_a_run_can_take_parts_of_another_network(toy_data, tmp_path):
    train(toy_recipe("crnn-light"), options(toy_data, tmp_path / "first"))
    first = load_checkpoint(tmp_path / "first" / "best.safetensors")[0]["average"]
    other = toy_recipe("crnn-light", "stages.0.lr=0.0", "optim.ema=0.0", "net.seq_args.hidden=24", "seed=5")
    train(other, options(toy_data, tmp_path / "second", weights=str(tmp_path / "first"), parts=("feat",)))
    second = load_checkpoint(tmp_path / "second" / "best.safetensors")[0]["average"]
    shared = [key for key in first if key.startswith("feat.") and key.endswith("weight")]
    assert shared
    assert all(torch.equal(first[key], second[key]) for key in shared)
    assert first["pred.linear.weight"].shape != second["pred.linear.weight"].shape
    for chosen, weights, message in (
        (("feat", "seqq"), str(tmp_path / "first"), "no part of the net named 'seqq'"),
        (("seq",), str(tmp_path / "first"), "of another shape"),
        (("feat",), None, "--weights"),
    ):
        asked = options(toy_data, tmp_path / "third", weights=weights, parts=chosen)
        with pytest.raises((SettingsError, TrainingError), match=message):
            train(other, asked)
    assert not (tmp_path / "third").exists()


def test_a_run_takes_whole_scenes_of_any_size_one_by_one(toy_data, tmp_path):
    whole = "stages.0.augment={name='whole', shorter=64, longer=160, margin=8.0}"
    train(toy_recipe("db-light", "net.width=16", "stages.0.batch=1", whole), options(toy_data, tmp_path))
    with (tmp_path / "log.csv").open() as file:
        assert [row["images"] for row in csv.DictReader(file)] == ["2"]


def test_a_recogniser_learns_a_few_words_by_heart(toy_data, tmp_path):
    recipe = toy_recipe(
        "crnn-light",
        ONE_BATCH % 100,
        "net.seq='none'",
        "net.seq_args={}",
        "resize.min_width=64",
        "resize.max_width=64",
        "precision=fp32",
        "validate.every=50",
        "validate.limit=0",
        "optim.ema=0.0",
    )
    train(recipe, options(toy_data, tmp_path, overfit=6))
    rows = [json.loads(line) for line in (tmp_path / "validation.jsonl").read_text().splitlines()]
    assert max(row["figure"] for row in rows) == 1.0


def test_a_spotter_may_be_validated_as_a_detector(toy_data, tmp_path):
    recipe = toy_recipe("li2017-light", "validate.protocol='icdar2015-detection'")
    train(recipe, options(toy_data, tmp_path))
    (row,) = [json.loads(line) for line in (tmp_path / "validation.jsonl").read_text().splitlines()]
    assert [score["protocol"] for score in row["scores"].values()] == ["icdar2015-detection"]


@pytest.mark.parametrize("name", ["crnn-light", "db-light"])
def test_the_reported_gradient_and_losses_are_finite_in_mixed_precision(toy_data, tmp_path, name):
    train(toy_recipe(name, "precision=bf16"), options(toy_data, tmp_path))
    with (tmp_path / "log.csv").open() as file:
        row = next(csv.DictReader(file))
    assert 0 < float(row["gradient"]) < 1e4


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("crnn-light", ["validate.protocol='icdar2015-detection'"], "scores detection"),
        ("crnn-light", ["validate.protocol='word-acuracy'"], "did you mean 'word-accuracy'"),
        ("crnn", ["resize.height=16"], "the net cannot take"),
        ("crnn-light", ["net.channels=3"], "the net cannot take"),
        ("db-light", ["codec.stride=3"], "stride 1, 2 or 4"),
        ("db-light", ["stages.0.frozen=['bakbone']"], "stage 0: frozen: .*did you mean 'backbone'"),
        ("db-light", ["stages.0.rates={neck.x=0.1}"], "rates.neck is a float"),
    ],
)
def test_what_cannot_work_is_refused_before_the_folder_is_made(toy_data, tmp_path, name, changes, message):
    with pytest.raises(SettingsError, match=message):
        train(toy_recipe(name, *changes), options(toy_data, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_part_that_does_not_exist_is_refused_in_later_stages_too(toy_data, tmp_path):
    recipe = staged("optim.name='sgd'")
    recipe = replace(recipe, stages=(*recipe.stages[:2], replace(recipe.stages[2], frozen=("neck.9",))))
    with pytest.raises(SettingsError, match=r"stage 2: frozen: .*known: neck\.lateral, neck\.smooth"):
        train(recipe, options(toy_data, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("device", ["gpu", "cuda:77", "meta:x"])
def test_a_device_that_does_not_exist_is_one_clear_error(toy_data, tmp_path, device):
    with pytest.raises(SettingsError, match="--device"):
        train(toy_recipe("crnn-light"), options(toy_data, tmp_path / "run", device=device))


def test_gradients_that_stay_infinite_end_the_run(toy_data, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "gradient_norm", lambda parameters, limit: torch.tensor(float("inf")))
    monkeypatch.setattr(engine, "_MOST_SKIPPED", 2)
    with pytest.raises(TrainingError, match="not finite 2 times in a row"):
        train(toy_recipe("crnn-light", *SMALL), options(toy_data, tmp_path))
