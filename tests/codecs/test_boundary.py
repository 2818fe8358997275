"""Fields and rings of shapes, against literal loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.boundary import nearest_background, ring, simple_polygon
from scenetext.geometry import box_polygon, mask_of, perimeter, signed_area


def literal_steps(inside):
    """{pixel: the steps to all nearest background pixels}, the frame around the window included."""
    padded = np.pad(inside, 1)
    outside = np.argwhere(~padded)
    found = {}
    for i, j in np.ndindex(inside.shape):
        steps = outside - [i + 1, j + 1]
        squares = (steps**2).sum(axis=1)
        found[i, j] = {tuple(step) for step in steps[squares == squares.min()]}
    return found


def assert_nearest(inside):
    down, across = nearest_background(inside)
    for (i, j), steps in literal_steps(inside).items():
        assert (down[i, j], across[i, j]) in steps


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.8, 0.97]))
def test_the_nearest_background_of_random_pixels_is_a_nearest_one(height, width, seed, share):
    assert_nearest(np.random.default_rng(seed).random((height, width)) < share)


@pytest.mark.parametrize("shape", [(9, 30), (30, 9), (16, 16), (1, 1), (1, 12)])
def test_beyond_the_edges_is_background(shape):
    assert_nearest(np.ones(shape, dtype=bool))


def test_the_nearest_background_of_a_polygon_is_a_nearest_one():
    polygon = np.array([[4, 6], [30, 2], [36, 12], [20, 10], [6, 20]], dtype=np.float32)
    assert_nearest(mask_of([polygon], 24, 40))


def test_a_ring_has_evenly_spaced_points_from_the_first_one():
    points = ring(box_polygon(0, 0, 30, 10), 20)
    assert points[0].tolist() == [0, 0]
    assert np.allclose(np.abs(np.roll(points, -1, axis=0) - points).sum(axis=1), 4)
    assert perimeter(points) == pytest.approx(80, abs=5)


def test_a_ring_can_be_smoothed_first():
    steps = np.array([[0, 0], [20, 0], [20, 0.2], [40, 0.2], [40, 10], [0, 10]], dtype=np.float32)
    assert np.unique(ring(steps, 40, smooth=0.01)[:12, 1].round(4)).size > 2  # a line, not a step
    assert set(ring(steps, 40)[1:8, 1].tolist()) == {0.0}


def test_a_polygon_that_crosses_itself_is_its_larger_piece():
    crossed = np.array([[0, 0], [40, 30], [40, 0], [0, 10]], dtype=np.float32)
    piece = simple_polygon(crossed)
    assert piece is not None
    assert len(piece) >= 4
    assert signed_area(piece) == pytest.approx(450)
    square = box_polygon(0, 0, 5, 5)
    assert np.array_equal(simple_polygon(square[::-1]), np.roll(square, 1, axis=0))
    assert simple_polygon(np.zeros((4, 2), dtype=np.float32)) is None
