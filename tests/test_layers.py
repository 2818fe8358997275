"""The architecture, checked: who may import whom (docs/design.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scenetext

ROOT = Path(scenetext.__file__).parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))

# By the first part of a module's path. A module imports only lower layers, or its own folder or layer's file.
LAYERS = {
    "__init__": 0, "errors": 0,
    "types": 1, "geometry": 1, "charset": 1, "settings": 1, "labels": 1,
    "image": 2, "view": 2, "rectify": 2, "lexicon": 2, "order": 2, "formats": 2, "draw": 2,
    "codecs": 3, "data": 3, "synth": 3, "evaluate": 3,
    "runtime": 4, "bundle": 4, "hub": 4, "recipe": 4,
    "detector": 5, "recognizer": 5, "spotter": 5, "reader": 5, "judge": 5, "benchmark": 5,
    "detection_benchmark": 5, "spotting_benchmark": 5,
    "learn": 6,
    "cli": 7, "serve": 7, "bulk": 7,
}  # fmt: skip
SIBLINGS = {"codecs", "data", "synth", "evaluate"}  # folders of one layer that do not know each other

# Packages that only some places may import.
PLACES = {
    "torch": ("learn/",),
    "cv2": ("learn/", "synth/"),
    "onnxruntime": ("runtime.py", "learn/quantize.py"),
}
TYPES_LOADS_IMAGES = (
    "types.py",
    "image",
)  # Sample.image decodes on demand; the import is inside the property


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """(name, inside the package?) of every import in a file; names inside are relative to its root."""
    folder = module.split("/")[:-1]
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, False
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                yield node.module or "", False
                continue
            base = folder[: len(folder) - node.level + 1]
            for alias in node.names:
                parts = [*base, *(node.module.split(".") if node.module else [alias.name])]
                yield ".".join(parts), True


def part(name: str) -> str:
    first = name.replace("/", ".").split(".")[0]
    return first if first in LAYERS else "__init__"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_lower_layers_or_its_own(module: str) -> None:
    own = part(module.removesuffix(".py"))
    for name, inside in imports(module):
        if not inside:
            assert not name.startswith("scenetext"), f"{module}: import {name} relatively"
            continue
        other = part(name)
        if (
            other == own
            or (module, other) == TYPES_LOADS_IMAGES
            or (module, own) == ("__init__.py", "__init__")
        ):
            continue
        assert LAYERS[other] <= LAYERS[own], f"{module} imports {name}, of a higher layer"
        assert not {own, other} <= SIBLINGS, f"{module} imports {name}; siblings do not know each other"


def test_files_of_one_layer_do_not_import_in_a_circle() -> None:
    edges = {
        part(module.removesuffix(".py")): {
            part(name)
            for name, inside in imports(module)
            if inside and LAYERS[part(name)] == LAYERS[part(module.removesuffix(".py"))]
        }
        - {part(module.removesuffix(".py"))}
        for module in MODULES
        if "/" not in module and module != "__init__.py"
    }
    while leaves := [name for name, others in edges.items() if not others & edges.keys()]:
        for name in leaves:
            del edges[name]
    assert not edges


def test_every_module_has_a_layer() -> None:
    assert {module.split("/")[0].removesuffix(".py") for module in MODULES} <= LAYERS.keys()


@pytest.mark.parametrize("package", sorted(PLACES))
def test_a_heavy_package_is_imported_only_in_its_place(package: str) -> None:
    users = [m for m in MODULES if any(n.split(".")[0] == package for n, own in imports(m) if not own)]
    assert users
    assert [module for module in users if not module.startswith(PLACES[package])] == []


def test_everything_but_learning_and_synthesis_works_without_torch_and_opencv(toy_model: Path) -> None:
    names = [
        "scenetext." + module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for module in MODULES
        if not module.startswith(("learn/", "synth/")) and module != "__init__.py"
    ]
    code = f"""
import importlib, sys
for name in ("torch", "cv2"):
    sys.modules[name] = None
for name in {names!r}:
    importlib.import_module(name)
import numpy as np
from scenetext import Reader
image = np.full((256, 320, 3), 255, np.uint8)
image[40:70, 40:100] = 0
assert Reader(model={str(toy_model)!r}).read(image).text == "a"
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
