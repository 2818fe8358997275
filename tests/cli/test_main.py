from __future__ import annotations

import subprocess
import sys
import types

import pytest

import scenetext
from scenetext.cli import main as cli
from scenetext.errors import SettingsError


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys\nfrom scenetext.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as stop: assert stop.code == 0\n"
        "print(sorted({'numpy', 'PIL', 'onnxruntime', 'torch'} & set(sys.modules)), file=sys.stderr)"
    )
    result = python("-c", code, "--help")
    assert result.stderr.strip() == "[]"
    for name in cli.COMMANDS:
        assert f"  {name} " in result.stdout
    assert python("-m", "scenetext.cli.main", "--version").stdout == f"scenetext {scenetext.__version__}\n"


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_describes_itself(name: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: scenetext {name}")
    assert len(out.splitlines()) > 4


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["reed"]) == 2
    assert capsys.readouterr().err == "scenetext: error: no command 'reed'; did you mean read?\n"


def test_no_command_at_all_shows_the_help_on_stderr(capsys: pytest.CaptureFixture) -> None:
    assert cli.main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "commands:" in captured.err


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (SettingsError("no such thing"), 2, "scenetext: error: no such thing"),
        (PermissionError(13, "Permission denied", "out.txt"), 2, "Permission denied: 'out.txt'"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 2, "pip install 'scenetext[train]'"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    raised: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(args: object) -> int:
        raise raised

    command = types.SimpleNamespace(HELP="", configure=lambda parser: None, run=run)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: command)
    assert cli.main(["read"]) == code
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1


def test_a_closed_pipe_is_no_error() -> None:
    code = "from scenetext.cli.main import entry\nimport sys\nsys.argv = ['scenetext', 'protocols']\nentry()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()
