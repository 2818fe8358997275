"""The models that a table compares."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..bundle import Task, load_bundle
from ..detector import Detector
from ..errors import SettingsError
from ..reader import pair_of
from ..recipe import recipe_from_json
from ..recognizer import Recognizer
from ..spotter import Cascade, EndToEnd

if TYPE_CHECKING:
    from ..learn.cost import Cost  # needs torch

Model = Recognizer | Detector | Cascade | EndToEnd

OPERATIONS = "GFLOPs: 2 x multiply-adds of all layers with weights"
UNKNOWN = "-"


@dataclass(frozen=True)
class Candidate:
    """A model that takes part, what runs it, and what it costs, if that can be known."""

    name: str
    model: Model
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

    For spotting, also a cascade: a packaged pair, or DETECTOR+RECOGNIZER, each of them a bundle or a run.
    Raises SettingsError if it is for another task, and what loading a bundle or a run raises.
    """
    if task == "spotting" and (parts := pair_of(name)):
        return _cascade(name, *parts, threads)
    place = Path(name) / "recipe.json"
    if place.is_file():
        from ..learn.validate import load_reader  # needs torch

        recipe = recipe_from_json(place.read_text(encoding="utf-8"), str(place))
        if recipe.task != task:
            raise SettingsError(f"{name}: a run for {recipe.task}, where one for {task} is needed")
        model = load_reader(Path(name), threads=threads)
        return Candidate(name, model, "torch", _cost(recipe.net, model))
    loaded = _KINDS[task].load(name, threads)
    net = load_bundle(name).manifest.recipe.get("net", {})
    return Candidate(name, loaded, "onnxruntime", _cost(net, loaded))


Standing = TypeVar("Standing")


def stand_each(
    candidates: Sequence[Candidate],
    unit: str,
    total: int,
    stand: Callable[[Any, Callable[[int], object]], Standing],
) -> list[tuple[Candidate, Standing]]:
    """What `stand` finds of each one's model, with a bar of progress.

    unit, total   what `stand` does, and how many of them it tells of as done for one model.
    """
    from tqdm import tqdm

    with tqdm(total=total * len(candidates), disable=None, file=sys.stderr, unit=unit) as bar:
        return [(candidate, stand(candidate.model, bar.update)) for candidate in candidates]


_KINDS: dict[Task, type[Detector | Recognizer | EndToEnd]] = {
    "detection": Detector,
    "recognition": Recognizer,
    "spotting": EndToEnd,
}


def _cascade(name: str, detector: str, recognizer: str, threads: int | None) -> Candidate:
    finds = open_candidate(detector, "detection", threads)
    reads = open_candidate(recognizer, "recognition", threads)
    assert isinstance(finds.model, Detector)  # by their tasks
    assert isinstance(reads.model, Recognizer)
    cost = None
    if finds.cost and reads.cost:
        from ..learn.cost import cascade_cost

        cost = cascade_cost(finds.cost, reads.cost)
    runtime = " and ".join(dict.fromkeys([finds.runtime, reads.runtime]))
    return Candidate(name, Cascade(finds.model, reads.model), runtime, cost)


def _cost(net: Mapping[str, Any], model: Detector | Recognizer | EndToEnd) -> Cost | None:
    """None for a bundle that does not say what its network is, and without torch."""
    try:
        from ..learn.cost import detector_cost, recognizer_cost, spotter_cost
    except ImportError:  # the rest of the table is worth having
        return None
    if not net:
        return None
    if isinstance(model, Detector):
        return detector_cost(net, model.codec, model.resize)
    if isinstance(model, EndToEnd):
        return spotter_cost(net, model.codec, model.resize)
    return recognizer_cost(net, model.codec, model.resize)
