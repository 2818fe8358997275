"""Straight lines of ink bent into arcs and waves, and the same bend for points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Arc:
    """A line laid around a circle.

    width, height   of the straight line, pixels.
    radius          from the circle's middle to the middle of the line's height; above height / 2.
    smile           False: letters stand on the circle, outside up (top of a badge); True: they hang inside (bottom).
    middle          the angle of the line's middle, radians clockwise from straight up (False) or down (True).
    """

    width: float
    height: float
    radius: float
    smile: bool = False
    middle: float = 0.0

    def forward(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the straight line, around the circle's middle as the origin."""
        points = np.asarray(points, dtype=np.float64)
        angle = (points[..., 0] - self.width / 2) / self.radius
        offset = self.height / 2 - points[..., 1]  # above the line's middle
        if self.smile:
            angle, radius = angle - self.middle, self.radius - offset
            return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=-1)
        angle, radius = angle + self.middle, self.radius + offset
        return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=-1)

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where on the straight line the points (x, y) around the circle's middle come from."""
        radius = np.hypot(x, y)
        if self.smile:
            angle = _wrapped(np.arctan2(x, y) + self.middle)
            offset = self.radius - radius
        else:
            angle = _wrapped(np.arctan2(x, -y) - self.middle)
            offset = radius - self.radius
        return angle * self.radius + self.width / 2, self.height / 2 - offset


@dataclass(frozen=True)
class Wave:
    """A line that swings up and down, letters upright: height * sin(2 pi (x / length + phase))."""

    amplitude: float
    length: float
    phase: float

    def _offset(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.amplitude * np.sin(2 * np.pi * (x / self.length + self.phase)))

    def forward(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the straight line, on the wave."""
        points = np.asarray(points, dtype=np.float64)
        return np.stack([points[..., 0], points[..., 1] + self._offset(points[..., 0])], axis=-1)

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where on the straight line the points (x, y) come from."""
        return x, y - self._offset(x)


Curve = Arc | Wave


def bend(coverage: np.ndarray, curve: Curve, box: tuple[float, float, float, float]) -> np.ndarray:
    """The ink (h, w) uint8 along a curve, on a canvas that shows `box` = left, top, right, bottom of its plane."""
    left, top, right, bottom = box
    width, height = int(np.ceil(right - left)), int(np.ceil(bottom - top))
    x, y = np.meshgrid(left + np.arange(width) + 0.5, top + np.arange(height) + 0.5)
    from_x, from_y = curve.backward(x, y)
    return cv2.remap(
        coverage,
        (from_x - 0.5).astype(np.float32),
        (from_y - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )


def outline(quad: np.ndarray, points: int) -> np.ndarray:
    """An upright box (4, 2) as a polygon (2 * points, 2): evenly spaced along its top, then back along its bottom."""
    steps = np.linspace(0, 1, points)[:, None]
    top = quad[0] + steps * (quad[1] - quad[0])
    bottom = quad[2] + steps * (quad[3] - quad[2])
    return np.concatenate([top, bottom])


def _wrapped(angle: np.ndarray) -> np.ndarray:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
