"""Bundles: a trained model as a folder that describes itself.

    model.json            the Manifest: what it is, how to run it, where it comes from, how good it is
    *.onnx                the graphs
    weights.safetensors   optional: for training on
    README.md             the model card, made from the manifest

A bundle is named by its folder, or, if it is one of those that come with the package, by its name.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from . import __version__
from .codecs import make_codec
from .errors import BundleError, SettingsError
from .runtime import OrtGraph
from .settings import build, to_dict
from .view import CropResize, SceneResize

FORMAT = 1
PACKAGED = Path(__file__).parent / "models"

Task = Literal["detection", "recognition", "spotting", "pretraining"]
RESIZES: dict[str, type] = {
    "detection": SceneResize,
    "recognition": CropResize,
    "spotting": SceneResize,
    "pretraining": SceneResize,
}


@dataclass(frozen=True)
class Manifest:
    """What model.json holds.

    name            of the model.
    task            "detection", "recognition" or "spotting"; "pretraining" for a backbone to start from.
    codec           table for `codecs.make_codec`, name and charset included.
    resize          settings of RESIZES[task].
    graphs          the ONNX files, in the order in which they run; none of a backbone.
    step            the ONNX file of one step of the decoder, which a search over texts runs; "" if the codec
                    needs none.
    sha256          of every file of the bundle but model.json and README.md, by file name.
    recipe          the complete recipe it was trained by.
    scores          figures by data set and split, then by protocol: {"icdar2015:val": {"...": {...}}}.
    training_data   what it was trained on, one entry a source.
    licence         of the weights.
    """

    name: str
    task: Task
    codec: dict[str, Any]
    resize: dict[str, Any] = field(default_factory=dict)
    graphs: tuple[str, ...] = ("model.onnx",)
    step: str = ""
    sha256: dict[str, str] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    training_data: tuple[str, ...] = ()
    licence: str = ""
    description: str = ""
    format: int = FORMAT
    scenetext: str = __version__


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk, its manifest checked, its graphs not loaded yet."""

    folder: Path
    manifest: Manifest
    codec: Any
    resize: Any

    def graphs(self, threads: int | None = None) -> tuple[OrtGraph, ...]:
        """The graphs, ready to run. Raises BundleError if one is missing or not the one that was written."""
        return tuple(self._graph(name, threads) for name in self.manifest.graphs)

    def step(self, threads: int | None = None) -> OrtGraph | None:
        """One step of the decoder, if the bundle has it; otherwise as `graphs`."""
        return self._graph(self.manifest.step, threads) if self.manifest.step else None

    def _graph(self, name: str, threads: int | None) -> OrtGraph:
        self.check_file(name)
        return OrtGraph(self.folder / name, threads)

    def check_file(self, name: str) -> None:
        """Raises BundleError if a file is missing or its sha256 is not the manifest's."""
        try:
            with open(self.folder / name, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BundleError(f"{self.folder / name}: {error.strerror}; the bundle is incomplete") from error
        if found != self.manifest.sha256.get(name):
            raise BundleError(
                f"{self.folder / name}: damaged (its sha256 differs from model.json); copy it again"
            )


def available() -> dict[str, Path]:
    """The bundles that come with the package, by name."""
    if not PACKAGED.is_dir():
        return {}
    return {path.parent.name: path.parent for path in sorted(PACKAGED.glob("*/model.json"))}


def load_bundle(name: str | Path, task: Task | None = None) -> Bundle:
    """The bundle of this name or folder, its manifest read and checked.

    task   what it has to be good for, if given.
    Raises BundleError for a name that does not exist, a damaged or newer manifest, or another task.
    """
    folder = available().get(str(name), Path(name))
    path = folder / "model.json"
    if not path.is_file():
        known = ", ".join(available()) or "none"
        reason = (
            "no model.json in this folder" if folder.is_dir() else "neither a folder nor a packaged model"
        )
        raise BundleError(f"{name}: {reason} (packaged: {known})")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] > FORMAT:
            raise BundleError(
                f"{path}: written by a newer scenetext (format {values['format']}); upgrade to read it"
            )
        manifest = build(Manifest, values)
        if task is not None and manifest.task != task:
            raise BundleError(f"{name}: a {manifest.task} model, where one for {task} is needed")
        codec = make_codec(manifest.codec)
        resize: Any = build(RESIZES[manifest.task], manifest.resize, "resize")
    except (OSError, ValueError, SettingsError) as error:
        raise BundleError(f"{path}: {error}") from error
    for file in (*manifest.graphs, manifest.step):
        if Path(file).name != file:
            raise BundleError(f"{path}: {file!r} is not the plain name of a file in the bundle")
    return Bundle(folder, manifest, codec, resize)


