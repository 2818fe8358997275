"""Suppression against a literal loop."""

import numpy as np
import pytest

from scenetext.codecs.fourier import contours
from scenetext.codecs.suppress import Outlines, suppress
from scenetext.geometry import iou, signed_area


def outlines(seed: int, count: int, wild: float) -> np.ndarray:
    """Clusters of similar outlines; the wilder, the more of them cross themselves."""
    rng = np.random.default_rng(seed)
    shape = (count, 11)
    coefficients = wild * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    coefficients[:, 6] += rng.uniform(6, 14, count)
    coefficients[:, 4] += rng.uniform(0, 5, count)
    coefficients[:, 5] += rng.choice([20, 40, 60], count) + 1j * rng.choice([20, 45], count)
    points = contours(coefficients, 50)
    for some in points:
        if signed_area(some) < 0:
            some[:] = some[::-1].copy()
    return points


def literal(points: np.ndarray, chosen: list[int], scores: np.ndarray, limit: float) -> list[int]:
    kept: list[int] = []
    for i in sorted(chosen, key=lambda i: -scores[i]):
        if all(iou(points[i], points[j]) <= limit for j in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize("limit", [0.1, 0.5])
@pytest.mark.parametrize("wild", [0.05, 0.6, 2.0])
def test_it_keeps_what_a_literal_loop_keeps(wild, limit):
    for seed in range(3):
        points = outlines(seed, 60, wild)
        scores = np.random.default_rng(seed + 9).random(60)
        groups = np.arange(60) % 3
        shapes = Outlines(points)
        found = suppress(shapes, np.arange(60), scores, groups, limit)
        expected = [i for g in range(3) for i in literal(points, np.flatnonzero(groups == g), scores, limit)]
        assert sorted(found) == sorted(expected)
        # split groups change nothing
        split = shapes.split(found, np.zeros(len(found), int))
        again = suppress(shapes, found, scores[found], split, limit)
        assert sorted(again) == sorted(literal(points, found, scores, limit))


@pytest.mark.parametrize("wild", [0.05, 0.6, 2.0])
def test_the_decision_on_each_pair_is_that_of_its_iou(wild):
    points = outlines(5, 40, wild)
    first, second = np.triu_indices(40, 1)
    found = Outlines(points).overlap(first, second, 0.1)
    expected = [iou(points[i], points[j]) > 0.1 for i, j in zip(first, second, strict=True)]
    assert found.tolist() == expected
    assert 0 < sum(expected) < len(expected)


def test_nothing_and_outlines_without_area_pass():
    empty = np.arange(0)
    assert len(suppress(Outlines(np.zeros((0, 5, 2))), empty, empty, empty, 0.1)) == 0
    points = np.zeros((3, 5, 2))
    numbers = np.arange(3)
    assert len(suppress(Outlines(points), numbers, np.ones(3), np.zeros(3, int), 0.1)) == 3


def test_what_is_split_does_not_overlap():
    points = outlines(2, 50, 0.3)
    chosen = np.arange(50)
    groups = np.arange(50) % 2
    split = Outlines(points).split(chosen, groups)
    assert split.max() + 1 >= 2
    for i in range(50):
        for j in range(i):
            if split[i] == split[j]:
                assert groups[i] == groups[j]
            elif groups[i] == groups[j]:
                assert iou(points[i], points[j]) == 0
