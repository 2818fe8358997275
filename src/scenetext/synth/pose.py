"""How a flat sign stands before the camera: turned in space, then seen through a pinhole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry import perspective, warp_points


@dataclass(frozen=True)
class Pose:
    """Angles in degrees. All zero: the sign is seen straight on.

    roll    turn in the picture, clockwise on screen.
    yaw     turn around the vertical axis, -75 to 75: a wall that runs away to one side.
    pitch   turn around the horizontal axis, -75 to 75: a floor, or a board high up.
    """

    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0

    def matrix(self, width: float, height: float, distance: float) -> np.ndarray:
        """The 3x3 matrix from pixels of a sign (width, height) to pixels of the picture, near the origin.

        distance    of the camera, in pixels; lengths at the sign's middle keep their size (but for the turn).
        The turned sign's bounding box starts at (0, 0).
        """
        roll, yaw, pitch = np.radians([self.roll, self.yaw, self.pitch])
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        x, y = (corners - (width / 2, height / 2)).T
        depth = x * np.sin(yaw)
        x = x * np.cos(yaw)
        depth, y = depth * np.cos(pitch) + y * np.sin(pitch), y * np.cos(pitch) - depth * np.sin(pitch)
        away = max(
            distance, 1.6 * float(np.hypot(width, height))
        )  # the nearest corner stays before the camera
        seen = np.stack([x, y], axis=1) / (1 + depth / away)[:, None]
        cos, sin = np.cos(roll), np.sin(roll)
        turned = seen @ np.array([[cos, sin], [-sin, cos]])
        matrix: np.ndarray = perspective(corners, turned - turned.min(axis=0))
        return matrix


def shifted(matrix: np.ndarray, x: float, y: float) -> np.ndarray:
    """The matrix followed by a move of (x, y) pixels."""
    move = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=float)
    moved: np.ndarray = move @ matrix
    return moved


def box_after(matrix: np.ndarray, width: float, height: float) -> tuple[float, float]:
    """The size (width, height) of the bounding box of a warped sign."""
    corners = warp_points(np.array([[0, 0], [width, 0], [width, height], [0, height]]), matrix)
    w, h = corners.max(axis=0) - corners.min(axis=0)
    return float(w), float(h)
