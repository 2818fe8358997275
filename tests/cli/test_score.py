from __future__ import annotations

import argparse
import json
import subprocess
import sys

import pytest

from datasets import PICTURE
from scenetext.cli import score
from scenetext.errors import DataError, ScenetextError, SettingsError


def run(*arguments):
    parser = argparse.ArgumentParser()
    score.configure(parser)
    return score.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def folders(tmp_path):
    """Two images: one word found and read, one found and misread, one missed, one false, one don't-care."""
    truth, predictions = tmp_path / "truth", tmp_path / "predictions"
    truth.mkdir()
    predictions.mkdir()
    (truth / "gt_img_1.txt").write_bytes(
        b"\xef\xbb\xbf0,0,100,0,100,20,0,20,Hello, you!\r\n0,50,100,50,100,70,0,70,World\r\n"
        b"0,100,100,100,100,120,0,120,###\r\n"
    )
    (truth / "gt_img_2.txt").write_text("0,0,100,0,100,20,0,20,Missed\n")
    (predictions / "res_img_1.txt").write_text(
        "1,1,99,1,99,20,1,20,hello, you\n0,50,100,50,100,70,0,70,Word\n"
        "0,100,100,100,100,120,0,120,noise\n200,0,300,0,300,20,200,20,false\n"
    )
    return ["--truth", truth, "--predictions", predictions]


def test_a_score_is_printed_as_text(folders, capsys):
    assert run(*folders, "--protocol", "icdar2015-detection") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("icdar2015-detection  (iou 0.5, ")
    assert "precision    0.6667" in lines
    assert "recall       0.6667" in lines


