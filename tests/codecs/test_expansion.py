"""Progressive scale expansion, against the loop over single pixels that defines it."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.expansion import expand
from scenetext.codecs.regions import label_regions, measure

AROUND = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def grown_pixel_by_pixel(seeds: np.ndarray, kernels: list[np.ndarray], backwards: bool = False) -> np.ndarray:
    """The algorithm of the paper with its two queues."""
    labels = seeds.copy()
    points = [tuple(point) for point in np.argwhere(labels > 0)]
    queue = deque(points[::-1] if backwards else points)
    for kernel in kernels:
        waiting = deque()
        while queue:
            y, x = queue.popleft()
            edge = True
            for dy, dx in AROUND:
                near = y + dy, x + dx
                if not (0 <= near[0] < labels.shape[0] and 0 <= near[1] < labels.shape[1]):
                    continue
                if kernel[near] and labels[near] == 0:
                    labels[near] = labels[y, x]
                    queue.append(near)
                    edge = False
            if edge:
                waiting.append((y, x))
        queue = waiting
    return labels


def random_kernels(seed: int, nested: bool = True) -> list[np.ndarray]:
    """Masks from the smallest to the largest, of blobs that touch in many places."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(3, 40, 2)
    field = rng.random((height, width))
    for _ in range(int(rng.integers(0, 4))):  # larger blobs
        padded = np.pad(field, 1, mode="edge")
        field = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] + field) / 5
    levels = np.sort(rng.uniform(0.2, 0.95, int(rng.integers(2, 8))))[::-1]
    masks = [field >= np.quantile(field, level) for level in levels]
    if not nested:  # as a network's maps are: only the largest one is sure to hold the others
        masks = [mask & (rng.random(mask.shape) > 0.1) for mask in masks[:-1]] + masks[-1:]
    return masks


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0, 4]))
def test_expansion_is_the_breadth_first_search_pixel_by_pixel(seed, nested, min_area):
    smallest, *larger = random_kernels(seed, nested)
    seeds = label_regions(smallest, min_area=min_area)
    assert np.array_equal(expand(seeds, larger), grown_pixel_by_pixel(seeds, larger))


def test_the_random_maps_have_conflicts_that_the_order_of_the_queue_decides():
    differ = 0
    for seed in range(40):
        smallest, *larger = random_kernels(seed)
        seeds = label_regions(smallest)
        one, other = (grown_pixel_by_pixel(seeds, larger, backwards) for backwards in (False, True))
        differ += not np.array_equal(one, other)
    assert differ > 10


def test_the_first_to_come_gets_the_pixel_between_two():
    seeds = np.array([[1, 0, 2]], np.int32)
    everywhere = np.ones((1, 3), bool)
    assert expand(seeds, [everywhere]).tolist() == [[1, 1, 2]]
    assert expand(seeds[:, ::-1], [everywhere]).tolist() == [[2, 2, 1]]


def test_who_reached_a_kernel_earlier_does_not_come_first_in_the_next_one():
    # both wait at the gap; the left one grew into its place in the first kernel, so it queued later
    seeds = np.array([[1, 0, 0, 2]], np.int32)
    small = np.array([[1, 1, 0, 1]], bool)
    assert expand(seeds, [small, np.ones((1, 4), bool)]).tolist() == [[1, 1, 2, 2]]


def test_labels_do_not_leave_the_kernel_or_change():
    smallest, *larger = random_kernels(7)
    seeds = label_regions(smallest)
    labels = expand(seeds, larger)
    assert np.array_equal(labels[seeds > 0], seeds[seeds > 0])
    assert not (labels > 0)[~larger[-1]].any()


def test_without_seeds_nothing_grows():
    everywhere = np.ones((5, 4), bool)
    assert expand(np.zeros((5, 4), np.int32), [everywhere, everywhere]).max() == 0


@pytest.mark.parametrize("seed", range(5))
def test_regions_are_measured_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, (9, 13)).astype(np.int32)
    labels[labels == 3] = 0  # a label that nothing has
    values = rng.random((9, 13)).astype(np.float32)
    regions = measure(labels, values)
    assert regions.labels.tolist() == [1, 2, 4]
    for label, area, mean, (top, left, bottom, right) in zip(
        regions.labels, regions.areas, regions.means, regions.boxes, strict=True
    ):
        y, x = np.nonzero(labels == label)
        assert area == len(y)
        assert mean == pytest.approx(values[labels == label].mean(), rel=1e-5)
        assert (top, left, bottom, right) == (y.min(), x.min(), y.max() + 1, x.max() + 1)


def test_an_empty_map_has_no_regions():
    regions = measure(np.zeros((4, 4), np.int32), np.zeros((4, 4), np.float32))
    assert len(regions.labels) == len(regions.areas) == len(regions.means) == len(regions.boxes) == 0
