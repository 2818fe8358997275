"""The progressive scale expansion of PSENet: how labels grow.

Gives exactly what the textbook loop over single pixels gives, by operations on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
