"""The protocol of Pascal VOC: each prediction and its best truth."""

from __future__ import annotations

from scenetext.evaluate.pascal import Pascal
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance

PROTOCOL = Pascal("test", "a test")


def box(left, top, right, bottom, legible=True):
    return TextInstance(box_polygon(left, top, right, bottom), "x" if legible else None, legible=legible)


def counts(truth, predictions):
    found = PROTOCOL([truth], [predictions]).counts
    return found["correct"], found["truth"], found["predictions"]


def test_a_pair_matches_at_half():
    assert counts([box(0, 0, 100, 10)], [box(0, 0, 50, 10)]) == (1, 1, 1)
    assert counts([box(0, 0, 100, 10)], [box(0, 0, 49, 10)]) == (0, 1, 1)


def test_a_prediction_whose_best_truth_is_taken_is_wrong_even_if_a_second_would_do():
    truth = [box(0, 0, 100, 10), box(0, 0, 60, 10)]
    assert counts(truth, [box(0, 0, 100, 10), box(0, 0, 90, 10)]) == (1, 2, 2)
    assert counts(truth, [box(0, 0, 100, 10), box(0, 0, 65, 10)]) == (2, 2, 2)


def test_what_lies_in_a_dont_care_does_not_count():
    truth = [box(0, 0, 100, 10), box(0, 50, 100, 90, legible=False)]
    assert counts(truth, [box(0, 0, 100, 10), box(0, 55, 40, 75), box(0, 10, 100, 55)]) == (1, 1, 2)
