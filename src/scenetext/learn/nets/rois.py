"""Regions of a feature map, pooled to one size, and the polygons in them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def roi_align(features: Tensor, boxes: Tensor, scale: float, size: int, samples: int = 2) -> Tensor:
    """The features in boxes, (K, C, size, size): the mean of samples x samples points of each bin (He et al.
    2017, Mask R-CNN).

    features   (1, C, h, w) of one view, whose place (i, j) is the centre of its pixel
    boxes      (K, 4) left, top, right, bottom, in view pixels; K may be 0
    scale      pixels of the features per pixel of the view

    Points are interpolated bilinearly; outside the map it goes on as at its border. (The published code
    samples half a pixel off, as all of its time did.)
    """
    count = size * samples
    steps = (torch.arange(count, device=boxes.device, dtype=boxes.dtype) + 0.5) / count
    x = boxes[:, :1] + steps * (boxes[:, 2:3] - boxes[:, :1])  # (K, count)
    y = boxes[:, 1:2] + steps * (boxes[:, 3:4] - boxes[:, 1:2])
    # grid_sample counts from -1 to 1 over the pixels' outer edges
    across = 2 * scale * x / features.shape[3] - 1
    down = 2 * scale * y / features.shape[2] - 1
    grid = torch.stack(
        [across[:, None, :].expand(-1, count, -1), down[:, :, None].expand(-1, -1, count)], dim=-1
    )
    sampled = functional.grid_sample(
        features, grid.reshape(1, -1, count, 2), padding_mode="border", align_corners=False
    )
    # (1, C, K * count, count): bins are cut out of rows and columns
    bins = sampled[0].reshape(features.shape[1], -1, size, samples, size, samples)
    return bins.mean(dim=(3, 5)).transpose(0, 1)


def polygon_masks(polygons: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Which bins of boxes have their centre inside a polygon: (K, size, size) float, 1 or 0.

    polygons   (K, P, 2), closed, view pixels; by the even-odd rule. Points that repeat change nothing
    boxes      (K, 4)

    The hard RoI mask of Mask TextSpotter v3 (section 3.3): R = R_0 * M.
    """
    steps = (torch.arange(size, device=boxes.device, dtype=boxes.dtype) + 0.5) / size
    x = (boxes[:, :1] + steps * (boxes[:, 2:3] - boxes[:, :1]))[:, None, :, None]  # (K, 1, size, 1)
    y = (boxes[:, 1:2] + steps * (boxes[:, 3:4] - boxes[:, 1:2]))[:, :, None, None]  # (K, size, 1, 1)
    start = polygons[:, None, None]  # (K, 1, 1, P, 2)
    end = torch.cat([polygons[:, 1:], polygons[:, :1]], dim=1)[:, None, None]
    (x0, y0), (x1, y1) = start.unbind(-1), end.unbind(-1)
    # a ray to the right crosses an edge that begins above and ends below, or the other way round
    between = (y0 > y) != (y1 > y)  # (K, size, 1, P)
    rise = torch.where(y1 == y0, torch.ones_like(y1), y1 - y0)
    crossing = x0 + (y - y0) / rise * (x1 - x0)
    crossings = (between & (x < crossing)).sum(dim=-1)
    return (crossings % 2).to(boxes.dtype)
