"""Outlines of musical signs in several styles of printing, in units of the staff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources

import numpy as np

STYLES = ("broad", "plain", "fine", "hand")
"""Styles of printing: three of engraved music, and one like careful handwriting."""

_UNITS = 250  # of the outlines in a staff space


@dataclass(frozen=True, eq=False)
class Glyph:
    """A sign.

    contours   closed polygons (n, 2) float64 in staff spaces, x to the right, y upwards; filled by the
               even-odd rule. The origin is where fonts of music put it: on the left of the sign, and at the
               height of the staff line or pitch that it is meant for.
    """

    contours: tuple[np.ndarray, ...]

    @cached_property
    def left(self) -> float:
        """Smallest x of the ink."""
        return min(float(contour[:, 0].min()) for contour in self.contours)

    @cached_property
    def right(self) -> float:
        """Largest x of the ink."""
        return max(float(contour[:, 0].max()) for contour in self.contours)

    @cached_property
    def bottom(self) -> float:
        """Smallest y of the ink."""
        return min(float(contour[:, 1].min()) for contour in self.contours)

    @cached_property
    def top(self) -> float:
        """Largest y of the ink."""
        return max(float(contour[:, 1].max()) for contour in self.contours)


@lru_cache(maxsize=1)
def load_glyphs() -> dict[str, dict[str, Glyph]]:
    """{style: {name of the sign: outline}}, the same signs in each style."""
    glyphs: dict[str, dict[str, Glyph]] = {style: {} for style in STYLES}
    text = (resources.files("scenetext") / "synth" / "score_glyphs.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        style, name, outline = line.split(" ", 2)
        contours = [
            np.array([point.split(",") for point in contour.split()], dtype=np.float64) / _UNITS
            for contour in outline.split(";")
        ]
        glyphs[style][name] = Glyph(tuple(contours))
    return glyphs
