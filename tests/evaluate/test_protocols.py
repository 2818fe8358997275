from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest

from scenetext.errors import SettingsError
from scenetext.evaluate.detection import Detection
from scenetext.evaluate.fragments import Fragments
from scenetext.evaluate.protocols import PROTOCOLS, adjusted, find_protocol
from scenetext.evaluate.recognition import Recognition
from scenetext.evaluate.retrieval import Match, Retrieval
from scenetext.geometry import box_polygon
from scenetext.settings import build, to_dict
from scenetext.types import TextInstance


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_gives_perfect_predictions_full_marks(name):
    protocol = PROTOCOLS[name]
    assert protocol.name == name
    if isinstance(protocol, Recognition | Fragments):
        score = protocol(["word", "Two"], ["word", "Two"])
    elif isinstance(protocol, Retrieval):
        cells = {"scores": np.array([0.9, 0.1]), "truth": np.array([True, False])}
        right = {"text": True, "image": True, "word": True}
        score = protocol([["word"], []], [Match(("word",), ("word",), **right, **cells), Match()])
    else:
        scene = [TextInstance(box_polygon(0, 0, 100, 10), "word")]
        score = protocol([scene, []], [scene, []])
    assert score.protocol == name
    assert score.figure == 1
    assert all(value == (name != "edit_distance") for name, value in score.values.items())


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_is_frozen_settings_that_travel_and_its_score_is_json(name):
    protocol = PROTOCOLS[name]
    with pytest.raises(dataclasses.FrozenInstanceError):
        protocol.name = "mine"
    assert pickle.loads(pickle.dumps(protocol)) == protocol
    assert build(type(protocol), to_dict(protocol)) == protocol
    score = protocol([], [])  # no image, no figure to divide by
    assert json.loads(json.dumps(score.to_dict()))["protocol"] == name
    assert str(score).startswith(name)


def test_an_unknown_protocol_lists_the_known():
    with pytest.raises(SettingsError, match="did you mean 'icdar2015-detection'"):
        find_protocol("icdar2015-detecton")


def test_a_protocol_with_other_settings_says_so_in_its_name():
    protocol = adjusted(find_protocol("icdar2015-detection"), {"iou": 0.7, "layout": "polygon"})
    assert isinstance(protocol, Detection)
    assert protocol.overlap.iou == 0.7
    assert protocol.layout == "polygon"
    assert protocol.name == "icdar2015-detection[iou=0.7, layout=polygon]"
    assert find_protocol("icdar2015-detection").overlap.iou == 0.5  # the table stays as it is


def test_without_changes_a_protocol_stays_itself():
    assert adjusted(find_protocol("word-accuracy"), {}) is find_protocol("word-accuracy")


@pytest.mark.parametrize(
    ("protocol", "changes", "reason"),
    [
        ("icdar2015-detection", {"iuo": 0.7}, "did you mean 'iou'"),
        ("icdar2015-detection", {"name": "mine"}, "no setting of icdar2015-detection named 'name'"),
        ("icdar2015-detection", {"iou": "high"}, "iou is a float"),
        ("word-accuracy", {"iou": 0.7}, "known: compare"),
        ("word-accuracy", {"compare": "loosely"}, "compare is one of 'alphanumeric', 'exact'"),
    ],
)
def test_a_wrong_setting_is_an_error(protocol, changes, reason):
    with pytest.raises(SettingsError, match=reason):
        adjusted(find_protocol(protocol), changes)
