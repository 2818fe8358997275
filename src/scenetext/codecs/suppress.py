"""Greedy non-maximum suppression of polygons, exact and fast."""

from __future__ import annotations

import numpy as np
import shapely

from .regions import connected


class Outlines:
    """Many polygons of as many points each, (M, P, 2) float64, and how far two of them overlap.

    Almost all pairs of candidates are nearly the same outline, or far apart. Two bounds on the intersection
    over union decide those; only the remaining pairs are intersected. Polygons that cross themselves are
    resolved as in `geometry.valid_shape`, and always intersected.
    """

    def __init__(self, points: np.ndarray) -> None:
        self.points = points @ np.array([1, 1j])
        self.edges = np.diff(self.points, append=self.points[:, :1])
        self.shapes = shapely.polygons(points)
        self.simple = shapely.is_valid(self.shapes)
        self.shapes[~self.simple] = shapely.buffer(self.shapes[~self.simple], 0)
        self.areas = shapely.area(self.shapes)
        x, y = self.points.real.copy(), self.points.imag.copy()
        self.low = np.stack([x.min(axis=1), y.min(axis=1)], axis=1)
        self.high = np.stack([x.max(axis=1), y.max(axis=1)], axis=1)

    def overlap(self, first: np.ndarray, second: np.ndarray, limit: float) -> np.ndarray:
        """(n,) bool: whether the IoU of polygons first[i] and second[i] is above `limit`."""
        areas, total = self.areas, self.areas[first] + self.areas[second]
        box = np.minimum(self.high[first], self.high[second]) - np.maximum(self.low[first], self.low[second])
        most = np.minimum(box.clip(0).prod(axis=1), np.minimum(areas[first], areas[second]))
        above = most > limit * (total - most)
        simple = np.flatnonzero(above & self.simple[first] & self.simple[second])
        least = (total[simple] - self._swept(first[simple], second[simple])) / 2
        proven = np.zeros_like(above)
        proven[simple] = least > limit * (total[simple] - least)
        rest = np.flatnonzero(above & ~proven)
        if len(rest):
            shared = shapely.area(shapely.intersection(self.shapes[first[rest]], self.shapes[second[rest]]))
            above[rest] = shared > limit * (total[rest] - shared)
        return np.asarray(above)

    def _swept(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """(n,): the area that outlines sweep on their way to others, each point to that of the same number.

        Each edge sweeps two triangles. What lies in one of two simple polygons of the same direction, but not
        in the other, is swept; so their intersection is at least half of what the areas exceed this by.
        """
        way = self.points[second] - self.points[first]
        there = (self.edges[first].conj() * way).imag
        back = (self.edges[second].conj() * np.concatenate([way[:, 1:], way[:, :1]], axis=1)).imag
        return np.asarray((np.abs(there) + np.abs(back)).sum(axis=1) / 2)

    def split(self, chosen: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """(n,): groups of polygons, parts of the given ones, of which no two overlap one another."""
        low, high = self.low[chosen], self.high[chosen]
        meet = groups[:, None] == groups
        for axis in range(2):
            meet &= low[:, None, axis] < high[:, axis]
        return connected(len(chosen), *np.nonzero(meet & meet.T))


def suppress(
    outlines: Outlines, chosen: np.ndarray, scores: np.ndarray, groups: np.ndarray, limit: float
) -> np.ndarray:
    """The polygons among `chosen` that remain, in no particular order.

    In every group, the polygon with the best score stays, and those go that overlap it by an IoU above
    `limit`; then the best of what is left stays, and so on. Groups do not affect one another.

    chosen, scores, groups   (n,): numbers of polygons, and the score and group of each
    """
    order = np.lexsort([-scores, groups])
    chosen, groups = chosen[order], groups[order]
    kept = [chosen[:0]]
    while len(chosen):
        leads = np.diff(groups, prepend=groups[0] - 1) != 0
        leaders = chosen[leads][np.cumsum(leads) - 1]
        kept.append(chosen[leads])
        stays = ~leads
        stays[stays] = ~outlines.overlap(chosen[stays], leaders[stays], limit)
        chosen, groups = chosen[stays], groups[stays]
    return np.concatenate(kept)
