from __future__ import annotations

import io
import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main
from scenetext.errors import GraphError
from scenetext.geometry import box_polygon
from scenetext.runtime import OrtGraph
from scenetext.types import TextInstance
from toys import write_toy_spotter


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two photos, one in a folder below, and a text file."""
    image = np.full((256, 320, 3), 255, np.uint8)
    image[40:70, 40:100] = 0
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    Image.fromarray(image).save(folder / "one.png")
    image[40:70, 140:200] = 96
    Image.fromarray(image).save(folder / "below" / "two.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def read(toy_model: Path, *arguments: object) -> int:
    return main(["read", "--model", str(toy_model), "--threads", "1", *map(str, arguments)])


def test_one_photo_prints_its_text_alone(
    toy_model: Path, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert read(toy_model, photos / "one.png") == 0
    captured = capsys.readouterr()
    assert captured.out == "a\n"
    assert captured.err == ""


def test_several_photos_are_headed_by_their_names(
    toy_model: Path, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert read(toy_model, photos) == 0
    one, two = photos / "one.png", photos / "below" / "two.png"
    assert capsys.readouterr().out == f"==> {two} <==\na b\n\n==> {one} <==\na\n"


def test_a_pattern_is_expanded_even_if_the_shell_did_not(
    toy_model: Path, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert read(toy_model, photos / "**" / "*.png", "--format", "jsonl") == 0
    names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
    assert names == [str(photos / "below" / "two.png"), str(photos / "one.png")]


def test_json_is_one_object_a_source(toy_model: Path, photos: Path, capsys: pytest.CaptureFixture) -> None:
    assert read(toy_model, photos / "one.png", "--format", "json") == 0
    fields = json.loads(capsys.readouterr().out)
    assert fields["text"] == "a"
    assert (fields["width"], fields["height"]) == (320, 256)
    (instance,) = fields["instances"]
    assert instance["polygon"][0] == pytest.approx([40, 40], abs=2)
    assert fields["seconds"]["total"] > 0


def test_standard_input_is_an_image(
    toy_model: Path, photos: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO((photos / "one.png").read_bytes())
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=data))
    assert read(toy_model, "-", "--format", "tsv") == 0
    assert capsys.readouterr().out.split("\t")[:3] == ["stdin", "0", "a"]


def test_results_go_to_a_file_and_overlays_to_a_folder(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (photos / "below" / "two.png").rename(photos / "below" / "one.png")
    out, overlays = tmp_path / "out.tsv", tmp_path / "deep" / "overlays"
    assert read(toy_model, photos, "--format", "tsv", "--out", out, "--overlay", overlays) == 0
    assert capsys.readouterr().out == ""
    assert [line.split("\t")[2] for line in out.read_text().splitlines()] == ["a", "b", "a"]
    assert sorted(path.name for path in overlays.iterdir()) == ["one-2.jpg", "one.jpg"]
    drawn = np.asarray(Image.open(overlays / "one.jpg")).astype(int)
    assert drawn.shape == (256, 320, 3)
    assert (drawn[..., 1] - drawn[..., 0] > 120).sum() > 50  # the green outline


def test_bad_sources_are_listed_at_the_end_and_the_rest_is_read(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "empty").mkdir()
    bad = photos / "notes.txt"
    assert read(toy_model, "gone.jpg", bad, photos / "one.png", tmp_path / "empty", "x*.png") == 1
    captured = capsys.readouterr()
    assert captured.out.endswith("one.png <==\na\n")
    lines = captured.err.splitlines()
    assert len(lines) == 5
    assert lines[-1] == "scenetext: 4 of 5 sources could not be read"
    for expected in (
        "gone.jpg: No such file",
        "notes.txt: not an image",
        "no images in this folder",
        "x*.png: no file",
    ):
        assert any(expected in line for line in lines)


def test_an_overlay_that_cannot_be_written_is_a_failure_of_its_photo_alone(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    overlays = tmp_path / "overlays"
    (overlays / "two.jpg").mkdir(parents=True)  # in the way of the first
    assert read(toy_model, photos, "--format", "tsv", "--overlay", overlays) == 1
    captured = capsys.readouterr()
    assert [line.split("\t")[2] for line in captured.out.splitlines()] == ["a", "b", "a"]
    assert captured.err.splitlines() == [
        f"scenetext: error: {photos / 'below' / 'two.png'}: its overlay cannot be written (Is a directory)",
        "scenetext: 1 of 2 sources could not be read",
    ]
    assert (overlays / "one.jpg").is_file()


def test_names_that_are_too_long_and_photos_that_a_graph_cannot_take_stop_nothing(
    toy_model: Path, photos: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = OrtGraph.__call__

    def fails_on_wide_views(self: OrtGraph, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if inputs["images"].shape[3] > 320:
            raise GraphError("model.onnx: no room")
        return run(self, inputs)

    monkeypatch.setattr(OrtGraph, "__call__", fails_on_wide_views)
    Image.new("L", (640, 256), 255).save(photos / "below" / "wide.png")
    assert read(toy_model, "x" * 300, photos, "--format", "tsv") == 1
    captured = capsys.readouterr()
    assert [line.split("\t")[2] for line in captured.out.splitlines()] == ["a", "b", "a"]
    long, wide, total = captured.err.splitlines()
    assert long.endswith("xxx: File name too long")
    assert wide.endswith("wide.png: cannot be read (model.onnx: no room)")
    assert total == "scenetext: 2 of 4 sources could not be read"


def test_a_missing_model_is_one_line_and_code_2(photos: Path, capsys: pytest.CaptureFixture) -> None:
    for option in ("--model", "--detector", "--recognizer"):
        assert main(["read", option, "nonsense", str(photos)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--threads", "0"], ["--format", "xml"], ["--max-pixels", "many"], []])
def test_wrong_usage_is_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["read", *arguments, *(["x.jpg"] if arguments else [])])
    assert stop.value.code == 2


def test_texts_are_chosen_from_the_words_of_a_file(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("# two\nAha\nA\n")
    assert read(toy_model, photos / "below" / "two.png", "--lexicon", words) == 0
    assert capsys.readouterr().out == "A\n", "the other word of the photo is none of them"


def test_a_file_keeps_what_it_held_if_nothing_could_be_read(
    toy_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    out.write_text("of yesterday\n")
    assert read(toy_model, photos / "missing.png", "--out", out) == 1
    assert out.read_text() == "of yesterday\n"
    assert read(toy_model, photos / "below" / "two.png", "--out", out) == 0
    assert out.read_text() == "a b\n"


def test_a_lexicon_that_cannot_be_read_is_one_line(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "empty.txt").write_text("# none\n")
    for name, reason in (("empty.txt", "holds no words"), ("missing.txt", "cannot be read")):
        assert read(toy_model, photos, "--lexicon", tmp_path / name) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert reason in captured.err
        assert captured.err.count("\n") == 1


@pytest.fixture(scope="module")
def spotter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds "abc" in the dark box of the photos, and looks at columns 1, 4 and 10 of 12."""
    words = [TextInstance(box_polygon(40, 40, 104, 72), "abc")]
    columns = [np.array([1, 4, 10, 11])]
    return write_toy_spotter(tmp_path_factory.mktemp("told") / "told", words, (256, 320), columns)


