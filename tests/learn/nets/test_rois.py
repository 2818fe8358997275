"""Regions of features beside loops, and polygons beside shapely."""

import numpy as np
import pytest
import shapely
import torch

from scenetext.geometry import box_polygon
from scenetext.learn.nets.rois import polygon_masks, roi_align


def bilinear(feature, x, y):
    """The value at (x, y) pixels of one map, whose pixel centres are at halves."""
    height, width = feature.shape
    x, y = min(max(x - 0.5, 0), width - 1), min(max(y - 0.5, 0), height - 1)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    a, b = x - left, y - top
    above = (1 - a) * feature[top, left] + a * feature[top, right]
    below = (1 - a) * feature[bottom, left] + a * feature[bottom, right]
    return (1 - b) * above + b * below


def test_pooling_is_the_mean_of_points_in_each_bin():
    torch.manual_seed(0)
    features = torch.randn(1, 3, 9, 14)
    boxes = torch.tensor([[3.0, 5.0, 41.0, 22.0], [-4.0, 10.0, 20.0, 40.0], [8.0, 8.0, 9.0, 9.0]])
    found = roi_align(features, boxes, 0.25, 4)
    assert found.shape == (3, 3, 4, 4)
    for k, (left, top, right, bottom) in enumerate(boxes.tolist()):
        for row in range(4):
            for column in range(4):
                points = [
                    (left + (column + a) / 4 * (right - left), top + (row + b) / 4 * (bottom - top))
                    for a in (0.25, 0.75)
                    for b in (0.25, 0.75)
                ]
                for channel in range(3):
                    values = [bilinear(features[0, channel], x / 4, y / 4) for x, y in points]
                    assert float(found[k, channel, row, column]) == pytest.approx(
                        float(np.mean(values)), abs=1e-5
                    )


def test_no_boxes_are_no_regions():
    assert roi_align(torch.randn(1, 3, 9, 14), torch.zeros(0, 4), 0.25, 7).shape == (0, 3, 7, 7)
    assert polygon_masks(torch.zeros(0, 8, 2), torch.zeros(0, 4), 7).shape == (0, 7, 7)


def test_a_hard_mask_has_the_bins_whose_centre_is_inside():
    rng = np.random.default_rng(0)
    for _ in range(30):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radii = rng.uniform(5, 30, 9)
        polygon = (np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None] + 40).astype(
            np.float32
        )
        box = np.array([*(polygon.min(axis=0) - 2), *(polygon.max(axis=0) + 3)], np.float32)
        mask = polygon_masks(torch.from_numpy(polygon)[None], torch.from_numpy(box)[None], 32)[0].numpy()
        steps = (np.arange(32) + 0.5) / 32
        xs, ys = np.meshgrid(box[0] + steps * (box[2] - box[0]), box[1] + steps * (box[3] - box[1]))
        inside = shapely.contains_xy(shapely.Polygon(polygon), xs, ys)
        assert (mask != inside).sum() <= 1  # a centre may lie on the outline, up to a rounding


def test_points_that_repeat_change_no_mask():
    square = torch.from_numpy(box_polygon(10, 10, 30, 20))[None]
    box = torch.tensor([[0.0, 0.0, 40.0, 40.0]])
    mask = polygon_masks(square, box, 8)
    assert mask[0].nonzero().tolist() == [[2, 2], [2, 3], [2, 4], [2, 5], [3, 2], [3, 3], [3, 4], [3, 5]]
    filled = torch.cat([square, square[:, -1:].expand(-1, 5, -1)], dim=1)
    assert torch.equal(polygon_masks(filled, box, 8), mask)
