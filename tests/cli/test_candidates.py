from __future__ import annotations

import pytest

from scenetext.cli.candidates import Candidate, open_candidate
from scenetext.detector import Detector
from scenetext.errors import BundleError, SettingsError
from scenetext.learn.cost import Cost
from scenetext.recipe import load_recipe
from scenetext.recognizer import Recognizer
from scenetext.spotter import Cascade


@pytest.mark.parametrize(("task", "kind"), [("detection", Detector), ("recognition", Recognizer)])
def test_a_packaged_model_of_each_task_opens_with_its_cost(task, kind):
    name = {"detection": "db-light", "recognition": "crnn-light"}[task]
    candidate = open_candidate(name, task, 1)
    assert isinstance(candidate.model, kind)
    assert candidate.runtime == "onnxruntime"
    assert candidate.cost is not None
    assert candidate.cost.parameters > 1_000_000
    assert candidate.note("photo").count("x") == 3  # one in onnxruntime


def test_a_bundle_without_a_recipe_has_no_known_cost(toy_model):
    candidate = open_candidate(str(toy_model / "detector"), "detection", 1)
    assert candidate.cost is None
    assert candidate.cost_cells == ["-", "-"]
    assert candidate.figures == {"parameters": None, "operations": None, "input": None}
    assert candidate.note("photo") == f"{candidate.name}: onnxruntime."


def test_costs_are_told_in_millions_and_billions(toy_model):
    model = Detector.load(toy_model / "detector", 1)
    candidate = Candidate("toy", model, "torch", Cost(1_234_567, 98_765_432_100, (3, 736, 1280)))
    assert candidate.cost_cells == ["1.23", "98.77"]
    assert candidate.note("photo") == "toy: torch, sees that photo as 3x736x1280."


def test_a_model_for_another_task_is_refused(toy_model, tmp_path):
    with pytest.raises(BundleError):
        open_candidate(str(toy_model / "recognizer"), "detection", 1)
    with pytest.raises(BundleError):
        open_candidate(str(toy_model / "recognizer"), "spotting", 1)
    (tmp_path / "recipe.json").write_text(load_recipe("db-light").to_json())
    with pytest.raises(SettingsError, match="a run for detection, where one for recognition is needed"):
        open_candidate(str(tmp_path), "recognition", 1)


def test_a_pair_is_a_cascade_that_costs_what_its_parts_cost():
    light = open_candidate("light", "spotting", 1)
    assert isinstance(light.model, Cascade)
    assert light.runtime == "onnxruntime"
    detector = open_candidate("db-light", "detection", 1).cost
    recognizer = open_candidate("crnn-light", "recognition", 1).cost
    assert light.cost == Cost(
        detector.parameters + recognizer.parameters,
        detector.operations + 60 * recognizer.operations,
        detector.shape,
    )
    assert open_candidate("db-light+crnn-light", "spotting", 1).cost == light.cost


def test_a_cascade_of_a_bundle_without_a_recipe_has_no_known_cost(toy_model):
    pair = open_candidate(f"{toy_model / 'detector'}+crnn-light", "spotting", 1)
    assert isinstance(pair.model, Cascade)
    assert pair.cost is None
