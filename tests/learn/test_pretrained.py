"""From every recipe of pre-training to a backbone that a detector starts from."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from toy_recipes import toy_recipe

from scenetext.bundle import load_bundle
from scenetext.cli.main import main
from scenetext.errors import BundleError, SettingsError, TrainingError
from scenetext.learn.checkpoint import initial_weights, load_checkpoint
from scenetext.learn.engine import Options, train
from scenetext.learn.export import export
from scenetext.learn.nets.backbones import make_backbone
from scenetext.learn.pretrained import export_backbone
from scenetext.learn.validate import load_reader
from scenetext.recipe import load_recipe, recipe_names

RECIPES = [name for name in recipe_names() if load_recipe(name).task == "pretraining"]


def options(toy_data, out, **changes):
    return Options(data=toy_data, out=out, workers=0, threads=1, device="cpu", **changes)


@pytest.fixture(scope="module")
def run(toy_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("pretraining") / "run"
    train(toy_recipe("oclip-light"), options(toy_data, out))
    return out


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_two_steps_is_scored_and_exports_its_backbone(toy_data, tmp_path, capsys, name):
    run, data = tmp_path / "run", ["--data", str(toy_data)]
    train(toy_recipe(name), options(toy_data, run))
    assert main(["evaluate", str(run), "--dataset", "icdar:scenes", "--threads", "1", *data]) == 0
    assert "bag-retrieval" in capsys.readouterr().out
    assert main(["export", str(run), "--out", str(tmp_path / "made"), "--threads", "1", *data]) == 0
    bundle = load_bundle(capsys.readouterr().out.strip(), "pretraining")
    assert "probe" in bundle.manifest.scores["icdar:scenes"]["bag-retrieval"]
    assert sorted(path.name for path in bundle.folder.iterdir()) == [
        "README.md",
        "backbone.safetensors",
        "model.json",
    ]
    best = load_checkpoint(run / "best.safetensors")[0]["average"]
    kept = load_file(bundle.folder / "backbone.safetensors")
    assert kept.keys() == {key for key in best if key.startswith("backbone.")}
    make_backbone("clip-light").load_state_dict({key.removeprefix("backbone."): v for key, v in kept.items()})
    assert all(torch.equal(value, best[key]) for key, value in kept.items())


def test_a_detector_starts_from_the_backbone_alone(toy_data, tmp_path, run):
    bundle = export_backbone(run, tmp_path / "made", threads=1).folder
    weights, parts = initial_weights(str(bundle))
    assert parts == ("backbone",)
    recipe = toy_recipe("db-light", "net.backbone='clip-light'", "stages.0.lr=0.0", "optim.ema=0.0")
    best = train(recipe, options(toy_data, tmp_path / "db", weights=str(bundle)))
    after = load_checkpoint(best)[0]["average"]
    learnt = {key: value for key, value in weights.items() if "running" not in key and "num_b" not in key}
    assert all(torch.equal(value, after[key]) for key, value in learnt.items())
    # the same from the run itself, of which one part is asked for
    train(recipe, options(toy_data, tmp_path / "db2", weights=str(run), parts=("backbone",)))


def test_another_backbone_takes_none_of_it(toy_data, tmp_path, run):
    bundle = export_backbone(run, tmp_path / "made", threads=1).folder
    with pytest.raises(TrainingError, match=r"weights missing, e\.g\. backbone\.stem"):
        train(toy_recipe("db-light"), options(toy_data, tmp_path / "db", weights=str(bundle)))


def test_what_reads_nothing_is_no_model(tmp_path, run, capsys):
    bundle = export_backbone(run, tmp_path / "made", threads=1).folder
    with pytest.raises(BundleError, match="a pretraining model, where one for detection"):
        load_bundle(bundle, "detection")
    with pytest.raises(SettingsError, match="no graph"):
        export(run, tmp_path / "other")
    with pytest.raises(SettingsError, match="reads nothing"):
        load_reader(run)
    for option in ("--int8", "--no-weights"):
        assert main(["export", str(run), "--out", str(tmp_path / "other"), "--unscored", option]) == 2
        assert "this run has a backbone" in capsys.readouterr().err
    assert main(["read", "photo.jpg", "--model", str(bundle)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["evaluate", str(bundle), "--dataset", "icdar:scenes"]) == 2
    assert "score the run" in capsys.readouterr().err
    scored = ["--truth", str(tmp_path), "--predictions", str(tmp_path), "--protocol", "bag-retrieval"]
    assert main(["score", *scored]) == 2
    assert "scenetext evaluate RUN" in capsys.readouterr().err


def test_explain_draws_a_picture_for_each_photo(toy_data, tmp_path, run, capsys):
    photos = sorted((toy_data / "backgrounds").iterdir())
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    command = ["explain", str(run), *map(str, photos), str(broken), "--words", "exit, gate", "--threads", "1"]
    assert main([*command, "--out", str(tmp_path / "looks")]) == 1
    assert "broken.jpg" in capsys.readouterr().err
    assert sorted(p.stem for p in (tmp_path / "looks").iterdir()) == sorted(p.stem for p in photos)
    train(toy_recipe("db-light"), options(toy_data, tmp_path / "db"))
    assert main(["explain", str(tmp_path / "db"), str(photos[0]), "--words", "a"]) == 2
    assert "read --explain" in capsys.readouterr().err
