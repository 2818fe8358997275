"""Varying-width max pooling of regions against a literal loop."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.learn.nets.li2017.pooling import LEVELS, RegionPooling


def literal(features, box, rows, columns, varying, stride=8):
    """(width, rows * C) of one region, bin by bin and pixel by pixel."""
    channels, height, width = features.shape
    left, top, right, bottom = box
    if varying:
        shape = 2 * rows * np.float32(right - left) / np.float32(bottom - top)
        wanted = min(max(round(float(shape)), 1), columns)
    else:
        wanted = columns
    x0, y0 = (min(int(low // stride), size - 1) for low, size in ((left, width), (top, height)))
    x1, y1 = (min(math.ceil(high / stride), size) for high, size in ((right, width), (bottom, height)))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    found = np.full((wanted, rows, channels), -np.inf, np.float32)
    for j in range(wanted):
        for i in range(rows):
            for y in range(y0 + i * (y1 - y0) // rows, y0 + math.ceil((i + 1) * (y1 - y0) / rows)):
                for x in range(x0 + j * (x1 - x0) // wanted, x0 + math.ceil((j + 1) * (x1 - x0) / wanted)):
                    found[j, i] = np.maximum(found[j, i], features[:, y, x])
    return found.reshape(wanted, -1)


def pooled(features, boxes, image, pooling, levels=None):
    boxes, image = torch.tensor(boxes, dtype=torch.float32), torch.tensor(image)
    cells = pooling.cells(boxes, image, *features.shape[2:])
    return pooling(features, cells, levels or cells.levels()), cells.widths


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_pooling_is_that_of_the_literal_loop(seed, varying, exported):
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(1, 40, 2))
    features = torch.from_numpy(rng.standard_normal((2, 3, height, width), dtype=np.float32))
    corner = rng.uniform(0, [8 * width, 8 * height], (6, 2))
    other = np.minimum(corner + rng.exponential(60, (6, 2)) + 1, [8 * width, 8 * height])
    boxes = np.concatenate([corner, other], axis=1).astype(np.float32).tolist()
    image = rng.integers(0, 2, 6).tolist()
    pooling = RegionPooling(8, 4, 35 if varying else 20, varying)
    found, widths = pooled(features, boxes, image, pooling, LEVELS if exported else None)
    for box, index, row, count in zip(boxes, image, found, widths, strict=True):
        expected = literal(features[index].numpy(), box, 4, pooling.columns, varying)
        assert len(expected) == count
        assert np.array_equal(row[:count].numpy(), expected)


@pytest.mark.parametrize(
    ("width", "columns"), [(10, 2), (40, 8), (80, 16), (120, 24), (174, 35), (400, 35), (2, 1)]
)
def test_a_region_is_as_wide_as_twice_its_shape_says_up_to_35_columns(width, columns):
    cells = RegionPooling(8, 4, 35, True).cells(
        torch.tensor([[0.0, 0.0, width, 40.0]]), torch.zeros(1, dtype=torch.long), 30, 60
    )
    assert cells.widths.tolist() == [columns]
    assert cells.narrowed().columns.shape == (1, columns, 2)


def test_the_levels_of_exported_graphs_cover_every_region_of_a_view_of_960_pixels():
    boxes = [[0, 0, 1280, 960], [0, 0, 100, 960], [3, 5, 1279, 60], [7, 1, 9, 959]]
    cells = RegionPooling(8, 4, 35, True).cells(
        torch.tensor(boxes, dtype=torch.float32), torch.zeros(4, dtype=torch.long), 120, 160
    )
    assert all(need <= have for need, have in zip(cells.levels(), LEVELS, strict=True))


def test_the_gradient_reaches_just_the_largest_pixel_of_each_bin():
    features = torch.rand(1, 1, 8, 8, requires_grad=True)
    found, _ = pooled(features, [[0, 0, 64, 64]], [0], RegionPooling(8, 4, 35, True))
    found[0, :8].sum().backward()
    # 4 x 8 bins of 2 x 1 pixels
    blocks = features.detach()[0, 0].reshape(4, 2, 8)
    assert torch.equal(features.grad[0, 0].reshape(4, 2, 8), (blocks == blocks.amax(1, keepdim=True)).float())


def test_a_pass_that_learns_pools_the_same_as_one_that_does_not():
    torch.manual_seed(1)
    features = torch.randn(2, 3, 20, 30)
    boxes = [[0, 0, 240, 160], [7, 9, 80, 31], [100, 3, 236, 158], [16, 24, 24, 32]]
    for net in (RegionPooling(8, 4, 35, True), RegionPooling(8, 4, 20, False)):
        still, _ = pooled(features, boxes, [0, 1, 0, 1], net)
        learning, _ = pooled(features.clone().requires_grad_(), boxes, [0, 1, 0, 1], net)
        assert torch.equal(learning, still)
