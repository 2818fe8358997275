"""The nouns that travel the whole way: TextInstance, Sample, Reading, Look, and Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

Graph = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""Named arrays in, named arrays out: an onnxruntime session, a torch module, or a lambda in a test."""

Source = str | Path | bytes | np.ndarray
"""What an image can come from: a path, encoded bytes, or an array (see `image.load_image`)."""


@dataclass(frozen=True, slots=True, eq=False)
class TextInstance:
    """One piece of text in an image: truth, prediction, synthetic label alike.

    polygon      (N, 2) float32, N >= 4, pixels of the original image (x right, y down), clockwise on screen,
                 from the start of reading. Boxes and quadrilaterals are polygons of four points.
    text         None: located but not read.
    score        confidence in [0, 1].
    legible      False: "don't care" for losses and protocols.
    characters   (n, 4, 2) float32, a quadrilateral for each character of the text; None: not known.
    """

    polygon: np.ndarray
    text: str | None = None
    score: float = 1.0
    legible: bool = True
    characters: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        polygon = np.asarray(self.polygon, dtype=np.float32)
        if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < 4:
            raise ValueError(f"a polygon has shape (N >= 4, 2), not {polygon.shape}")
        object.__setattr__(self, "polygon", polygon)

    def replace(self, **changes: Any) -> TextInstance:
        """A copy with some fields changed. A new polygon alone is another outline in the same image: to bring
        an instance into another image, use `moved`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return TextInstance(**(fields | changes))

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> TextInstance:
        """The same in another image: move(points (n, 2)) -> points (n, 2), for all that has a place."""
        characters = self.characters
        if characters is not None:
            characters = np.asarray(move(characters.reshape(-1, 2)), dtype=np.float32).reshape(-1, 4, 2)
        return self.replace(polygon=move(self.polygon), characters=characters)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: coordinates rounded to 1/100 pixel, score to 4 digits."""
        return {
            "polygon": np.round(self.polygon.astype(np.float64), 2).tolist(),
            "text": self.text,
            "score": round(float(self.score), 4),
        }


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled image, as data sets and synthesis yield it. The image is decoded on demand.

    name        unique in its data set, e.g. "img_12".
    source      path, encoded bytes, or a uint8 array (H, W, 3).
    instances   the truth, in pixels of the image as `image.load_image` returns it.
    lexicon     optional words that the data set says a reader may choose from in this image.
    """

    name: str
    source: Source
    instances: tuple[TextInstance, ...] = ()
    lexicon: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def image(self) -> np.ndarray:
        """The decoded image, (H, W, 3) uint8 RGB. Raises BadImageError."""
        from .image import load_image  # types is a lower layer than image; only this property needs it

        return load_image(self.source, name=self.name)


@dataclass(frozen=True, eq=False)
class Look:
    """Where a model looked in the image as it wrote the letters of a text.

    instance   what it found.
    region     (4, 2) float32, the quadrilateral that it read from; points as of an instance's polygon.
    letters    what it wrote, of which a lexicon may have made another text.
    weights    (letters, columns) float32: how much of its attention at each letter lay on each of as many
               equal parts of the region, from the start of reading to its end. A row sums to 1.
    """

    instance: TextInstance
    region: np.ndarray
    letters: str
    weights: np.ndarray

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or len(self.weights) != len(self.letters):
            raise ValueError(f"{len(self.letters)} letters need as many rows, not {self.weights.shape}")


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reader returns for one image: its instances in reading order."""

    name: str
    width: int
    height: int
    instances: tuple[TextInstance, ...] = ()
    line_numbers: tuple[int, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[str]:
        """The texts of each line, words joined by single spaces."""
        numbers = self.line_numbers or tuple(range(len(self.instances)))
        words: dict[int, list[str]] = {}
        for number, instance in zip(numbers, self.instances, strict=True):
            if instance.text:
                words.setdefault(number, []).append(instance.text)
        return [" ".join(line) for line in words.values()]

    @property
    def text(self) -> str:
        """All lines, joined by newlines."""
        return "\n".join(self.lines)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; the layout that `scenetext read --format json` prints."""
        return {
            "name": self.name,
            "width": self.width,
            "height": self.height,
            "text": self.text,
            "instances": [
                instance.to_dict() | ({"line": line} if self.line_numbers else {})
                for instance, line in zip(
                    self.instances, self.line_numbers or [0] * len(self.instances), strict=True
                )
            ],
            "seconds": {key: round(value, 4) for key, value in self.seconds.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reading:
        """The inverse of `to_dict` (up to its rounding)."""
        rows: Iterable[Mapping[str, Any]] = data["instances"]
        return cls(
            name=data["name"],
            width=data["width"],
            height=data["height"],
            instances=tuple(
                TextInstance(np.array(row["polygon"]), row["text"], row["score"]) for row in rows
            ),
            line_numbers=tuple(row["line"] for row in rows if "line" in row),
            seconds=dict(data.get("seconds", {})),
        )
