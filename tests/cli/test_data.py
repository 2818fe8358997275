"""`scenetext data`: checks and converts, and says by its exit code how it went."""

from __future__ import annotations

import pytest
from PIL import Image

from datasets import TOYS, encoded
from scenetext.cli.main import main
from scenetext.data import open_dataset
from scenetext.data.lmdb_words import write_lmdb
from scenetext.data.targets import TARGETS


@pytest.fixture
def words(tmp_path):
    """An LMDB of sound and unsound words."""
    texts = ["one", "it's", "ab", "a rather long text", "zwölf", "three"]
    pictures = [encoded(picture=Image.new("RGB", (40 + i, 12))) for i in range(len(texts))]
    write_lmdb(tmp_path / "words", list(zip(pictures, texts, strict=True)))
    return tmp_path


def test_a_sound_set_is_fine(words, capsys):
    assert main(["data", "check", "lmdb:words", "--data", str(words)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("lmdb:words: 6 of 6 samples checked\n")
    assert "empty label             none\n" in out


def test_problems_are_printed_and_tell_by_the_exit_code(words, capsys):
    arguments = ["--data", str(words), "--charset", "alphanumeric36", "--max-length", "10"]
    assert main(["data", "check", "lmdb:words", *arguments]) == 1
    out = capsys.readouterr().out
    assert 'missing glyphs          3\n  words/000000002: "\'" in "it\'s"\n' in out
    assert "too long                1\n" in out
    assert "not in the charset: 'ö' (U+00F6): 1" in out


def test_a_sheet_is_a_picture(words, capsys):
    sheet = words / "new" / "sheet.png"
    assert main(["data", "check", "lmdb:words", "--data", str(words), "--sheet", str(sheet)]) == 0
    with Image.open(sheet) as picture:
        assert min(picture.size) > 100
    assert capsys.readouterr().out.endswith(f"sheet: {sheet}\n")


@pytest.mark.parametrize("name", ["sheet", "sheet.txt"])
def test_a_sheet_that_is_no_picture_by_its_name_is_refused_before_the_work(words, capsys, name):
    assert main(["data", "check", "lmdb:words", "--data", str(words), "--sheet", str(words / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"scenetext: error: --sheet {words / name}: its name ends in one of .png, .jpg, .jpeg, .webp\n"
    )


def test_a_few_samples_can_stand_for_all(words, capsys):
    assert main(["data", "check", "lmdb:words", "--data", str(words), "--limit", "2"]) == 0
    assert "2 of 6 samples checked" in capsys.readouterr().out


def test_filters_print_what_they_dropped(words, capsys):
    out = words / "out"
    filters = ["--alphanumeric", "--min-length", "3", "--max-length", "4"]
    arguments = ["--data", str(words), "--to", "tsv", "--out", str(out), *filters]
    assert main(["data", "convert", "lmdb:words", *arguments]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "lmdb:words: 6 samples",
        "alphanumeric: dropped 3, left 3",
        "min-length 3: dropped 1, left 2",
        "max-length 4: dropped 1, left 1",
        f"written: 1 to {out}",
    ]
    assert [word.instances[0].text for word in open_dataset("folder", out)] == ["one"]


def test_a_charset_filters_too(words, capsys):
    out = words / "out"
    arguments = ["--data", str(words), "--to", "lmdb", "--out", str(out), "--charset", "printable94"]
    assert main(["data", "convert", "lmdb:words", *arguments]) == 0
    assert "charset printable94: dropped 2, left 4" in capsys.readouterr().out


def test_a_failure_is_named_and_the_rest_is_written(tmp_path, capsys):
    write_lmdb(tmp_path / "words", [(encoded(), "one"), (b"no picture", "two")])
    arguments = ["--data", str(tmp_path), "--to", "jsonl", "--out", str(tmp_path / "out")]
    assert main(["data", "convert", "lmdb:words", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines()[0].startswith("scenetext: error: words/000000002: not an image")
    assert captured.out.splitlines()[1:] == ["failed: 1", f"written: 1 to {tmp_path / 'out'}"]


@pytest.fixture
def scenes(tmp_path):
    """Two scenes with a wrong line each, and one without labels."""
    for name, line in (("a", "1,2,3"), ("b", "0,0,nine,word")):
        Image.new("RGB", (40, len(name) + ord(name))).save(tmp_path / f"{name}.png")
        (tmp_path / f"gt_{name}.txt").write_text(f"2,2,30,2,30,20,2,20,fine\n{line}\n")
    Image.new("RGB", (40, 20)).save(tmp_path / "c.png")
    return tmp_path


def test_a_wrong_line_stops_a_check_and_a_conversion(scenes, capsys):
    assert main(["data", "check", "icdar", "--data", str(scenes)]) == 2
    assert (
        main(["data", "convert", "icdar", "--data", str(scenes), "--to", "coco", "--out", str(scenes / "o")])
        == 2
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert [f"{scenes / 'gt_a.txt'}:2: " in line for line in err.splitlines()] == [True, True]
    assert not (scenes / "o").exists()


def test_wrong_lines_can_be_left_out_and_are_named_and_counted(scenes, capsys):
    assert main(["data", "check", "icdar", "--data", str(scenes), "--skip-bad"]) == 1
    out, err = capsys.readouterr()
    assert "2 of 2 samples checked" in out
    assert out.endswith("wrong entries left out: 3\n")
    for line, what in zip(
        err.splitlines(), ("gt_a.txt:2: ", "gt_b.txt:2: ", "c.png: no label file"), strict=True
    ):
        assert line.startswith(f"scenetext: error: {scenes}")
        assert what in line
    arguments = [
        "data",
        "convert",
        "icdar",
        "--data",
        str(scenes),
        "--to",
        "coco",
        "--out",
        str(scenes / "o"),
    ]
    assert main([*arguments, "--skip-bad"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "icdar: 2 samples",
        "wrong entries left out: 3",
        f"written: 2 to {scenes / 'o'}",
    ]
    assert [len(scene.instances) for scene in open_dataset("coco", scenes / "o")] == [1, 1]


def test_nothing_to_leave_out_is_fine(tmp_path, capsys):
    split = TOYS["icdar"](tmp_path)
    assert main(["data", "check", f"icdar:{split}", "--data", str(tmp_path), "--skip-bad"]) == 0
    assert capsys.readouterr().out.endswith("wrong entries left out: 0\n")


def test_lost_lexicons_are_told(tmp_path, capsys):
    split = TOYS["svt-words"](tmp_path)
    arguments = ["--data", str(tmp_path), "--to", "tsv", "--out", str(tmp_path / "out")]
    assert main(["data", "convert", f"svt-words:{split}", *arguments]) == 0
    assert "lexicons not written, which tsv cannot hold: 3" in capsys.readouterr().out


def test_the_help_names_every_layout(capsys):
    with pytest.raises(SystemExit):
        main(["data", "convert", "--help"])
    out = capsys.readouterr().out
    assert [name for name in TARGETS if name not in out] == []


def test_an_empty_working_folder_can_be_the_target(words, monkeypatch):
    (words / "here").mkdir()
    monkeypatch.chdir(words / "here")
    assert main(["data", "convert", "lmdb:words", "--data", str(words), "--to", "tsv", "--out", "."]) == 0
    assert len(open_dataset("folder", words / "here")) == 6


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["check", "lmbd:words"], "did you mean 'lmdb'"),
        (["check", "lmdb:words", "--charset", "printabel94"], "did you mean 'printable94'"),
        (["convert", "lmdb:words", "--to", "icdar", "--out", "{}/out"], "icdar cannot hold word crops"),
        (["convert", "lmdb:words", "--to", "zip", "--out", "{}/out"], "no layout named 'zip'"),
        (["convert", "lmdb:words", "--to", "tsv", "--out", "{}/words"], "already there"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, reason, words, capsys):
    assert main(["data", *(argument.format(words) for argument in arguments), "--data", str(words)]) == 2
    err = capsys.readouterr().err
    assert reason in err
    assert err.count("scenetext: error: ") == 1


@pytest.mark.parametrize("wrong", [[], ["chekc", "lmdb"], ["check"], ["convert", "lmdb", "--to", "tsv"]])
def test_wrong_usage_is_one_line(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["data", *wrong])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
