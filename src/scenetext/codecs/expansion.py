"""Regions of label maps: connected components, and the progressive scale expansion that lets them grow.

Both give exactly what the textbook loops over single pixels give, by operations on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def components(mask: np.ndarray, min_area: float = 0.0) -> np.ndarray:
    """The 4-connected components of a (h, w) bool mask with at least `min_area` pixels.

    Returns (h, w) int32: 1, 2, ... in the row-major order of the components' first pixels, 0 elsewhere.
    """
    height, width = mask.shape
    rows, starts, stops, _ = _runs(mask)
    lengths = stops - starts
    # In a flat numbering with a gap between rows, the runs below run i are those that overlap it, moved on by
    # one row. Both ends ascend, so these are consecutive.
    step = width + 1
    begins, ends = rows * step + starts, rows * step + stops
    first = np.searchsorted(ends, begins + step, side="right")
    counts = np.maximum(np.searchsorted(begins, ends + step, side="left") - first, 0)
    upper = np.repeat(np.arange(len(rows)), counts)
    lower = np.arange(len(upper)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    _, number = np.unique(_roots(len(rows), upper, lower), return_inverse=True)
    large = np.bincount(number, lengths) >= min_area
    number = np.where(large, np.cumsum(large), 0)[number]
    labels = np.zeros((height, width), dtype=np.int32)
    labels[mask] = np.repeat(number, lengths)
    return labels


def expand(labels: np.ndarray, kernels: Sequence[np.ndarray]) -> np.ndarray:
    """Progressive scale expansion of PSENet (Wang et al., CVPR 2019): labels grow from kernel to kernel.

    labels    (h, w) int32, 0 for none: the seeds.
    kernels   (h, w) bool masks through which they grow in turn; the last one contains the others.
    Returns (h, w) int32.

    Breadth first, first come, first served: a queue begins with the labelled pixels, row by row; a pixel
    gives its label to those of its neighbours above, below, left and right that the kernel holds and that
    have none, and they queue up behind. Pixels that found nobody wait, in the order in which they came up,
    and are the queue of the next kernel. All pixels that queue at one time are dealt with at once here; of
    several that reach for the same neighbour the first one in the queue has it.
    """
    width = labels.shape[1] + 2
    around = np.array([-width, width, -1, 1])
    grown = np.pad(labels, 1).ravel()  # a frame, so that every pixel has four neighbours
    vacant = np.pad(kernels[-1], 1).ravel() & (grown == 0)
    claim = np.empty(grown.shape, dtype=np.int32)
    # pixels that no kernel leaves a neighbour to are left out of the queue: they change nothing
    beside = np.zeros_like(vacant)
    for step in (width, 1):
        beside[step:] |= vacant[:-step]
        beside[:-step] |= vacant[step:]
    queue = np.flatnonzero(beside & (grown != 0))
    for kernel in kernels:
        holds = vacant & np.pad(kernel, 1).ravel()
        waiting = []
        while len(queue):
            neighbours = (queue[:, None] + around).ravel()  # in the order of the queue
            asked = np.flatnonzero(holds[neighbours])
            cells = neighbours[asked]
            order = np.arange(len(cells), dtype=np.int32)
            claim[cells[::-1]] = order[::-1]  # the last writer stays, and that is the first in the queue
            first = claim[cells] == order
            cells, sources = cells[first], asked[first] >> 2
            grown[cells] = grown[queue[sources]]
            holds[cells] = False
            vacant[cells] = False
            stays = np.ones(len(queue), dtype=bool)
            stays[sources] = False
            waiting.append(queue[stays])
            queue = cells
        queue = np.concatenate(waiting) if waiting else queue
        queue = queue[vacant[queue[:, None] + around].any(axis=1)]
    return grown.reshape(-1, width)[1:-1, 1:-1]


def measure(labels: np.ndarray, values: np.ndarray) -> Regions:
    """The regions of a label map (h, w), with the means of `values` (h, w) over them."""
    rows, starts, stops, names = _runs(labels)
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


def _runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The horizontal runs of one value other than 0, row by row: (row, start, stop, value) of each."""
    width = values.shape[1] + 1
    flat = np.pad(values, ((0, 0), (0, 1))).ravel()  # a run ends with its row
    edges = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    runs = np.flatnonzero(flat[edges])
    begins, ends = edges[runs], edges[1:][runs]  # the last pixel is of the frame, so every run has an end
    rows = begins // width
    return rows, begins - rows * width, ends - rows * width, flat[begins]


def _roots(count: int, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """(count,) the smallest member of each node's component in the graph with edges upper-lower."""
    parent = np.arange(count)
    while True:
        a, b = parent[upper], parent[lower]
        apart = a != b
        if not apart.any():
            return parent
        np.minimum.at(parent, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while not np.array_equal(grand := parent[parent], parent):
            parent = grand