def write_bundle(folder: str | Path, manifest: Manifest, files: Mapping[str, bytes | Path]) -> Bundle:
    """Writes a bundle and returns it; hashes, format and version of the manifest are filled in.

    files   by name in the bundle, as bytes or as a file to copy; the graphs of the manifest are among them.
    An older bundle in the same place is replaced, once everything is written. Raises BundleError if the place
    holds anything else, or a graph is missing.
    """
    place = check_replaceable(folder)
    missing = [name for name in (*manifest.graphs, manifest.step) if name and name not in files]
    if missing:
        raise BundleError(f"{folder}: no file given for the graph {missing[0]}")
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".partial", dir=place.parent))
    try:
        _write_files(scratch / "new", manifest, files)
    except BaseException:
        shutil.rmtree(scratch)
        raise
    # Whatever interrupts from here on, the new bundle is whole, here or there, and so is the old one.
    if place.exists():
        place.rename(scratch / "old")
    (scratch / "new").rename(place)
    shutil.rmtree(scratch)
    return load_bundle(place)


def check_replaceable(name: str | Path) -> Path:
    """The absolute path of a place that a bundle may be written to: nothing, an empty folder, or a bundle.

    Raises BundleError if it holds anything else.
    """
    place = Path(name).resolve()  # "." has no name beside which to write
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return place
    try:
        manifest = build(Manifest, json.loads((place / "model.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, SettingsError):
        raise BundleError(f"{name}: exists and is not a bundle; choose another place") from None
    own = {"model.json", "README.md", *manifest.sha256}
    foreign = sorted(path.name for path in place.iterdir() if path.name not in own or path.is_dir())
    if foreign:
        raise BundleError(f"{name}: holds {foreign[0]}, which is no part of the bundle; choose another place")
    return place


def _write_files(folder: Path, manifest: Manifest, files: Mapping[str, bytes | Path]) -> None:
    folder.mkdir()
    sums = {}
    for name, content in files.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        (folder / name).write_bytes(data)
        sums[name] = hashlib.sha256(data).hexdigest()
    manifest = replace(manifest, sha256=sums, format=FORMAT, scenetext=__version__)
    text = json.dumps(to_dict(manifest), indent=2, ensure_ascii=False)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(manifest), encoding="utf-8")


def model_card(manifest: Manifest) -> str:
    """The manifest for people, in Markdown."""
    codec = dict(manifest.codec)
    settings = "".join(f"- {key}: `{value}`\n" for key, value in codec.items() if key != "name")
    scores = [
        f"| {data} | {protocol} | {', '.join(f'{key} {value}' for key, value in figures.items())} |\n"
        if isinstance(figures, Mapping)
        else f"| {data} | {protocol} | {figures} |\n"
        for data, protocols in manifest.scores.items()
        for protocol, figures in (protocols.items() if isinstance(protocols, Mapping) else [("", protocols)])
    ]
    table = "| data | protocol | figures |\n|---|---|---|\n" + "".join(scores) if scores else "Not scored.\n"
    data = "".join(f"- {source}\n" for source in manifest.training_data) or "Not stated.\n"
    return (
        f"# {manifest.name}\n\n{manifest.description or f'A {manifest.task} model.'}\n\n"
        f"Task: {manifest.task}. Codec: `{codec.get('name', '')}`. "
        f"Written by scenetext {manifest.scenetext}.\n\n"
        f"## Scores\n\n{table}\n## Training data\n\n{data}\n## Codec settings\n\n{settings}\n"
        f"## Licence\n\n{manifest.licence or 'Not stated.'}\n\n"
        "The complete recipe, the resize settings and the sha256 of each file are in `model.json`.\n"
    )