def test_a_score_is_printed_as_json(folders, capsys):
    assert run(*folders, "--protocol", "icdar2015-end-to-end", "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["protocol"] == "icdar2015-end-to-end"
    assert data["counts"] == {"images": 2, "truth": 3, "predictions": 3, "located": 2, "correct": 1}
    assert data["values"]["hmean"] == pytest.approx(1 / 3, abs=1e-6)


def test_the_boxes_of_icdar_2013_are_scored_as_the_competition_writes_them(tmp_path, capsys):
    truth, predictions = tmp_path / "truth", tmp_path / "predictions"
    for folder in (truth, predictions):
        folder.mkdir()
    (truth / "gt_img_1.txt").write_text('38, 43, 920, 215, "Tiredness, kills"\r\n10 250 90 290 "###"\n')
    (predictions / "res_img_1.txt").write_text("40,45,915,214\n12,252,88,288\n300,300,400,330\n")
    run("--truth", truth, "--predictions", predictions, "--protocol", "icdar2013-deteval", "--format", "json")
    score = json.loads(capsys.readouterr().out)
    assert score["counts"] == {"images": 1, "truth": 1, "predictions": 2}
    assert (score["values"]["recall"], score["values"]["precision"]) == (1, 0.5)
    (predictions / "res_img_1.txt").write_text('40,45,915,214,"tiredness, kills"\n300,300,400,330,noise\n')
    paths = ["--truth", truth, "--predictions", predictions, "--format", "json"]
    run(*paths, "--protocol", "icdar2013-end-to-end")
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert counts == {"images": 1, "truth": 1, "predictions": 2, "located": 1, "correct": 1}
    run(*paths, "--protocol", "icdar2013-word-spotting")
    counts = json.loads(capsys.readouterr().out)["counts"]  # two words are no word
    assert counts == {"images": 1, "truth": 0, "predictions": 1, "located": 0, "correct": 0}


def test_images_without_predictions_count_and_are_told(folders, capsys):
    run(*folders, "--protocol", "icdar2015-detection", "--format", "json")
    captured = capsys.readouterr()
    assert "1 of 2 have no prediction (img_2" in captured.err
    assert json.loads(captured.out)["counts"]["images"] == 2


def test_settings_of_a_protocol_can_be_changed(folders, capsys):
    run(*folders, "--protocol", "icdar2015-detection", "--set", "iou=0.95", "--format", "json")
    data = json.loads(capsys.readouterr().out)
    assert data["protocol"] == "icdar2015-detection[iou=0.95]"
    assert data["counts"]["correct"] == 1
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        run(*folders, "--protocol", "icdar2015-detection", "--set", "iou")


def test_words_are_scored_from_two_tables_by_path_or_by_file_name(tmp_path, capsys):
    truth, predictions = tmp_path / "labels.tsv", tmp_path / "read.tsv"
    truth.write_text("test/1.png\tHello\ntest/2.png\tWorld\ntest/3.png\tx\n")
    predictions.write_text("crops/2.png\tword\t0.5\ncrops/1.png\thello!\t0.9\n")
    run("--truth", truth, "--predictions", predictions, "--protocol", "word-accuracy", "--format", "json")
    captured = capsys.readouterr()
    assert json.loads(captured.out)["counts"] == {"words": 3, "correct": 1}
    assert "1 of 3 have no prediction (3.png" in captured.err


def test_pitches_are_scored_by_token(tmp_path, capsys):
    truth, predictions = tmp_path / "labels.tsv", tmp_path / "read.tsv"
    truth.write_text("1.png\tC4 D4 E4\n2.png\tG4\n")
    predictions.write_text("1.png\tC4 D5 E4\t0.5\n")
    run("--truth", truth, "--predictions", predictions, "--protocol", "music", "--format", "json")
    captured = capsys.readouterr()
    assert json.loads(captured.out)["values"] == {"accuracy": 0.0, "edit_distance": 1.0}
    assert "1 of 2 have no prediction (2.png" in captured.err


@pytest.fixture
def totaltext(tmp_path):
    """Total-Text with two test pictures, and results for one of them."""
    root, results = tmp_path / "data", tmp_path / "results"
    images, labels = root / "totaltext/Images/Test", root / "totaltext/Groundtruth/Polygon/Test"
    for folder in (images, labels, results):
        folder.mkdir(parents=True)
    for name in ("img1", "img2"):
        PICTURE.save(images / f"{name}.jpg")
        (labels / f"poly_gt_{name}.txt").write_text(
            "x: [[2 20 40 40 20 2]], y: [[4 2 4 14 12 14]], ornt: [u'c'], transcriptions: [u'CURVED']\n"
            "x: [[44 58 58 44]], y: [[2 2 20 20]], ornt: [u'#'], transcriptions: [u'#']\n"
        )
    (results / "res_img1.txt").write_text("2,4,20,2,40,4,40,14,20,12,2,14\n44,2,58,2,58,20,44,20\n")
    return root, results


def test_the_truth_can_be_a_data_set(totaltext, capsys):
    root, results = totaltext
    asked = ["--predictions", results, "--protocol", "totaltext-detection", "--format", "json"]
    run("--truth", "totaltext:test", "--data", root, *asked)
    captured = capsys.readouterr()
    counts = json.loads(captured.out)["counts"]
    assert counts == {"images": 2, "truth": 2, "predictions": 1, "correct": 1}
    assert "1 of 2 have no prediction (img2" in captured.err
    (results / "img3.txt").write_text("")
    with pytest.raises(DataError, match="hold 'img3', which the truth does not"):
        run("--truth", "totaltext:test", "--data", root, *asked)


def test_a_path_that_exists_wins_over_a_data_set(totaltext, tmp_path, monkeypatch, capsys):
    root, results = totaltext
    monkeypatch.chdir(tmp_path)
    for name in ("icdar", "totaltext:test"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "gt_img1.txt").write_text("2,4,20,2,40,4,40,14,20,12,2,14,CURVED\n")
        run("--truth", name, "--data", root, "--predictions", results, "--protocol", "totaltext-detection")
        assert "images       1" in capsys.readouterr().out


def test_crops_of_a_data_set_are_scored_by_path_or_by_file_name(tmp_path, capsys):
    words = tmp_path / "data" / "test"
    words.mkdir(parents=True)
    for name in ("1.png", "2.png"):
        PICTURE.save(words / name)
    (words / "labels.tsv").write_text("1.png\tHello\n2.png\tWorld\n")
    predictions = tmp_path / "read.tsv"
    predictions.write_text("crops/2.png\tworld\t0.5\n")
    asked = ["--data", tmp_path / "data", "--predictions", predictions, "--format", "json"]
    run("--truth", "folder:test", *asked, "--protocol", "word-accuracy")
    assert json.loads(capsys.readouterr().out)["counts"] == {"words": 2, "correct": 1}


def test_words_are_not_scored_on_scenes(totaltext, tmp_path):
    predictions = tmp_path / "read.tsv"
    predictions.write_text("img1.jpg\tx\n")
    with pytest.raises(SettingsError, match="scores word crops, but img1 holds 2 instances"):
        run(
            *("--truth", "totaltext:test", "--data", totaltext[0]),
            *("--predictions", predictions, "--protocol", "word-accuracy"),
        )


@pytest.mark.parametrize(
    ("truth", "error"),
    [
        ("totaltxt:test", r"no data set named 'totaltxt'.*totaltext"),
        ("totaltext:val", r"no split of totaltext named 'val'"),
        ("gt.zip", r"gt\.zip: no such folder, zip or file, and no data set"),
    ],
)
def test_a_truth_that_is_neither_a_path_nor_a_data_set_is_an_error(totaltext, truth, error):
    root, results = totaltext
    with pytest.raises(ScenetextError, match=error):
        run("--truth", truth, "--data", root, "--predictions", results, "--protocol", "totaltext-detection")


def test_errors_are_those_of_the_library(folders, tmp_path):
    with pytest.raises(SettingsError, match="no protocol named"):
        run(*folders, "--protocol", "icdar")
    with pytest.raises(DataError, match="no such folder, zip or file"):
        run("--truth", tmp_path / "none", "--predictions", tmp_path, "--protocol", "icdar2015-detection")


def test_help_needs_none_of_the_heavy_packages():
    code = (
        "import argparse, sys; from scenetext.cli import score; p = argparse.ArgumentParser();"
        "score.configure(p); p.format_help();"
        "print([name for name in ('numpy', 'shapely', 'PIL') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
