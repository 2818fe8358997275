"""Thin-plate splines: golden positions, the equations once more, and what the images' size may be."""

import numpy as np
import pytest
import torch

from scenetext.errors import SettingsError
from scenetext.learn.nets.tps import TPS


def pixel_grid(height, width):
    """The centres of all pixels, (H, W, 2)."""
    x, y = (2 * np.arange(width) + 1 - width) / width, (2 * np.arange(height) + 1 - height) / height
    return np.stack(np.meshgrid(x, y), axis=2)


def base_points(points=20):
    x = np.linspace(-1, 1, points // 2)
    return np.concatenate([np.stack([x, np.full_like(x, y)], axis=1) for y in (-1, 1)])


def kernel(distance):
    return np.where(distance > 0, distance**2 * np.log(np.where(distance > 0, distance, 1)), 0)


def literal_positions(fiducials, height, width):
    """RARE section 3.1 in float64, the linear system solved anew."""
    base = base_points(len(fiducials))
    count = len(base)
    system = np.zeros((count + 3, count + 3))
    system[:count, 0] = 1
    system[:count, 1:3] = base
    system[:count, 3:] = kernel(np.linalg.norm(base[:, None] - base[None], axis=2))
    system[count, 3:] = 1
    system[count + 1 :, 3:] = base.T
    coefficients = np.linalg.solve(system, np.concatenate([fiducials, np.zeros((3, 2))]))
    found = np.empty((height, width, 2))
    for i, j in np.ndindex(height, width):
        pixel = pixel_grid(height, width)[i, j]
        radial = kernel(np.linalg.norm(pixel - base, axis=1))
        found[i, j] = np.concatenate([[1], pixel, radial]) @ coefficients
    return found


@pytest.fixture
def tps():
    return TPS(1, width=16).eval()


def test_it_starts_from_the_slanted_pattern_whatever_the_image(tps):
    images = torch.randn(2, 1, 32, 100)
    fiducials = tps.localizer(images).reshape(2, 20, 2)
    corners = tps.positions(fiducials, 32, 100)[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    golden = torch.tensor([[-0.990, 0.011], [0.990, -0.979], [-0.990, 0.979], [0.990, -0.011]])
    assert torch.allclose(corners, golden.expand(2, 4, 2), atol=6e-4)  # three digits are known


@pytest.mark.parametrize("size", [(32, 100), (32, 32), (32, 256), (48, 160)])
def test_base_points_as_fiducials_reproduce_the_pixels(tps, size):
    found = tps.positions(torch.tensor(base_points(), dtype=torch.float32)[None], *size)[0]
    assert np.abs(found.detach().numpy() - pixel_grid(*size)).max() < 1e-6


@pytest.mark.parametrize("points", [4, 10, 20])
def test_positions_are_those_of_the_equations(points):
    rng = np.random.default_rng(points)
    fiducials = base_points(points) + rng.normal(0, 0.3, (points, 2))
    found = TPS(1, points=points, width=16).positions(
        torch.tensor(fiducials, dtype=torch.float32)[None], 8, 20
    )
    assert np.abs(found[0].detach().numpy() - literal_positions(fiducials, 8, 20)).max() < 2e-6


def test_a_shift_of_the_fiducials_shifts_the_image(tps):
    images = torch.rand(1, 1, 32, 64)
    base = base_points()
    # positions count from the centres of the outermost pixels, pixels of the grid from their own: undone here
    base = base * [64 / 63, 32 / 31]
    base[:, 0] += 2 * 8 / 63
    with torch.no_grad():
        last = tps.localizer[-1]
        last.bias.copy_(torch.tensor(base, dtype=torch.float32).flatten())
        moved = tps(images)
    assert torch.allclose(moved[..., :56], images[..., 8:], atol=1e-4)
    assert torch.allclose(moved[..., 56:], images[..., -1:].expand(-1, -1, -1, 8), atol=1e-4)  # the border


@pytest.mark.parametrize("localizer", ["benchmark", "paper"])
def test_nothing_that_is_stored_depends_on_the_size_of_the_images(localizer):
    stage = TPS(3, localizer=localizer, width=16).eval()
    assert all(not key.startswith(("base", "inverse")) for key in stage.state_dict())
    for size in ((32, 100), (32, 260), (48, 64)):
        assert stage(torch.zeros(2, 3, *size)).shape == (2, 3, *size)


def test_the_papers_localizer_starts_from_the_pattern_inside_the_range_of_tanh():
    stage = TPS(1, localizer="paper", width=16).eval()
    fiducials = stage.localizer(torch.randn(1, 1, 32, 100)).reshape(20, 2)
    assert torch.allclose(fiducials[0], torch.tensor([-0.9, 0.0]), atol=1e-5)
    assert torch.allclose(fiducials[9], torch.tensor([0.9, -0.9]), atol=1e-5)
    assert torch.allclose(fiducials[10], torch.tensor([-0.9, 0.9]), atol=1e-5)


def test_the_papers_localizer_has_its_layers():
    stage = TPS(1, localizer="paper")
    shapes = [tuple(p.shape) for p in stage.parameters() if p.ndim > 1]
    assert shapes == [
        *((64, 1, 3, 3), (128, 64, 3, 3), (256, 128, 3, 3), (512, 256, 3, 3)),
        *((1024, 6144), (1024, 1024), (40, 1024)),
    ]


def test_the_benchmarks_localizer_has_its_parameters():
    assert sum(p.numel() for p in TPS(1).parameters()) == 1_692_392


def test_half_precision_moves_no_sample(tps):
    images = torch.rand(1, 1, 32, 100)
    with torch.no_grad():
        expected = tps(images)
        with torch.autocast("cpu", torch.bfloat16):
            found = tps(images)
    # only the localizer runs in half precision, and its result is the bias of its last layer
    assert found.dtype == torch.float32
    assert (found - expected).abs().mean() < 0.02


def test_gradients_reach_the_localizer_through_the_sampler(tps):
    stage = tps.train()
    torch.nn.init.normal_(stage.localizer[-1].weight, std=0.01)
    stage(torch.rand(2, 1, 32, 64)).square().sum().backward()
    assert [
        name for name, p in stage.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0
    ] == []


@pytest.mark.parametrize("settings", [{"points": 5}, {"points": 2}, {"localizer": "rare"}])
def test_a_wrong_setting_is_refused(settings):
    with pytest.raises(SettingsError, match="TPS"):
        TPS(1, **settings)
