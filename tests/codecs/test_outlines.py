"""Outlines of regions: as if the whole field were traced at once."""

import contourpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.outlines import outer_outlines, simplified, trace_regions
from scenetext.geometry import signed_area


def traced_at_once(field: np.ndarray, level: float) -> list[np.ndarray]:
    lines = contourpy.contour_generator(z=np.pad(field, 1), line_type="Separate").lines(level)
    return sorted(
        (line[:-1] - 0.5 for line in lines if signed_area(line) > 0), key=lambda line: -signed_area(line)
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.floats(0.1, 0.9), st.integers(0, 3))
def test_they_are_those_of_the_whole_field(seed, level, blur):
    rng = np.random.default_rng(seed)
    field = rng.random(tuple(rng.integers(1, 25, 2)), dtype=np.float32)
    for _ in range(blur):  # larger regions, with holes, that meet at corners
        padded = np.pad(field, 1, mode="edge")
        field = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
    expected = traced_at_once(field, level)
    found = [line for line, _ in trace_regions(field, level)]
    assert [signed_area(line) for line in found] == pytest.approx(
        [signed_area(line) for line in expected], abs=1e-3
    )
    everything = np.concatenate(found) if found else np.zeros((0, 2))
    wanted = np.concatenate(expected) if expected else np.zeros((0, 2))
    assert np.sort(everything, axis=0) == pytest.approx(np.sort(wanted, axis=0), abs=1e-4)


def test_largest_first_with_the_mean_of_their_pixels():
    field = np.zeros((20, 30), np.float32)
    field[2:5, 2:6], field[8:18, 10:28] = 0.9, 0.6
    field[10:14, 14:20] = 0.1  # a hole
    (large, mean), (small, other) = trace_regions(field, 0.5)
    assert signed_area(large) > 150, "holes are left out"
    assert signed_area(small) == pytest.approx(12, rel=0.2)
    assert (mean, other) == pytest.approx((0.6, 0.9))
    assert len(trace_regions(field, 0.5, 1)) == 1


def test_an_outline_ends_at_the_border_and_lies_between_samples():
    field = np.zeros((6, 8), np.float32)
    field[:3, :4] = 1.0
    ((line, _),) = trace_regions(field, 0.5)
    assert line.min() == 0
    assert line.max(axis=0) == pytest.approx([4, 3])
    assert signed_area(line) > 0


def test_of_nothing_there_are_none():
    assert trace_regions(np.zeros((5, 5), np.float32), 0.5) == []
    assert outer_outlines(np.zeros((5, 5), np.float32), 0.5) == []


def test_a_slope_is_traced_between_the_pixels():
    field = np.tile(np.minimum(np.arange(20), np.arange(20)[::-1]), (30, 1)).astype(np.float32)
    ((outline, _),) = trace_regions(field, 4.25)
    assert outline[:, 0].min() == pytest.approx(4.75)  # pixel 4 has its centre at 4.5
    assert outline[:, 0].max() == pytest.approx(15.25)


def test_a_simplified_outline_has_four_points_clockwise_from_its_start_or_is_nothing():
    corners = np.array([[0, 0], [0, 40], [90, 40], [90, 0]], np.float32)  # the other way round
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    dense = np.concatenate([np.linspace(a, b, 30, endpoint=False) for a, b in sides])
    assert simplified(dense, np.array([80, 50])).tolist() == [[90, 40], [0, 40], [0, 0], [90, 0]]
    triangle = simplified(np.array([[0, 0], [90, 0], [0, 40]], np.float32), np.array([0, 0]))
    assert triangle[0].tolist() == [0, 0]
    assert len(triangle) == 4
    assert signed_area(triangle) == pytest.approx(1800)
