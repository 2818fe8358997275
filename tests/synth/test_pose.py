from __future__ import annotations

import numpy as np
import pytest

from scenetext.geometry import box_polygon, signed_area, warp_points
from scenetext.synth.pose import Pose, box_after, shifted


def test_a_sign_seen_straight_on_keeps_its_pixels() -> None:
    assert np.allclose(Pose().matrix(100, 40, 500), np.eye(3), atol=1e-9)


@pytest.mark.parametrize("roll", [0, 30, 90, 180, -135])
@pytest.mark.parametrize("yaw", [-75, 0, 60])
@pytest.mark.parametrize("pitch", [-60, 0, 75])
def test_a_turned_sign_is_never_mirrored_and_starts_at_the_origin(
    roll: float, yaw: float, pitch: float
) -> None:
    quad = warp_points(box_polygon(0, 0, 300, 120), Pose(roll, yaw, pitch).matrix(300, 120, 200))
    assert signed_area(quad) > 0
    assert np.allclose(quad.min(axis=0), 0, atol=1e-3)


def test_the_far_side_of_a_wall_is_lower() -> None:
    top_left, top_right, bottom_right, bottom_left = warp_points(
        box_polygon(0, 0, 300, 120), Pose(yaw=40).matrix(300, 120, 600)
    )
    assert np.linalg.norm(top_right - bottom_right) < np.linalg.norm(top_left - bottom_left)


def test_a_quarter_turn_swaps_the_sides_of_the_box() -> None:
    assert box_after(Pose(roll=90).matrix(100, 40, 500), 100, 40) == pytest.approx((40, 100), abs=1e-3)


def test_shifting_moves_every_point() -> None:
    matrix = Pose(10, 20, 5).matrix(100, 40, 300)
    corners = box_polygon(0, 0, 100, 40)
    moved = warp_points(corners, shifted(matrix, 7, -3))
    assert np.allclose(moved, warp_points(corners, matrix) + np.array([7, -3]), atol=1e-3)
