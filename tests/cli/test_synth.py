"""`scenetext synth`: what it writes can be read back as a data set."""

from __future__ import annotations

import numpy as np
import pytest

from scenery import write_fonts, write_photos
from scenetext.cli.main import main
from scenetext.data import open_dataset
from scenetext.synth.scenes import SceneSynth
from scenetext.synth.score_sheets import ScoreSynth
from scenetext.synth.words import WordSynth


@pytest.fixture
def places(tmp_path):
    fonts, photos = write_fonts(tmp_path / "fonts"), write_photos(tmp_path / "photos")
    return ["--fonts", str(fonts), "--backgrounds", str(photos)]


def test_words_come_back_from_their_lmdb(places, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["synth", "words", *places, "--count", "5", "--seed", "3", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    words = open_dataset("lmdb", out)
    drawn = WordSynth(places[1], places[3])
    assert [word.instances[0].text for word in words] == [
        drawn.sample(seed).instances[0].text for seed in range(3, 8)
    ]
    assert words[0].image.ndim == 3


def test_scenes_come_back_with_their_polygons(places, tmp_path):
    out = tmp_path / "out"
    arguments = ["--count", "3", "--out", str(out), "--set", "size=160", "--set", "empty=0.0"]
    assert main(["synth", "scenes", *places, *arguments]) == 0
    scenes = {scene.name: scene for scene in open_dataset("icdar", out)}
    drawn = SceneSynth(places[1], places[3], size=160, empty=0.0)
    for seed in range(3):
        expected = drawn.sample(seed)
        found = scenes[expected.name]
        assert found.image.shape == (160, 160, 3)
        assert len(found.instances) == len(expected.instances)
        for a, b in zip(found.instances, expected.instances, strict=True):
            assert a.legible == b.legible
            assert a.polygon == pytest.approx(b.polygon, abs=0.51)


def test_scenes_as_json_lines_come_back_with_the_outlines_of_their_characters(places, tmp_path):
    out = tmp_path / "out"
    arguments = ["--count", "3", "--out", str(out), "--set", "size=160", "--set", "empty=0.0"]
    assert main(["synth", "scenes", *places, *arguments, "--layout", "jsonl"]) == 0
    drawn, seen = SceneSynth(places[1], places[3], size=160, empty=0.0), 0
    for seed, found in enumerate(open_dataset("folder:out", tmp_path)):
        for a, b in zip(found.instances, drawn.sample(seed).instances, strict=True):
            assert (a.text, a.legible) == (b.text, b.legible)
            assert a.polygon == pytest.approx(b.polygon, abs=0.01)
            if b.text is not None and b.characters is not None:
                seen += len(b.text)
                assert a.characters == pytest.approx(b.characters, abs=0.01)
    assert seen


def test_music_comes_back_with_its_pitches_and_clean_music_needs_no_photographs(places, tmp_path, capsys):
    for out, arguments in ((tmp_path / "clean", ["--set", "augmented=0"]), (tmp_path / "photo", places[2:])):
        assert main(["synth", "music", *arguments, "--count", "4", "--seed", "7", "--out", str(out)]) == 0
        assert capsys.readouterr().out.strip() == str(out)
        fragments = open_dataset(f"folder:{out.name}", tmp_path)
        drawn = ScoreSynth(places[3]) if out.name == "photo" else ScoreSynth(augmented=0.0)
        for seed, fragment in enumerate(fragments, start=7):
            expected = drawn.sample(seed)
            assert fragment.instances[0].text == expected.instances[0].text
            np.testing.assert_array_equal(fragment.image, expected.source)


@pytest.mark.parametrize(("kind", "missing"), [("words", "fonts"), ("scenes", "backgrounds")])
def test_words_and_scenes_ask_for_their_material(places, tmp_path, kind, missing, capsys):
    at = places.index(f"--{missing}")
    given = places[:at] + places[at + 2 :]
    assert main(["synth", kind, *given, "--count", "1", "--out", str(tmp_path / "new")]) == 2
    assert f"synth {kind} needs --{missing} DIR" in capsys.readouterr().err


def test_a_place_that_is_not_empty_and_a_wrong_setting_are_refused(places, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    for arguments in (
        ["--out", str(tmp_path / "full"), "--count", "1"],
        ["--out", str(tmp_path / "new"), "--count", "1", "--set", "curvd=1"],
        ["--out", str(tmp_path / "new"), "--count", "1", "--set", "curved"],
    ):
        assert main(["synth", "words", *places, *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--count", "0"], ["--count", "2", "--seed", "-1"], ["--count", "x"]])
def test_numbers_out_of_range_are_usage_errors(places, tmp_path, wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["synth", "words", *places, "--out", str(tmp_path / "out"), *wrong])
    assert caught.value.code == 2
    assert "whole number" in capsys.readouterr().err
