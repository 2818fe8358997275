from __future__ import annotations

import argparse
import importlib

import pytest

from scenetext.cli.arguments import lengths, names, positive, share, whole
from scenetext.cli.main import COMMANDS, main


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (positive, {"1": 1, "64": 64}, ["0", "-1", "1.5", "many", ""]),
        (whole, {"0": 0, "7": 7}, ["-1", "0.5", "none", ""]),
        (lengths, {"480": (480,), "480,720": (480, 720)}, ["0", "wide", ""]),
        (share, {"0": 0.0, "0.25": 0.25, "1": 1.0}, ["-0.1", "1.1", "nan", "inf", "half", ""]),
    ],
)
def test_a_type_takes_what_is_right_and_says_what_that_is(kind, right, wrong):
    assert {text: kind(text) for text in right} == right
    for text in wrong:
        with pytest.raises(argparse.ArgumentTypeError, match=f"'{text}' is not a .*number"):
            kind(text)


def test_names_are_separated_by_commas():
    assert names("trunk") == ("trunk",)
    assert names("trunk, tpn.large") == ("trunk", "tpn.large")
    for text in ("", "trunk,", ",,"):
        with pytest.raises(argparse.ArgumentTypeError, match="not a list of names"):
            names(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["read", "x.jpg", "--threads", "0"],
        ["read", "x.jpg", "--threads", "-1"],
        ["read", "x.jpg", "--max-pixels", "-1"],
        ["read", "x.jpg", "--min-score", "-1"],
        ["recognize", "x.jpg", "--threads", "-1"],
        ["recognize", "x.jpg", "--max-pixels", "0"],
        ["evaluate", "light", "--dataset", "iiit5k:test", "--limit", "-1"],
        ["evaluate", "light", "--dataset", "iiit5k:test", "--threads", "-1"],
        ["evaluate", "light", "--dataset", "iiit5k:test", "--examples", "-1"],
        ["evaluate", "light", "--dataset", "iiit5k:test", "--min-score", "2"],
        ["train", "crnn-light", "--parts", "feat,"],
    ],
)
def test_a_number_out_of_range_is_one_line_and_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"scenetext: error: argument {arguments[-2]}: '{arguments[-1]}' is not a ")
    assert captured.err.endswith(f"(see scenetext {arguments[0]} --help)\n")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("command", sorted({module for module, _ in COMMANDS.values()}))
def test_no_command_takes_its_types_from_another(command):
    parser = argparse.ArgumentParser()
    module = importlib.import_module(f"scenetext.cli.{command}")
    module.configure(parser)
    homes = {getattr(action.type, "__module__", "builtins") for action in parser._actions if action.type}
    assert homes <= {"builtins", "pathlib", "pathlib._local", "scenetext.cli.arguments"}
