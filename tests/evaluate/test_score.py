from __future__ import annotations

import json

import pytest

from scenetext.evaluate.score import Score, precision_recall

SCORE = Score(
    "some-protocol", {"iou": 0.5}, {"recall": 2 / 3, "hmean": 0.5}, {"images": 3, "correct": 12}, "hmean"
)


def test_a_score_prints_its_protocol_settings_figures_and_counts():
    assert str(SCORE).splitlines() == [
        "some-protocol  (iou 0.5)",
        "recall   0.6667",
        "hmean    0.5000",
        "images   3",
        "correct  12",
    ]


def test_a_score_becomes_json():
    data = json.loads(json.dumps(SCORE.to_dict()))
    assert data == {
        "protocol": "some-protocol",
        "parameters": {"iou": 0.5},
        "values": {"recall": 0.666667, "hmean": 0.5},
        "counts": {"images": 3, "correct": 12},
        "main": "hmean",
    }


def test_the_main_figure_is_the_one_to_rank_by():
    assert SCORE.figure == 0.5


@pytest.mark.parametrize(
    ("counts", "figures"),
    [((1, 2, 4), (0.25, 0.5, 1 / 3)), ((0, 2, 4), (0, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((0, 0, 3), (0, 0, 0))],
)
def test_figures_with_nothing_to_divide_by_are_zero(counts, figures):
    values = precision_recall(*counts)
    assert tuple(values.values()) == pytest.approx(figures)
    assert list(values) == ["precision", "recall", "hmean"]
