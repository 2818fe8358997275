"""Regions of masks against a flood fill."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.regions import connected, fill_holes, label_regions

AROUND = {
    False: [(-1, 0), (1, 0), (0, -1), (0, 1)],
    True: [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)],
}


def flood(mask: np.ndarray, diagonal: bool) -> np.ndarray:
    labels, count = np.full(mask.shape, -1), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start] >= 0:
            continue
        todo = [start]
        while todo:
            i, j = todo.pop()
            if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and mask[i, j] and labels[i, j] < 0:
                labels[i, j] = count
                todo += [(i + down, j + right) for down, right in AROUND[diagonal]]
        count += 1
    return labels


@pytest.mark.parametrize("diagonal", [False, True])
@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 14), st.integers(1, 14), st.floats(0, 1))
def test_regions_are_those_of_a_flood_fill(diagonal, seed, height, width, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    assert np.array_equal(label_regions(mask, diagonal=diagonal), flood(mask, diagonal))


def test_a_spiral_is_one_region():
    mask = np.zeros((41, 41), bool)
    for r in range(0, 20, 2):
        mask[r, r : 41 - r] = mask[40 - r, r : 41 - r] = True
        mask[r : 41 - r, 40 - r] = mask[r + 2 : 41 - r, r] = True
        mask[r + 2, r : r + 2] = True
    labels = label_regions(mask, diagonal=False)
    assert labels.max() == 0
    assert np.array_equal(labels, flood(mask, False))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.floats(0.2, 0.9))
def test_holes_are_what_no_path_to_the_border_leads_out_of(seed, share):
    mask = np.random.default_rng(seed).random((11, 13)) < share
    outside = flood(np.pad(~mask, 1, constant_values=True), False)[1:-1, 1:-1] == 0
    assert np.array_equal(fill_holes(mask), ~outside)


def test_empty_and_full_masks():
    empty, full = np.zeros((3, 4), bool), np.ones((3, 4), bool)
    assert label_regions(empty, diagonal=True).max() == -1
    assert label_regions(full, diagonal=False).max() == 0
    assert not fill_holes(empty).any()
    assert fill_holes(full).all()


def test_components_of_a_graph_are_numbered_by_their_first_nodes():
    assert connected(6, np.array([4, 1]), np.array([1, 5])).tolist() == [0, 1, 2, 3, 1, 1]
