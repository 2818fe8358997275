"""Finding and reading at once. A spotter is anything with this `spot`.

`Cascade` does it in two stages, `EndToEnd` with one model that does both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from .bundle import load_bundle
from .codecs import SpottingCodec
from .detector import Detector, merge_windows
from .errors import SettingsError
from .geometry import starting_at
from .lexicon import Lexicon
from .recognizer import Recognizer
from .rectify import crop_instance, sides
from .runtime import run
from .types import Graph, Look, TextInstance
from .view import SceneResize

_MARGIN = 0.1  # by how much another way up has to score better than the way the shape suggests


class Spotter(Protocol):
    """Finds and reads the text of an image."""

    def spot(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The texts of an image (H, W, 3) uint8; adds the time of each stage to `seconds` if it is given.

        lexicon   the words that each text is chosen from.
        """


class Explainer(Spotter, Protocol):
    """A spotter that can say where it looked."""

    def explain(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[Look]:
        """The texts that `spot` finds, with where the model looked as it wrote each."""


def explainer(spotter: Spotter) -> Explainer:
    """The same spotter, as one that can say where it looked. Raises SettingsError if it cannot."""
    if not callable(getattr(spotter, "explain", None)):
        raise SettingsError(
            "this model does not put out where it looked at each letter; one that locates and reads in one "
            "does (li2017 and mask_textspotter), a detector with a recogniser of any kind does not"
        )
    return cast(Explainer, spotter)


@dataclass(frozen=True)
class Cascade:
    """A detector, crops, and a recogniser.

    min_score     readings below are dropped. The score is the geometric mean of detection and recognition.
    doubt_below   words that read worse than this are also tried upside down.
    """

    detector: Detector
    recognizer: Recognizer
    min_score: float = 0.75
    doubt_below: float = 0.6

    def spot(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The texts of an image (H, W, 3) uint8. Polygons start where the text was found to start."""
        began = time.perf_counter()
        located = self.detector.detect(image)
        detected = time.perf_counter()
        read = self.read(image, located, lexicon)
        if seconds is not None:
            seconds["detect"] = seconds.get("detect", 0.0) + detected - began
            seconds["recognize"] = seconds.get("recognize", 0.0) + time.perf_counter() - detected
        return read

    def read(
        self, image: np.ndarray, located: list[TextInstance], lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The located instances that can be read, with text, score and start of reading."""
        # every way up that the shape leaves open, the likeliest first
        tried = [ways_up(instance.polygon) for instance in located]
        best = self._best(image, tried, lexicon)
        again = [i for i, (_, _, score) in enumerate(best) if score < self.doubt_below and len(tried[i]) == 1]
        if again:
            turned = self._best(image, [[turn_over(located[i].polygon)] for i in again], lexicon)
            for i, candidate in zip(again, turned, strict=True):
                if candidate[2] > best[i][2] + _MARGIN:
                    best[i] = candidate
        results = []
        for instance, (polygon, text, score) in zip(located, best, strict=True):
            joint = math.sqrt(score * instance.score)
            if text and joint >= self.min_score:
                results.append(instance.replace(polygon=_from_start(polygon), text=text, score=joint))
        return results

    def _best(
        self, image: np.ndarray, tried: list[list[np.ndarray]], lexicon: Lexicon | None
    ) -> list[tuple[np.ndarray, str, float]]:
        """Of several polygons for each instance, the one that reads best: (polygon, text, score)."""
        polygons = [polygon for ways in tried for polygon in ways]
        crops = [crop_instance(image, polygon) for polygon in polygons]
        readings = iter(self.recognizer.recognize(crops, lexicon))
        best = []
        for ways in tried:
            scored = [(polygon, *next(readings)) for polygon in ways]
            first, *others = scored
            better = max(others, key=lambda way: way[2], default=first)
            best.append(better if better[2] > first[2] + _MARGIN else first)
        return best


def _from_start(polygon: np.ndarray) -> np.ndarray:
    """The same points, from the one next to where the text that was cut out begins."""
    if len(polygon) == 4:
        return polygon
    return starting_at(polygon, sides(polygon)[0][0])


@dataclass(frozen=True)
class EndToEnd:
    """One model that locates and reads.

    resize      how a photo becomes a view.
    graphs      {"images": (1, 3, h, w) float32} -> what the codec decodes, each going on from the one before
                it and the codec's proposals.
    min_score   of instances; those below are dropped, and those without text.
    sides       none: the photo is seen once, as `resize` has it. Otherwise once for each of these lengths of
                its shorter side in pixels, and what is found is put together: slower, for text of many sizes.
    """

    resize: SceneResize
    graphs: Sequence[Graph]
    codec: SpottingCodec
    min_score: float = 0.75
    sides: tuple[int, ...] = ()

    @classmethod
    def load(
        cls,
        name: str | Path,
        threads: int | None = None,
        min_score: float | None = None,
        sides: tuple[int, ...] = (),
    ) -> EndToEnd:
        """The spotter of a bundle, by name or folder; min_score None: the default. Raises BundleError."""
        bundle = load_bundle(name, "spotting")
        spotter = cls(bundle.resize, bundle.graphs(threads), bundle.codec, sides=sides)
        return spotter if min_score is None else replace(spotter, min_score=min_score)

    def spot(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The texts of an image (H, W, 3) uint8."""
        began = time.perf_counter()
        found = [word for word in self._found(image, lexicon) if self._counts(word)]
        _add(seconds, began)
        return found

    def explain(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[Look]:
        """The same, with where the model looked. Raises SettingsError if it does not put that out."""
        began = time.perf_counter()
        looks = self.codec.explain(self._rows(image, looks=True), image.shape[:2], lexicon)
        kept = {*self._merged([look.instance for look in looks], image)}
        looks = [look for look in looks if look.instance in kept and self._counts(look.instance)]
        _add(seconds, began)
        return looks

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        """The same without text, whatever it reads, so that it can be scored as a detector."""
        return [word.replace(text=None) for word in self._found(image, None)]

    def _counts(self, word: TextInstance) -> bool:
        return bool(word.text) and word.score >= self.min_score

    def _found(self, image: np.ndarray, lexicon: Lexicon | None) -> list[TextInstance]:
        return self._merged(self.codec.decode(self._rows(image), image.shape[:2], lexicon), image)

    def _merged(self, found: list[TextInstance], image: np.ndarray) -> list[TextInstance]:
        """What several windows of an image found, each once."""
        return found if len(self.resize.windows(*image.shape[:2])) == 1 else merge_windows(found)

    def _rows(self, image: np.ndarray, looks: bool = False) -> dict[str, np.ndarray]:
        """What the codec decodes, or with `looks` explains, of all views; boxes in pixels of the image."""
        height, width = image.shape[:2]
        parts: list[dict[str, np.ndarray]] = []
        for left, top, right, bottom in self.resize.windows(height, width):
            for resize in self._resizes(bottom - top, right - left):
                view = resize(image[top:bottom, left:right])
                outputs = run(self.graphs, self.codec, {"images": view.data})
                part = {name: outputs[name] for name in self.codec.rows}
                if looks:
                    part |= self.codec.looked(outputs)
                corner = np.array([left, top], dtype=np.float32)
                for name in part.keys() & {"boxes", "regions"}:
                    part[name] = (view.to_image(part[name].reshape(-1, 2)) + corner).reshape(-1, 4)
                parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _resizes(self, height: int, width: int) -> Iterator[SceneResize]:
        """How an image of this size becomes the views it is seen in."""
        if not self.sides:
            yield self.resize
        for side in self.sides:
            scale = side / min(height, width)
            pixels = math.ceil(scale * height) * math.ceil(scale * width)
            yield replace(self.resize, max_pixels=pixels, min_side=side, max_upscale=scale)


def _add(seconds: dict[str, float] | None, began: float) -> None:
    """Adds the time since `began` to what spotting took."""
    if seconds is not None:
        seconds["spot"] = seconds.get("spot", 0.0) + time.perf_counter() - began


def turn_over(polygon: np.ndarray) -> np.ndarray:
    """The same points, from the one at the other end of reading."""
    _, bottom = sides(polygon)
    return starting_at(polygon, bottom[-1])


def ways_up(polygon: np.ndarray) -> list[np.ndarray]:
    """The polygon from each corner at which its text may well start, the likeliest first.

    Text that runs to the right is taken at its word. Text that runs up or down may as well run the other way.
    A quadrilateral that is taller than wide, in its own direction or on the page, may also be a tall letter,
    upright letters in a column, or text on its side.
    """
    top, bottom = sides(polygon)
    across = top[-1] + bottom[-1] - top[0] - bottom[0]
    width = float(np.linalg.norm(across)) / 2
    height = float(np.linalg.norm(bottom[0] + bottom[-1] - top[0] - top[-1])) / 2
    steep = abs(across[1]) > abs(across[0])
    ways = [polygon]
    if steep:
        ways.append(turn_over(polygon))
    if len(polygon) != 4:
        return ways
    if not steep and height > 1.5 * width:
        ways += [np.roll(polygon, 1, axis=0), np.roll(polygon, -1, axis=0)]
    if steep and width < 3 * height:
        # from the corner that makes it run to the right; single letters stand so
        upright = np.roll(polygon, 1 if across[1] > 0 else -1, axis=0)
        ways.insert(0, upright) if width < 1.5 * height else ways.append(upright)
    return ways
