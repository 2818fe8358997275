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


def flood(mask: np.ndarray, diagonal: bool = False, min_area: float = 0) -> np.ndarray:
    labels, seen, count = np.zeros(mask.shape, int), np.zeros(mask.shape, bool), 0
    for start in zip(*np.nonzero(mask), strict=True):
        todo, pixels = [start], []
        while todo:
            i, j = todo.pop()
            if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and mask[i, j] and not seen[i, j]:
                seen[i, j] = True
                pixels.append((i, j))
                todo += [(i + down, j + right) for down, right in AROUND[diagonal]]
        if pixels and len(pixels) >= min_area:
            count += 1
            labels[tuple(np.transpose(pixels))] = count
    return labels


@pytest.mark.parametrize("diagonal", [False, True])
@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(1, 24),
    st.integers(1, 24),
    st.floats(0, 1),
    st.sampled_from([0, 1, 3, 7]),
)
def test_regions_are_those_of_a_flood_fill(diagonal, seed, height, width, share, min_area):
    mask = np.random.default_rng(seed).random((height, width)) < share
    found = label_regions(mask, diagonal=diagonal, min_area=min_area)
    assert np.array_equal(found, flood(mask, diagonal, min_area))


def test_a_spiral_is_one_region():
    mask = np.zeros((41, 41), bool)
    for r in range(0, 20, 2):
        mask[r, r : 41 - r] = mask[40 - r, r : 41 - r] = True
        mask[r : 41 - r, 40 - r] = mask[r + 2 : 41 - r, r] = True
        mask[r + 2, r : r + 2] = True
    labels = label_regions(mask)
    assert labels.max() == 1
    assert np.array_equal(labels, flood(mask))


def test_pixels_that_touch_at_a_corner_are_apart_unless_diagonals_count():
    assert label_regions(np.eye(3, dtype=bool)).max() == 3
    assert label_regions(np.eye(3, dtype=bool), diagonal=True).max() == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.floats(0.2, 0.9))
def test_holes_are_what_no_path_to_the_border_leads_out_of(seed, share):
    mask = np.random.default_rng(seed).random((11, 13)) < share
    outside = flood(np.pad(~mask, 1, constant_values=True))[1:-1, 1:-1] == 1
    assert np.array_equal(fill_holes(mask), ~outside)


def test_empty_and_full_masks():
    empty, full = np.zeros((3, 4), bool), np.ones((3, 4), bool)
    assert label_regions(empty, diagonal=True).max() == 0
    assert label_regions(full, diagonal=False).max() == 1
    assert not fill_holes(empty).any()
    assert fill_holes(full).all()


def test_components_of_a_graph_are_numbered_by_their_first_nodes():
    assert connected(6, np.array([4, 1]), np.array([1, 5])).tolist() == [0, 1, 2, 3, 1, 1]
