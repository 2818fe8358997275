"""Connected regions of a mask, without an image library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Regions:
    """What is known of the regions of a label map; entry i is of the region with label labels[i].

    labels   (K,) the labels, ascending.
    areas    (K,) int64, pixels.
    means    (K,) float64, mean of some map over the region.
    boxes    (K, 4) int64: top, left, bottom, right; bottom and right exclusive.
    """

    labels: np.ndarray
    areas: np.ndarray
    means: np.ndarray
    boxes: np.ndarray


def label_regions(mask: np.ndarray, *, diagonal: bool = False, min_area: float = 0.0) -> np.ndarray:
    """The regions of a (H, W) bool mask with at least `min_area` pixels.

    diagonal   whether pixels that share only a corner are neighbours

    Returns (H, W) int32: 1, 2, ... in the order of the regions' first pixels, row by row; 0 elsewhere.
    """
    rows, starts, stops, _ = runs(mask)
    lengths = stops - starts
    # In a flat numbering with a gap between rows, the runs below run i are those that overlap it, moved on by
    # one row. Both ends ascend, so these are consecutive.
    step, reach = mask.shape[1] + 1, int(diagonal)
    begins, ends = rows * step + starts, rows * step + stops
    first = np.searchsorted(ends, begins + step - reach, side="right")
    counts = np.searchsorted(begins, ends + step + reach, side="left") - first
    upper = np.repeat(np.arange(len(rows)), counts)
    lower = np.arange(len(upper)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    number = connected(len(rows), upper, lower)
    large = np.bincount(number, lengths) >= min_area
    number = np.where(large, np.cumsum(large), 0)[number]
    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[mask] = np.repeat(number, lengths)
    return labels


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """The (H, W) bool mask with all that its regions enclose; what reaches the border is not enclosed."""
    labels = label_regions(~mask)
    outside = np.zeros(labels.max(initial=0) + 1, dtype=bool)
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[border] = True
    outside[0] = False  # the mask itself
    return np.asarray(~outside[labels])


def measure(labels: np.ndarray, values: np.ndarray) -> Regions:
    """The regions of a label map (h, w), with the means of `values` (h, w) over them."""
    rows, starts, stops, names = runs(labels)
    found, number = np.unique(names, return_inverse=True)
    lengths = stops - starts
    areas = np.bincount(number, lengths).astype(np.int64)
    inside, first = values[labels != 0], np.cumsum(lengths) - lengths  # run by run, as the pixels are
    sums = np.bincount(number, np.add.reduceat(inside, first)) if len(rows) else np.zeros(0)
    boxes = np.zeros((len(found), 4), dtype=np.int64)
    boxes[:, :2] = labels.shape
    np.minimum.at(boxes[:, 0], number, rows)
    np.minimum.at(boxes[:, 1], number, starts)
    np.maximum.at(boxes[:, 2], number, rows + 1)
    np.maximum.at(boxes[:, 3], number, stops)
    return Regions(found, areas, sums / areas, boxes)


def runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The horizontal runs of one value other than 0, row by row: (row, start, stop, value) of each."""
    width = values.shape[1] + 1
    flat = np.pad(values, ((0, 0), (0, 1))).ravel()  # a run ends with its row
    edges = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    found = np.flatnonzero(flat[edges])
    begins, ends = edges[found], edges[1:][found]  # the last pixel is of the frame, so every run has an end
    rows = begins // width
    return rows, begins - rows * width, ends - rows * width, flat[begins]


def connected(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The number of the component of each of `count` nodes, (count,), in a graph of edges (first, second).

    Components are numbered from 0, in the order of their first nodes.
    """
    parent = np.arange(count)  # of each node, a node of its component that is not above it
    while True:
        a, b = parent[first], parent[second]
        apart = a != b
        if not apart.any():
            return np.unique(parent, return_inverse=True)[1]
        np.minimum.at(parent, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while not np.array_equal(further := parent[parent], parent):
            parent = further
