"""scenetext models, recipes, datasets, protocols: what there is, one line each."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Iterable

from ..bundle import available, load_bundle
from ..data import DATASETS
from ..evaluate.protocols import PROTOCOLS
from ..recipe import load_recipe, recipe_names

HELP = "List what there is: its name, then what it is, one line each."

Row = tuple[str, str]


def configure(parser: argparse.ArgumentParser) -> None:
    """There are no arguments."""


def run(args: argparse.Namespace) -> int:
    """Prints the table that `args.command` names."""
    rows = list(TABLES[args.command]())
    width = max((len(name) for name, _ in rows), default=0)
    for name, summary in rows:
        print(f"{name:{width}}  {summary}".rstrip())
    return 0


def _models() -> Iterable[Row]:
    for name in available():
        manifest = load_bundle(name).manifest
        yield name, f"{manifest.task}, {manifest.codec.get('name')}: {manifest.description}"


def _recipes() -> Iterable[Row]:
    for name in recipe_names():
        recipe = load_recipe(name)
        yield name, f"{recipe.task}: {recipe.description}"


def _datasets() -> Iterable[Row]:
    return ((name, _summary(reader)) for name, reader in sorted(DATASETS.items()))


def _protocols() -> Iterable[Row]:
    return ((name, protocol.description) for name, protocol in sorted(PROTOCOLS.items()))


def _summary(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


TABLES: dict[str, Callable[[], Iterable[Row]]] = {
    "models": _models,
    "recipes": _recipes,
    "datasets": _datasets,
    "protocols": _protocols,
}
