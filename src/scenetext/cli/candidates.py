"""The models that a table compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bundle import Task, load_bundle
from ..detector import Detector
from ..errors import SettingsError
from ..recipe import recipe_from_json
from ..recognizer import Recognizer

if TYPE_CHECKING:
    from ..learn.cost import Cost  # needs torch

OPERATIONS = "GFLOPs: 2 x multiply-adds of all layers with weights"
UNKNOWN = "-"


@dataclass(frozen=True)
class Candidate:
    """A model that takes part, what runs it, and what it costs, if that can be known."""

    name: str
    model: Recognizer | Detector
    runtime: str
    cost: Cost | None

    @property
    def cost_cells(self) -> list[str]:
        """Millions of parameters, and GFLOPs."""
        if self.cost is None:
            return [UNKNOWN, UNKNOWN]
        return [f"{self.cost.parameters / 1e6:.2f}", f"{self.cost.operations / 1e9:.2f}"]

    @property
    def figures(self) -> dict[str, Any]:
        """The same for programs, exact: None for what is unknown."""
        return {
            "parameters": self.cost and self.cost.parameters,
            "operations": self.cost and self.cost.operations,
            "input": self.cost and list(self.cost.shape),
        }

    def note(self, image: str) -> str:
        """What runs it, and the shape CxHxW in which it sees the image that operations are counted for."""
        if self.cost is None:
            return f"{self.name}: {self.runtime}."
        return f"{self.name}: {self.runtime}, sees that {image} as {'x'.join(map(str, self.cost.shape))}."


def open_candidate(name: str, task: Task, threads: int | None) -> Candidate:
    """The model of a bundle (packaged name or folder) or of a training run's folder.

    Raises SettingsError if it is for another task, and what loading a bundle or a run raises.
    """
    place = Path(name) / "recipe.json"
    if place.is_file():
        from ..learn.validate import load_run  # needs torch

        recipe = recipe_from_json(place.read_text(encoding="utf-8"), str(place))
        if recipe.task != task:
            raise SettingsError(f"{name}: a run for {recipe.task}, where one for {task} is needed")
        model = load_run(Path(name), threads=threads)[0]
        assert isinstance(model, Recognizer | Detector)  # by the recipe's task
        return Candidate(name, model, "torch", _cost(recipe.net, model))
    loaded = (Detector if task == "detection" else Recognizer).load(name, threads)
    net = load_bundle(name).manifest.recipe.get("net", {})
    return Candidate(name, loaded, "onnxruntime", _cost(net, loaded))


def _cost(net: Mapping[str, Any], model: Recognizer | Detector) -> Cost | None:
    """None for a bundle that does not say what its network is, and without torch."""
    try:
        from ..learn.cost import detector_cost, recognizer_cost
    except ImportError:  # the rest of the table is worth having
        return None
    if not net:
        return None
    if isinstance(model, Detector):
        return detector_cost(net, model.codec, model.resize)
    return recognizer_cost(net, model.codec, model.resize)
