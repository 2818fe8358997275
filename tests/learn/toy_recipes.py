"""Packaged recipes cut down to seconds, on the toy data of conftest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenetext.recipe import Recipe, load_recipe

# Only what costs time is changed: sizes, widths, steps, data. Stages, losses, optimisers stay the recipe's.
_COMMON = [
    "validate.every=2",
    "validate.limit=2",
]


def toy_recipe(name: str, *changes: str) -> Recipe:
    """The recipe with one short stage on the toy words, fragments of scores, or scenes."""
    recipe = load_recipe(name)
    if recipe.task == "recognition":
        source = "folder:scores" if recipe.codec["charset"] == "pitches" else "folder:words"
        data = [f"validate.data=['{source}']", *_narrow(recipe.net), "resize.min_width=32"]
        if recipe.resize["min_width"] == recipe.resize["max_width"]:
            data.append("resize.max_width=32")  # the exporter's time grows with the number of frames
        stage = f"stages=[{{steps=2, batch=2, lr=1e-3, data=[{{name='{source}'}}]}}]"
    else:
        data = ["validate.data=['icdar:scenes']", "resize.max_pixels=20000", "resize.min_side=32"]
        if recipe.net.get("deformable"):
            data.append("net.backbone='resnet18'")  # the exporter takes seconds for each of them
        if recipe.net["name"] == "textbpn":
            data += ["net.iterations=1", "net.gcn=[16, 16, 16, 16]"]
        if recipe.net["name"] == "li2017":
            data += ["net.width=0.125", "net.filters=16", "net.hidden=16", "net.dense=16"]
            data += ["net.columns=8", "net.regions=8", "net.mined=16", "net.proposals=50"]
            data += ["codec.length=3", "codec.proposals=20"]
        if recipe.net["name"] == "mask_textspotter":
            data += ["net.backbone='light'", "net.width=16", "net.dense=16", "net.hidden=16"]
            data += ["net.regions=8", "net.read=4", "codec.length=3", "codec.proposals=20"]
        if recipe.task == "pretraining":
            data += ["net.backbone='clip-light'", "net.size=64", "net.dim=16", "net.text_layers=1"]
            data += ["net.text_width=16", "net.text_heads=2", "net.heads=2", "net.layers=1"]
            data = [change for change in data if "max_pixels" not in change and "min_side" not in change]
        stage = (
            "stages=[{steps=2, batch=2, lr=1e-3, data=[{name='icdar:scenes'}], "
            "augment={size=64, crops=4, text_height=[12.0, 24.0], scale=[0.3, 2.0]}}]"
        )
        if recipe.task == "pretraining":
            stage = stage.replace("scale=[0.3, 2.0]", "scale=[0.01, 1.0], on_text=1.0")
    return load_recipe(name, [*_COMMON, *data, stage, *changes])


def _narrow(net: Mapping[str, Any]) -> list[str]:
    """Changes that make the stages of a recogniser small."""
    changes = []
    if net["trans"] == "tps":
        changes.append("net.trans_args.width=16")
    if net["feat"] in ("vgg", "rcnn", "resnet"):
        changes.append("net.feat_args.width=32")
    if net["seq"] == "bilstm":
        changes.append("net.seq_args.hidden=16")
    if net["pred"] == "attention":
        changes += ["net.pred_args.hidden=16", "codec.length=4"]
    return changes
