"""The house around the package: documents, Makefile, packaging."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import scenetext
from scenetext.cli.main import COMMANDS
from scenetext.codecs import CODECS
from scenetext.data import DATASETS, open_dataset
from scenetext.evaluate.protocols import PROTOCOLS
from scenetext.formats import WRITERS
from scenetext.image import image_size
from scenetext.reader import MODELS
from scenetext.recipe import recipe_names

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
DOCS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAMED = [*COMMANDS, *recipe_names(), *DATASETS, *PROTOCOLS, *WRITERS, *MODELS]

# Places of one machine, and hosts that packages come from. Spelt so that this file does not match.
FOREIGN = re.compile(
    r"/(?:root|work|home|Users|mnt|opt|tmp)/|python[h]osted|\bpypi[.]|index[-]url|find[-]links", re.IGNORECASE
)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are marked with a language; "" for those without a mark."""
    text = page.read_text(encoding="utf-8")
    return [body for mark, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if mark == language]


def shown_commands() -> list[tuple[str, str]]:
    """(page, command) of each `scenetext` command line in the documents."""
    found = []
    for page in PAGES:
        for block in blocks(page, ""):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.rpartition(" | ")[2]
                if command.startswith("scenetext "):
                    found.append((page.name, command))
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        found += [(page.name, command) for command in re.findall(r"`(scenetext [a-z]+ [^`]+)`", text)]
    return [(page, command) for page, command in found if not re.search(r"\b[A-Z]{4,}\b|\.\.\.", command)]


def project_files() -> list[Path]:
    """What is under version control, or would be."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", NAMED)
def test_whatever_has_a_name_is_named_in_the_readme_and_the_docs(name: str) -> None:
    pattern = re.compile(rf"`{name}`|scenetext {name}\b")
    assert pattern.search(README), f"README.md does not name {name}"
    assert pattern.search(DOCS), f"no page in docs/ names {name}"


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_is_named_in_the_design(name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "docs/design.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("page", "command"), shown_commands())
def test_a_command_shown_in_the_documents_is_one_that_parses(page: str, command: str) -> None:
    _, name, *arguments = shlex.split(command, comments=True)
    assert name in COMMANDS, f"{page}: {command}"
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(f"scenetext.cli.{COMMANDS[name][0]}").configure(parser)
    parser.parse_args(arguments)


def test_the_documents_show_every_command_at_work() -> None:
    assert {shlex.split(command)[1] for _, command in shown_commands()} >= COMMANDS.keys() - {
        "models",
        "protocols",
        "datasets",
    }


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda p: p.name)
def test_python_in_the_documents_compiles_and_its_imports_exist(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                assert [a.name for a in node.names if not hasattr(module, a.name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_the_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_make_help_lists_the_targets() -> None:
    make = shutil.which("make")
    assert make is not None
    listing = subprocess.run(
        [make, "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^  make (\w+) +\w", listing, re.M)) >= {
        "help",
        "read",
        "test",
        "lint",
        "format",
        "bench",
        "clean",
    }


def test_the_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text(encoding="utf-8").splitlines()


def test_no_file_speaks_of_one_machine_or_of_a_package_index() -> None:
    found = []
    for path in project_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:  # a picture or a graph
            continue
        found += [
            f"{path.relative_to(ROOT)}:{i}: {line}" for i, line in enumerate(lines, 1) if FOREIGN.search(line)
        ]
    assert found == []


def test_everything_in_the_package_that_is_no_code_goes_into_the_wheel() -> None:
    package = Path(scenetext.__file__).parent
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["scenetext"]
    packed = {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    wanted = {p for p in project_files() if package in p.parents and p.suffix != ".py"}
    assert wanted <= packed, f"not packed: {sorted(wanted - packed)}"
    assert {path.name for path in packed} >= {"py.typed", "words.txt", "crnn-light.toml", "db-light.toml"}


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["project"]["version"] == scenetext.__version__
    assert f"## {scenetext.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_within_its_range() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    extras = PROJECT["project"]["optional-dependencies"]
    for requirement in [*PROJECT["project"]["dependencies"], *extras["train"], *extras["dev"]]:
        name, least = requirement.split(">=")
        assert name in pins, f"{name} is not in constraints.txt"
        assert [int(part) for part in pins[name].split(".")] >= [int(part) for part in least.split(".")]


def test_the_example_photos_are_small_labelled_and_of_one_size() -> None:
    samples = open_dataset("icdar", ROOT / "examples")
    assert len(samples) == 5
    for sample in samples:
        assert isinstance(sample.source, Path)
        assert sample.source.stat().st_size < 250_000
        assert image_size(sample.source) == (1280, 720)
        assert sum(bool(instance.text) for instance in sample.instances) > 10
