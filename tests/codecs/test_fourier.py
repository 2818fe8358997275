"""Signatures of known shapes, and what they do not depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.fourier import contours, signature, transform
from scenetext.geometry import box_polygon, iou

K = 5


def ellipse(a: float, b: float, count: int = 400, centre: tuple[float, float] = (0, 0)) -> np.ndarray:
    t = 2 * np.pi * np.arange(count) / count
    return np.stack([a * np.cos(t) + centre[0], b * np.sin(t) + centre[1]], axis=1)


def star(radii: list[float]) -> np.ndarray:
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    return (np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.array(radii)[:, None] + 60).astype(
        np.float32
    )


def test_an_ellipse_has_two_coefficients_beside_its_centre():
    # a cos + i b sin = (a + b) / 2 e^(i t) + (a - b) / 2 e^(-i t)
    expected = np.zeros(2 * K + 1, complex)
    expected[[K - 1, K, K + 1]] = (40 - 10) / 2, 7 + 3j, (40 + 10) / 2
    assert transform(ellipse(40, 10, centre=(7, 3)), K) == pytest.approx(expected, abs=1e-9)


def test_the_transform_is_the_sum_of_its_definition():
    points = np.random.default_rng(0).uniform(0, 50, (40, 2))
    for k in range(-K, K + 1):
        total = 0j
        for n, (x, y) in enumerate(points):
            total += (x + 1j * y) * np.exp(-2j * np.pi * k * n / len(points))
        assert transform(points, K)[k + K] == pytest.approx(total / len(points))


@pytest.mark.parametrize(("start", "phase"), [("top", -1j), ("right", 1)])
def test_a_circle_has_its_radius_and_the_phase_of_its_start(start, phase):
    found = signature(ellipse(20, 20, 2000, centre=(50, 60)), K, start)
    expected = np.zeros(2 * K + 1, complex)
    expected[[K, K + 1]] = 50 + 60j, 20 * phase
    assert found == pytest.approx(expected, abs=1e-3)


def test_the_inverse_passes_through_the_points_of_a_band_limited_contour():
    rng = np.random.default_rng(1)
    coefficients = rng.normal(size=(4, 2 * K + 1)) + 1j * rng.normal(size=(4, 2 * K + 1))
    points = contours(coefficients, 50)
    assert points.shape == (4, 50, 2)
    for some, signed in zip(points, coefficients, strict=True):
        assert transform(some, K) == pytest.approx(signed)


def test_the_inverse_of_a_high_degree_returns_to_the_outline():
    polygon = box_polygon(10, 20, 90, 45)
    back = contours(signature(polygon, 60), 200)
    assert iou(back, polygon) > 0.995


@pytest.mark.parametrize("start", ["top", "right"])
@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(10, 50), min_size=4, max_size=12), st.integers(0, 11), st.booleans())
def test_the_signature_does_not_depend_on_the_first_vertex_or_the_direction(start, radii, turn, backwards):
    polygon = star(radii)
    same = np.roll(polygon, turn, axis=0)
    if backwards:
        same = same[::-1]
    assert signature(same, K, start) == pytest.approx(signature(polygon, K, start), abs=1e-3)


@pytest.mark.parametrize(("start", "expected"), [("top", (50, 30)), ("right", (80, 40))])
def test_a_contour_begins_above_or_right_of_its_centre(start, expected):
    # of a box from its corner, which is neither
    coefficients = signature(box_polygon(20, 30, 80, 50), 100, start)
    assert contours(coefficients, 1)[0] == pytest.approx(expected, abs=0.2)


def test_of_several_crossings_the_outermost_is_the_start():
    # a horseshoe, open below: the vertical through its centre crosses both of its edges
    angles = np.deg2rad(np.linspace(-200, 20, 23))
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    polygon = np.concatenate([ring * 60, ring[::-1] * 40]) + 100
    assert contours(signature(polygon, 60, "top"), 1)[0] == pytest.approx((100, 40), abs=0.5)
    x, _ = contours(signature(polygon, 60, "right"), 1)[0]
    assert x > 155


def test_contours_run_clockwise():
    for polygon in (ellipse(30, 9), ellipse(30, 9)[::-1], ellipse(9, 30)):
        found = signature(polygon, K)
        assert (np.abs(found) ** 2) @ np.arange(-K, K + 1) > 0
        assert abs(found[K + 1]) > abs(found[K - 1])


@pytest.mark.parametrize("start", ["top", "right"])
def test_the_points_of_a_walk_are_equidistant(start):
    points = contours(signature(box_polygon(0, 0, 64, 16), 150, start), 400)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.median(steps) == pytest.approx(160 / 400, rel=0.02)
    assert steps.max() < 1.3 * 160 / 400