def test_explanations_show_each_word_and_where_the_model_looked_at_each_letter(
    spotter: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (photos / "below" / "two.png").rename(photos / "below" / "one.png")
    folder = tmp_path / "deep" / "looks"
    assert read(spotter, photos, "--format", "tsv", "--explain", folder) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[2] for row in rows] == ["abc", "abc"]
    assert rows[0][4] == "40.00,40.00 104.00,40.00 104.00,72.00 40.00,72.00"
    assert sorted(path.name for path in folder.iterdir()) == ["one-2.png", "one.png"]
    sheet = np.asarray(Image.open(folder / "one-2.png")).astype(int)
    word = np.flatnonzero((sheet[60, :, :3] < 12).all(axis=1))  # the photo is black there
    left, width = word[0], 64 / 60 * len(word)  # but for the last 4 of 64 columns of the region
    bright = (sheet[..., 0] > 240) & (sheet[..., 1] > 220) & (sheet[..., 2] < 160)
    lit = [np.flatnonzero(row) for row in bright if row.any()]
    places = list(dict.fromkeys(round((row.mean() - left) / width * 12 - 0.5) for row in lit))
    assert places == [1, 4, 10]


def test_explanations_go_with_lexicons_sizes_and_overlays(
    spotter: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words, folder = tmp_path / "words.txt", tmp_path / "looks"
    words.write_text("ABCD\n")
    more = ("--lexicon", words, "--min-score", "0.1", "--explain", folder, "--overlay", folder)
    assert read(spotter, photos / "one.png", *more) == 0
    assert capsys.readouterr().out == "ABCD\n"
    assert sorted(path.name for path in folder.iterdir()) == ["one.jpg", "one.png"]
    assert read(spotter, photos / "one.png", "--sides", "256", "--explain", folder / "more") == 0
    assert (folder / "more" / "one.png").is_file()


def test_a_model_that_cannot_be_explained_is_one_line_and_nothing_is_made(
    toy_model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert read(toy_model, photos, "--explain", tmp_path / "looks") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "does not put out where it looked at each letter" in captured.err
    assert not (tmp_path / "looks").exists()
    words = [TextInstance(box_polygon(40, 40, 104, 72), "abc")]
    mute = write_toy_spotter(tmp_path / "mute", words, (256, 320), None)
    assert read(mute, photos, "--explain", tmp_path / "looks") == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert "export it again" in captured.err


def test_an_explanation_that_cannot_be_written_is_a_failure_of_its_photo_alone(
    spotter: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "looks" / "two.png").mkdir(parents=True)
    assert read(spotter, photos, "--format", "tsv", "--explain", tmp_path / "looks") == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    assert "two.png: its explanation cannot be written (Is a directory)" in captured.err
    assert (tmp_path / "looks" / "one.png").is_file()
