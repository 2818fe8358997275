"""A folder of fonts: which of them can write a text, and opened faces in bounded memory."""

from __future__ import annotations

import io
import string
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFont

from ..errors import SettingsError

SIZES = (10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 256)
_PROBE_SIZE = 28
_PROBED = "".join(chr(code) for code in range(0x21, 0x7F)) + "£€"
_ABSENT = "\uffff\U0010fffe"  # code points that no font maps: they show the glyph for "missing"
_UNLIKE_CAPITALS = "abdeghnqr"  # letters whose small form is not a small copy of the capital


class Face:
    """One font, from a path or an open binary file, at one size in pixels. Raises OSError if unreadable."""

    def __init__(self, source: Path | BinaryIO, size: int) -> None:
        self.size = size
        # The basic layout has no ligatures, so every character keeps a glyph and a box of its own.
        font = str(source) if isinstance(source, Path) else source
        self.font = ImageFont.truetype(font, size, layout_engine=ImageFont.Layout.BASIC)

    def glyph(self, character: str) -> tuple[np.ndarray, int, int]:
        """(coverage, left, top): its ink alone, uint8 (h, w), and the corner relative to the pen's place.

        The pen is on the baseline, so `top` is mostly negative. A blank glyph has shape (0, 0).
        """
        mask, (left, top) = self.font.getmask2(character, mode="L", anchor="ls")
        box = mask.getbbox()
        if box is None:
            return np.zeros((0, 0), dtype=np.uint8), 0, 0
        image = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        image.im.paste(mask.crop(box), (0, 0, *image.size))  # twice as fast as bytes(mask)
        return np.asarray(image), left + box[0], top + box[1]

    def advances(self, text: str) -> np.ndarray:
        """(n,) float64: how far the pen moves after each character, kerning with the next one included."""
        length = self.font.getlength
        ends = [length(text[: i + 1]) for i in range(len(text))]
        return np.diff(ends, prepend=0.0)


def plain_font() -> bytes:
    """The file of the TrueType font that Pillow carries, for when no other font is at hand."""
    font = ImageFont.load_default(size=16)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise SettingsError("this Pillow was built without FreeType; install one of its binary wheels")
    return bytes(font.font_bytes)


class FontLibrary:
    """The .ttf and .otf files below a folder.

    Files are opened and probed when they are first drawn, so building a library is instant; it pickles as
    its folder alone. At most `limit` faces stay open (about 60 KiB each).

    Raises SettingsError if the folder holds no font files.
    """

    def __init__(self, folder: str | Path, limit: int = 512) -> None:
        self.folder = Path(folder)
        self.limit = limit
        self.paths = tuple(sorted(p for p in self.folder.rglob("*") if p.suffix.lower() in (".ttf", ".otf")))
        if not self.paths:
            raise SettingsError(f"{folder}: no .ttf or .otf files here; name a folder with fonts")
        self._coverage: dict[Path, frozenset[str]] = {}
        self._faces: OrderedDict[tuple[Path, int], Face] = OrderedDict()

    def __reduce__(self) -> tuple[type, tuple[Path, int]]:
        return type(self), (self.folder, self.limit)

    def coverage(self, path: Path) -> frozenset[str]:
        """The characters (of printable ASCII, pound, euro) that the font draws; empty if it is unusable."""
        if path not in self._coverage:
            try:
                self._coverage[path] = probe(Face(path, _PROBE_SIZE))
            except OSError:  # FreeType cannot read the file
                self._coverage[path] = frozenset()
        return self._coverage[path]

    def choose(self, rng: np.random.Generator, text: str) -> Path:
        """A random font that can write `text` (blanks aside).

        The choice depends on the generator alone, not on earlier calls. Raises SettingsError if no font can.
        """
        needed = frozenset(text) - {" "}
        start = int(rng.integers(len(self.paths)))
        for _ in range(8):
            if needed <= self.coverage(self.paths[start]):
                return self.paths[start]
            start = int(rng.integers(len(self.paths)))
        for path in self.paths[start:] + self.paths[:start]:
            if needed <= self.coverage(path):
                return path
        raise SettingsError(f"{self.folder}: no font here writes {text!r}; add fonts or narrow the charset")

    def face(self, path: Path, size: float) -> Face:
        """The font opened at the first of SIZES that is not below `size` pixels."""
        quantised = next((s for s in SIZES if s >= size), SIZES[-1])
        key = (path, quantised)
        if key in self._faces:
            self._faces.move_to_end(key)
            return self._faces[key]
        if len(self._faces) >= self.limit:
            self._faces.popitem(last=False)
        face = self._faces[key] = Face(path, quantised)
        return face


def probe(face: Face) -> frozenset[str]:
    """The characters of _PROBED that have a shape of their own in a face.

    Left out: blank glyphs, copies of the glyph for "missing", shapes that more than four characters share
    (boxes), and small letters that are drawn as capitals, whose label would be wrong.
    """
    absent = {_shape(face, character) for character in _ABSENT}
    shapes = {character: _shape(face, character) for character in _PROBED}
    sharers: dict[bytes, int] = {}
    for shape in shapes.values():
        sharers[shape] = sharers.get(shape, 0) + 1
    found = {c for c, shape in shapes.items() if shape and shape not in absent and sharers[shape] <= 4}
    if _draws_pictures(face, found):
        return frozenset()
    if _draws_small_letters_as_capitals(face, found):
        found -= set(string.ascii_lowercase)
    return frozenset(found)


def _shape(face: Face, character: str) -> bytes:
    """The glyph's pixels and place as one comparable value; empty if nothing is drawn."""
    coverage, left, top = face.glyph(character)
    place = bytes((left & 255, top & 255, coverage.shape[0] & 255))
    return place + coverage.tobytes() if coverage.size else b""


def _thumbnail(face: Face, character: str) -> np.ndarray:
    """The glyph's ink stretched to 8x8, zero mean, unit length, as (64,) float64; zeros if blank."""
    coverage, _, _ = face.glyph(character)
    if not coverage.size:
        return np.zeros(64)
    small = Image.fromarray(coverage).resize((8, 8), Image.Resampling.BILINEAR)
    pixels = np.asarray(small, dtype=np.float64).ravel()
    pixels -= pixels.mean()
    norm = float(np.linalg.norm(pixels))
    return pixels / norm if norm > 0 else pixels


def _draws_small_letters_as_capitals(face: Face, found: set[str]) -> bool:
    letters = [c for c in _UNLIKE_CAPITALS if c in found and c.upper() in found]
    alike = [float(_thumbnail(face, c) @ _thumbnail(face, c.upper())) for c in letters]
    return bool(alike) and float(np.median(alike)) > 0.8


@cache
def _plain_letters() -> np.ndarray:
    """(26, 64): the capitals as Pillow's own font draws them, the yardstick of what letters look like."""
    face = Face(io.BytesIO(plain_font()), _PROBE_SIZE)
    return np.stack([_thumbnail(face, c) for c in string.ascii_uppercase])


def _draws_pictures(face: Face, found: set[str]) -> bool:
    """Whether capitals resemble no letters. Scripts and blackletter reach 0.1, dingbats stay below 0."""
    letters = [i for i, c in enumerate(string.ascii_uppercase) if c in found]
    alike = [float(_plain_letters()[i] @ _thumbnail(face, string.ascii_uppercase[i])) for i in letters]
    return bool(alike) and float(np.mean(alike)) < 0.0
