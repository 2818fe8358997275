"""Connected regions of a mask, without an image library."""

from __future__ import annotations

import numpy as np


def label_regions(mask: np.ndarray, *, diagonal: bool) -> np.ndarray:
    """The number of the region of each pixel of a (H, W) bool mask, from 0; -1 where the mask is not set.

    diagonal   whether pixels that share only a corner are neighbours

    Regions are numbered in the order of their first pixels, row by row.
    """
    width = mask.shape[1] + 1
    # runs of set pixels, as places in one long line of all rows, each followed by an empty pixel
    edges = np.flatnonzero(np.diff(np.pad(mask, ((0, 0), (0, 1))).ravel().astype(np.int8), prepend=0))
    begin, end = edges[::2], edges[1::2]
    # the runs of the next row that a run touches are neighbours in the list
    reach = int(diagonal)
    first = np.searchsorted(end, begin + width - reach, side="right")
    last = np.searchsorted(begin, end + width + reach, side="left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(begin)), counts)
    lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[upper]
    labels = np.full(mask.shape, -1)
    labels[mask] = np.repeat(connected(len(begin), upper, lower), end - begin)
    return labels


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """The (H, W) bool mask with all that its regions enclose; what reaches the border is not enclosed."""
    labels = label_regions(~mask, diagonal=False)
    outside = np.zeros(labels.max(initial=-1) + 2, dtype=bool)  # the last one is the mask itself
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[border] = True
    outside[-1] = False
    return np.asarray(~outside[labels])


def connected(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The number of the component of each of `count` nodes, (count,), in a graph of edges (first, second).

    Components are numbered from 0, in the order of their first nodes.
    """
    names = np.arange(count)  # of each node, a node of its component that is not above it
    while True:
        low = np.minimum(names[first], names[second])
        before = names.copy()
        for node in (names[first], names[second]):
            np.minimum.at(names, node, low)
        while not np.array_equal(further := names[names], names):
            names = further
        if np.array_equal(names, before):
            return np.unique(names, return_inverse=True)[1]
