"""Axis-aligned boxes (n, 4): left, top, right, bottom, in pixels."""

from __future__ import annotations

import numpy as np

_BLOCK = 256  # boxes that suppression compares at once
LARGEST = 4.0  # logarithm of a box's size over its anchor's beyond which an offset says nothing


def make_anchors(
    scales: tuple[float, ...], ratios: tuple[float, ...], stride: int, height: int, width: int
) -> np.ndarray:
    """Anchors over a map (height, width), (A * height * width, 4) float32: anchor by anchor, row by row.

    An anchor has the area scale ** 2 and is `ratio` times as wide as high, scale by scale and ratio by
    ratio; its centre is that of a map pixel, which is `stride` pixels wide and high.
    """
    scale, root = np.repeat(scales, len(ratios)), np.sqrt(np.tile(ratios, len(scales)))
    half = np.stack([scale * root, scale / root], axis=1)[:, None, None] / 2  # (A, 1, 1, 2)
    x, y = (np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride
    centre = np.stack(np.meshgrid(x, y), axis=-1)[None]  # (1, height, width, 2)
    return np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4).astype(np.float32)


def encode_boxes(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The offsets (n, 4) that lead from anchors to boxes, both (n, 4) and not empty (Faster R-CNN).

    (x - x_a) / w_a and (y - y_a) / h_a of the centres, ln(w / w_a) and ln(h / h_a) of the sides.
    """
    centre, size = _centres(boxes)
    anchor_centre, anchor_size = _centres(anchors)
    offsets = [(centre - anchor_centre) / anchor_size, np.log(size / anchor_size)]
    return np.concatenate(offsets, axis=1).astype(np.float32)


def decode_boxes(offsets: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The inverse of `encode_boxes`, within a factor of e ** LARGEST of the anchors' size."""
    anchor_centre, anchor_size = _centres(anchors)
    centre = anchor_centre + offsets[:, :2] * anchor_size
    half = anchor_size * np.exp(offsets[:, 2:].clip(-LARGEST, LARGEST)) / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def clip_boxes(boxes: np.ndarray, height: float, width: float) -> np.ndarray:
    """The boxes, no point of them outside an image of this size."""
    limits = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(np.minimum(boxes, limits).clip(0))


def intersections(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that each of boxes (n, 4) shares with each of others (m, 4): (n, m)."""
    # side by side in memory along n, of which there are tens of thousands in training
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    other = np.ascontiguousarray(others.T)[:, :, None]
    shared = np.minimum(right, other[2]) - np.maximum(left, other[0])
    np.maximum(shared, 0, out=shared)
    shared *= (np.minimum(bottom, other[3]) - np.maximum(top, other[1])).clip(0)
    return np.asarray(shared.T)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each of boxes (n, 4) with each of others (m, 4): (n, m)."""
    shared = intersections(boxes, others).T
    union = areas(boxes) + areas(others)[:, None]
    union -= shared
    np.maximum(union, 1e-6, out=union)
    return np.asarray(np.divide(shared, union, out=union).T)


def areas(boxes: np.ndarray) -> np.ndarray:
    """(n,) of boxes (n, 4)."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1))


def suppress_boxes(boxes: np.ndarray, scores: np.ndarray, limit: float, most: int) -> np.ndarray:
    """Non-maximum suppression: which of boxes (n, 4) stay, best first, at most `most` of them.

    The best one stays, and those go that overlap it by an IoU above `limit`; then the best of what is left
    stays, and so on. Of equal scores the first is the better.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    alive = np.ones(len(boxes), dtype=bool)
    kept: list[int] = []
    # in blocks, so that few overlaps are computed that nobody asks for
    for start in range(0, len(boxes), _BLOCK):
        block = start + np.flatnonzero(alive[start : start + _BLOCK])
        above = overlaps(boxes[block], boxes[block]) > limit
        chosen: list[int] = []
        left = np.ones(len(block), dtype=bool)
        for i in range(len(block)):
            if left[i]:
                chosen.append(block[i])
                left &= ~above[i]
        kept += chosen[: most - len(kept)]
        if len(kept) == most:
            break
        rest = start + _BLOCK + np.flatnonzero(alive[start + _BLOCK :])
        if len(rest) and chosen:
            alive[rest] = ~(overlaps(boxes[rest], boxes[chosen]) > limit).any(axis=1)
    return np.asarray(order[kept], dtype=np.int64)


def _centres(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
