"""A straight line of ink laid around a circle, as on a stamp or a badge, and the same bend for points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Arc:
    """A line around a circle.

    width, height   of the straight line, pixels.
    radius          from the circle's centre to the middle of the line's height; above height / 2.
    smile           False: letters stand on the circle (top of a badge); True: they hang in it (its bottom).
    centre          of the circle, on the canvas.
    """

    width: float
    height: float
    radius: float
    smile: bool
    centre: tuple[float, float]

    def forward(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the straight line, on the canvas."""
        points = np.asarray(points, dtype=np.float64)
        angle = (points[..., 0] - self.width / 2) / self.radius
        above = self.height / 2 - points[..., 1]
        radius = self.radius + (-above if self.smile else above)
        y = radius * np.cos(angle)
        return np.stack([radius * np.sin(angle), y if self.smile else -y], axis=-1) + self.centre

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where on the straight line the points (x, y) of the canvas come from."""
        dx, dy = x - self.centre[0], y - self.centre[1]
        angle = np.arctan2(dx, dy if self.smile else -dy)
        outwards = np.hypot(dx, dy) - self.radius
        return angle * self.radius + self.width / 2, self.height / 2 + (outwards if self.smile else -outwards)


def bend(coverage: np.ndarray, arc: Arc, height: int, width: int) -> np.ndarray:
    """The ink (h, w) uint8 around the circle, on a canvas (height, width)."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    from_x, from_y = arc.backward(x, y)
    return cv2.remap(
        coverage,
        (from_x - 0.5).astype(np.float32),  # cv2 has pixel centres at whole numbers
        (from_y - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )


def outline(quad: np.ndarray, points: int) -> np.ndarray:
    """A box (4, 2) as a polygon (2 * points, 2): evenly spaced along its top, then back along its bottom."""
    steps = np.linspace(0, 1, points)[:, None]
    return np.concatenate([quad[0] + steps * (quad[1] - quad[0]), quad[2] + steps * (quad[3] - quad[2])])
