"""Toy fonts, photographs and pens for the tests of scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from scenetext.charset import CHARSETS
from scenetext.synth.corpus import Corpus
from scenetext.synth.fonts import FontLibrary, plain_font
from scenetext.synth.writer import Writer


def write_fonts(folder: Path) -> Path:
    """A folder with one font."""
    folder.mkdir(exist_ok=True)
    (folder / "plain.ttf").write_bytes(plain_font())
    return folder


def write_photos(folder: Path) -> Path:
    """A folder with three photographs: plain, half plain and half busy, and noise."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    plain = np.full((120, 160, 3), 180, np.uint8)
    noise = rng.integers(0, 256, (150, 110, 3), dtype=np.uint8)
    half = plain.copy()
    half[:, 80:] = noise[:120, :80]
    for name, photo in {"plain": plain, "half": half, "noise": noise}.items():
        Image.fromarray(photo).save(folder / f"{name}.png")
    return folder


def pen(folder: Path, seed: int, *, plates: float = 0.5, heights: tuple[float, float] = (12, 48)) -> Writer:
    """A writer with one font."""
    return Writer(
        np.random.default_rng(seed),
        FontLibrary(write_fonts(folder / "fonts")),
        Corpus(),
        heights,
        plates,
        frozenset(CHARSETS["printable94"]),
    )
