"""Packaged recipes cut down to seconds, on the toy data of conftest."""

from __future__ import annotations

from scenetext.recipe import Recipe, load_recipe

# Only what costs time is changed: sizes, steps, data. Nets, codecs, losses and optimisers stay the recipe's.
_COMMON = [
    "validate.every=2",
    "validate.limit=2",
]


def toy_recipe(name: str, *changes: str) -> Recipe:
    """The recipe with one short stage on the toy words or scenes."""
    task = load_recipe(name).task
    if task == "recognition":
        data = ["validate.data=['folder:words']"]
        stage = "stages=[{steps=2, batch=2, lr=1e-3, data=[{name='folder:words'}]}]"
    else:
        data = ["validate.data=['icdar:scenes']", "resize.max_pixels=20000", "resize.min_side=32"]
        stage = (
            "stages=[{steps=2, batch=2, lr=1e-3, data=[{name='icdar:scenes'}], "
            "augment={size=64, crops=4, text_height=[12.0, 24.0], scale=[0.3, 2.0]}}]"
        )
    return load_recipe(name, [*_COMMON, *data, stage, *changes])
