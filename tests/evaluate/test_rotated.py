"""Rotated rectangles: overlap, direction, difficult lines."""

from __future__ import annotations

import numpy as np
import pytest

from scenetext.evaluate.rotated import Rotated
from scenetext.types import TextInstance

PROTOCOL = Rotated("test", "a test")


def line(x, y, width, height, degrees=0.0, legible=True):
    """A rectangle turned about its centre."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    polygon = (corners @ turn.T + [x, y]).astype(np.float32)
    return TextInstance(polygon, "x" if legible else None, legible=legible)


def counts(truth, predictions, **settings):
    found = Rotated("test", "a test", **settings)([truth], [predictions]).counts
    return found["correct"], found["truth"], found["predictions"]


@pytest.mark.parametrize("degrees", [0, 20, 89, 91, 178])
def test_a_line_is_found_whichever_way_it_runs(degrees):
    truth = [line(100, 100, 80, 20, degrees)]
    assert counts(truth, [line(100, 100, 80, 20, degrees + 180)]) == (1, 1, 1)
    assert counts(truth, [line(100, 100, 80, 20, degrees - 3)]) == (1, 1, 1)


def test_half_is_enough():
    assert counts([line(100, 100, 80, 20)], [line(100, 100, 40, 20)]) == (1, 1, 1)
    assert counts([line(100, 100, 80, 20)], [line(100, 100, 39, 20)]) == (0, 1, 1)


def test_a_prediction_across_is_none_unless_angles_are_left_out():
    truth, across = [line(100, 100, 30, 20)], [line(100, 100, 30, 20, 90)]  # IoU 0.5
    assert counts(truth, across, iou=0.4) == (0, 1, 1)
    assert counts(truth, across, iou=0.4, angle=90.0) == (1, 1, 1)


def test_a_difficult_line_counts_only_if_it_is_found():
    difficult = line(100, 100, 80, 20, legible=False)
    assert counts([difficult], []) == (0, 0, 0)
    assert counts([difficult], [line(100, 100, 80, 20)]) == (1, 1, 1)
    assert counts([difficult], [line(300, 300, 80, 20)]) == (0, 0, 1)


def test_one_prediction_can_find_several_lines():
    truth = [line(100, 100, 80, 20), line(102, 100, 80, 20)]
    assert counts(truth, [line(101, 100, 80, 20)]) == (2, 2, 1)


def test_a_polygon_is_taken_as_its_smallest_rectangle():
    bent = TextInstance(
        np.array([[60, 90], [100, 91], [140, 90], [140, 110], [100, 109], [60, 110]], np.float32)
    )
    assert counts([line(100, 100, 80, 20)], [bent]) == (1, 1, 1)
