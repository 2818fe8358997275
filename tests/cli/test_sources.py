from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from scenetext.cli.sources import emit, expand, progress, report
from scenetext.errors import BadImageError, TooLargeError
from scenetext.image import load_image


class Terminal(io.StringIO):
    """A stream that a person looks at; two may share one screen."""

    def __init__(self, screen: list[str] | None = None) -> None:
        super().__init__()
        self.screen: list[str] = [] if screen is None else screen

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.screen.append(text)
        return len(text)

    def lines(self) -> list[str]:
        """What stands on the screen: a carriage return writes over the line that is there."""
        shown = []
        for line in "".join(self.screen).split("\n"):
            cells: list[str] = []
            for part in line.split("\r"):
                cells[: len(part)] = part
            shown.append("".join(cells).rstrip())
        return shown


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_or_one_image_has_no_bar(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert list(progress(["x.jpg"] * count)) == ["x.jpg"] * count
    assert screen.screen == []


def test_nobody_watches_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    assert list(progress(["a", "b", "c"])) == ["a", "b", "c"]
    assert errors.getvalue() == ""


def test_the_bar_is_on_the_terminal_and_the_results_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, results = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", Terminal())  # --out FILE, started from a terminal
    for source in progress(["a", "b", "c"]):
        emit(f"{source}\n", results)
    assert results.getvalue() == "a\nb\nc\n"
    assert "3/3" in screen.lines()[0]


def test_bar_and_results_share_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen: list[str] = []
    stdout, stderr = Terminal(screen), Terminal(screen)
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)
    for source in progress(["a", "b", "c"]):
        emit(f"==> {source} <==\nfound in {source}\n", sys.stdout)
    lines = stdout.lines()
    results = [line for source in "abc" for line in (f"==> {source} <==", f"found in {source}")]
    assert lines[:6] == results
    assert "3/3" in lines[6]
    assert "0/3" in "".join(screen)


def test_a_path_that_cannot_even_be_asked_about_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    paths = [str(tmp_path / ("x" * 300)), "nul\0.png", str(tmp_path / "a.png" / "below.png"), str(tmp_path)]
    failures: list[BadImageError] = []
    assert expand(paths, failures) == [*paths[:3], str(tmp_path / "a.png")]
    assert failures == []
    for path in paths[:3]:  # each says why, when its turn comes
        with pytest.raises(BadImageError):
            load_image(path)


def test_a_closed_folder_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").touch()
    closed, real = str(tmp_path / "closed" / "b.png"), os.stat

    def stat(path: object, *args: object, **options: object) -> os.stat_result:
        if str(path) == closed:  # as for a folder that others may not enter; root may enter all
            raise PermissionError(13, "Permission denied", closed)
        return real(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    failures: list[BadImageError] = []
    assert expand([closed, str(tmp_path / "a.png")], failures) == [closed, str(tmp_path / "a.png")]


def test_the_option_is_named_where_it_would_help(capsys: pytest.CaptureFixture) -> None:
    failures = [BadImageError("a", "the file is empty"), TooLargeError("b", "too large; raise max_pixels")]
    assert report(failures, 3) == 1
    assert capsys.readouterr().err.splitlines() == [
        "scenetext: error: a: the file is empty",
        "scenetext: error: b: too large; raise max_pixels (--max-pixels)",
        "scenetext: 2 of 3 sources could not be read",
    ]
    assert report([], 3) == 0
