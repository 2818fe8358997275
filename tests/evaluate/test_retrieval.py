"""The protocol of pre-training."""

import numpy as np
import pytest

from scenetext.evaluate.protocols import PROTOCOLS
from scenetext.evaluate.retrieval import Match, average_precision

PROTOCOL = PROTOCOLS["bag-retrieval"]


def test_average_precision_is_that_of_a_loop_over_thresholds():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.integers(0, 8, 40) / 8  # many are equal
        truth = rng.random(40) < 0.3
        expected = [truth[scores >= score].mean() for score in scores[truth]]
        assert average_precision(scores, truth) == pytest.approx(np.mean(expected))
    assert average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, True, False])) == 1
    assert average_precision(np.ones(4), np.array([True, False, False, False])) == 0.25
    assert average_precision(np.ones(2), np.zeros(2, dtype=bool)) == 0


def test_each_figure_is_the_share_of_those_that_could_be_asked():
    truth = [["exit", "gate"], ["a"], []]
    cells = {"scores": np.array([0.9, 0.2, 0.5]), "truth": np.array([True, False, False])}
    found = [
        Match(("exit", "gaze"), ("edit", "gate"), text=True, image=False, word=True, **cells),
        Match(("a",), ("b",), text=True, image=True, word=False),
        Match(),
    ]
    score = PROTOCOL(truth, found)
    assert score.values == {
        "text_of_image": 1.0,
        "image_of_text": 0.5,
        "word_of_image": 0.5,
        "characters": pytest.approx(2 / 3),
        "blind": pytest.approx(1 / 3),
        "probe": 1.0,
    }
    assert (score.main, score.counts) == ("probe", {"images": 3, "words": 3, "cells": 3})


def test_without_places_retrieval_ranks():
    score = PROTOCOL([["a"], ["b"]], [Match(("a",), ("a",), True, True), Match(("a",), ("a",), False, True)])
    assert (score.main, score.figure) == ("retrieval", 0.75)


def test_nothing_at_all_scores_nothing():
    assert PROTOCOL([], []).figure == 0
