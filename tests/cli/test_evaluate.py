from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main
from scenetext.learn import validate
from scenetext.recipe import Validate, load_recipe
from scenetext.recognizer import Recognizer


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Arguments for a folder of four crops, of which the toy reads three as they are labelled; and scenes."""
    words, scenes = tmp_path / "words", tmp_path / "scenes"
    for folder in (words, scenes):
        folder.mkdir()
    for name, level in (("1", 0), ("2", 128), ("3", 255), ("4", 0)):
        Image.new("L", (60, 30), level).save(words / f"{name}.png")
    (words / "labels.tsv").write_text("1.png\ta\n2.png\tb\n3.png\tc\n4.png\ta\n")
    scene = np.full((256, 320, 3), 255, np.uint8)
    scene[40:70, 40:100], scene[40:70, 140:200] = 0, 96
    Image.fromarray(scene).save(scenes / "s.png")
    boxes = {left: [[left, 40], [left + 60, 40], [left + 60, 70], [left, 70]] for left in (40, 140)}
    instances = [{"polygon": box, "text": text} for box, text in zip(boxes.values(), "ab", strict=True)]
    (scenes / "labels.jsonl").write_text(json.dumps({"path": "s.png", "instances": instances}) + "\n")
    return ["--data", str(tmp_path), "--format", "json", "--threads", "1"]


def test_a_bundle_is_scored_by_the_protocol_of_its_task(data, toy_model, capsys):
    arguments = ["evaluate", str(toy_model / "recognizer"), "--dataset", "folder:words", *data]
    assert main([*arguments, "--examples", "1"]) == 0
    printed = capsys.readouterr()
    score = json.loads(printed.out)
    assert score["protocol"] == "word-accuracy"
    assert score["values"]["accuracy"] == 0.75
    assert printed.err.count("truth:") == 1
    assert main([*arguments, "--limit", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"words": 2, "correct": 2}


@pytest.mark.parametrize(("change", "correct"), [("iou=0.3", 2), ("iou=0.999", 0)])
def test_settings_of_the_protocol_can_be_changed_and_its_name_tells(data, toy_model, capsys, change, correct):
    arguments = ["evaluate", str(toy_model / "detector"), "--dataset", "folder:scenes", *data]
    assert main([*arguments, "--set", change]) == 0
    score = json.loads(capsys.readouterr().out)
    assert score["protocol"] == f"icdar2015-detection[{change}]"
    assert score["counts"]["correct"] == correct
    assert main([*arguments, "--set", "iuo=0.7"]) == 2
    assert "setting of icdar2015-detection" in capsys.readouterr().err


def test_a_pair_of_bundles_is_scored_end_to_end(data, toy_model, capsys):
    pair = f"{toy_model / 'detector'}+{toy_model / 'recognizer'}"
    assert main(["evaluate", pair, "--dataset", "folder:scenes", *data]) == 0
    score = json.loads(capsys.readouterr().out)
    assert score["protocol"] == "icdar2015-end-to-end"
    assert score["values"]["hmean"] == 1


def test_scenes_for_a_recogniser_are_one_line(data, toy_model, capsys):
    assert main(["evaluate", str(toy_model / "recognizer"), "--dataset", "folder:scenes", *data]) == 2
    err = capsys.readouterr().err
    assert "s.png holds 2 instances; name a data set of word crops" in err
    assert err.strip().count("\n") == 0


def test_a_run_is_scored_as_it_was_validated_with_the_threads_asked_for(
    data, toy_model, tmp_path, monkeypatch, capsys
):
    asked = []

    def load_run(run: Path, *, threads: int | None = None):
        asked.append((run, threads))
        recipe = replace(
            load_recipe("crnn-light"), validate=Validate(("folder:words",), "word-accuracy-exact")
        )
        return Recognizer.load(toy_model / "recognizer", threads), recipe

    monkeypatch.setattr(validate, "load_run", load_run)
    run = tmp_path / "run"
    run.mkdir()
    (run / "recipe.json").write_text("{}")
    assert main(["evaluate", str(run), "--dataset", "folder:words", *data, "--threads", "2"]) == 0
    assert asked == [(run, 2)]
    assert "word-accuracy-exact" in capsys.readouterr().out, "the protocol that the run was validated by"


def test_a_bundle_is_scored_by_the_protocol_it_was_validated_by(data, toy_model, tmp_path, capsys):
    shutil.copytree(toy_model / "recognizer", tmp_path / "model")
    place = tmp_path / "model" / "model.json"
    manifest = json.loads(place.read_text())
    manifest["recipe"] = {"validate": {"protocol": "word-accuracy-exact"}}
    place.write_text(json.dumps(manifest))
    assert main(["evaluate", str(tmp_path / "model"), "--dataset", "folder:words", *data]) == 0
    assert "word-accuracy-exact" in capsys.readouterr().out


def test_a_least_score_is_for_readers(data, toy_model, capsys):
    arguments = ["--dataset", "folder:words", *data, "--min-score", "0.5"]
    assert main(["evaluate", str(toy_model / "recognizer"), *arguments]) == 2
    assert "--min-score is for readers" in capsys.readouterr().err


def test_sides_are_for_a_model_that_locates_and_reads_in_one(data, toy_model, capsys):
    pair = f"{toy_model / 'detector'}+{toy_model / 'recognizer'}"
    assert main(["evaluate", pair, "--dataset", "folder:scenes", *data, "--sides", "480,720"]) == 2
    assert "--sides is for models that locate and read in one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("choice", "description"),
    [
        ("2", "2 words an image, of 3 of the set, seed 0"),
        ("strong", "strong: 100 words an image, of 3 of the set, seed 0"),
        ("weak", "weak: the 3 words of the set"),
        ("generic", "generic: words.txt, 2 words"),
    ],
)
def test_crops_are_read_with_a_lexicon_that_the_score_names(
    data, toy_model, tmp_path, capsys, choice, description
):
    (tmp_path / "words.txt").write_text("A\nB\n")
    arguments = ["--dataset", "folder:words", *data, "--lexicon", choice]
    assert main(["evaluate", str(toy_model / "recognizer"), *arguments]) == 0
    score = json.loads(capsys.readouterr().out)
    assert score["parameters"] == {"compare": "alphanumeric", "lexicon": description}
    assert score["values"]["accuracy"] == 0.75, "the toy cannot write the fourth"


def test_scenes_are_read_with_their_lexicons(data, toy_model, capsys):
    arguments = ["--dataset", "folder:scenes", *data, "--lexicon", "strong"]
    assert main(["evaluate", str(toy_model), *arguments]) == 2, "a folder of bundles is no MODEL"
    capsys.readouterr()
    pair = f"{toy_model / 'detector'}+{toy_model / 'recognizer'}"
    assert main(["evaluate", pair, *arguments, "--set", "vocabulary=texts"]) == 0
    score = json.loads(capsys.readouterr().out)
    assert score["values"]["hmean"] == 1
    assert score["parameters"]["lexicon"].startswith("strong: 100 words")
    assert main(["evaluate", pair, *arguments]) == 2, "a and b are too short for ICDAR's lexicons"
    assert "holds no word for a lexicon" in capsys.readouterr().err


def test_scenes_are_read_with_a_folder_of_lexicons(data, toy_model, tmp_path, capsys):
    (tmp_path / "voc").mkdir()
    (tmp_path / "voc" / "voc_s.txt").write_text("A\nB\n")
    pair = f"{toy_model / 'detector'}+{toy_model / 'recognizer'}"
    arguments = ["--dataset", "folder:scenes", *data, "--protocol", "icdar2013-end-to-end"]
    assert main(["evaluate", pair, *arguments, "--lexicon", str(tmp_path / "voc")]) == 0
    score = json.loads(capsys.readouterr().out)
    assert score["values"]["hmean"] == 1
    assert score["parameters"]["lexicon"] == "voc, of 1 images"


def test_lexicons_that_are_missing_or_without_use_are_one_line(data, toy_model, capsys):
    for model, dataset, choice, message in (
        ("recognizer", "folder:words", "official", "comes without a lexicon"),
        ("recognizer", "folder:words", "nowhere.txt", "no lexicon 'nowhere.txt'"),
        ("detector", "folder:scenes", "weak", "compares no texts"),
    ):
        arguments = ["--dataset", dataset, *data, "--lexicon", choice]
        assert main(["evaluate", str(toy_model / model), *arguments]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.strip().count("\n") == 0
