"""Reading photos: from any source to a Reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from .bundle import available, load_bundle
from .detector import Detector
from .errors import BadImageError, GraphError, SettingsError, unknown_name
from .image import MAX_PIXELS, load_image
from .lexicon import Lexicon
from .order import reading_order
from .recognizer import Recognizer
from .spotter import Cascade, EndToEnd, Spotter, explainer
from .types import Look, Reading, Source, TextInstance

MODELS: dict[str, tuple[str, str]] = {"light": ("db-light", "crnn-light")}
"""Packaged detectors and recognisers that belong together."""

DEFAULT_MODEL = "light"


def pair_of(name: str) -> tuple[str, str] | None:
    """The detector and the recogniser that a name on the command line stands for: one of MODELS, or
    DETECTOR+RECOGNIZER, each a bundle by name or folder. None for what is no pair."""
    if name in MODELS:
        return MODELS[name]
    detector, plus, recognizer = name.partition("+")
    return (detector, recognizer) if plus and not Path(name).exists() else None


def load_cascade(
    model: str | Path | None = None,
    *,
    detector: str | Path | None = None,
    recognizer: str | Path | None = None,
    threads: int | None = None,
    min_score: float | None = None,
) -> Cascade:
    """A detector and a recogniser that read together.

    model       one of MODELS, or a folder that holds the bundles `detector` and `recognizer`.
    detector, recognizer   bundles by name or folder, in place of those of the model.
    threads     per graph; None: all processors this process may use.
    min_score   see `Cascade`; None: its default.
    Raises SettingsError for an unknown model, BundleError for a bundle that cannot be used.
    """
    name = DEFAULT_MODEL if model is None else str(model)
    if name in MODELS:
        parts: tuple[str | Path, str | Path] = MODELS[name]
    elif Path(name).is_dir():
        parts = Path(name) / "detector", Path(name) / "recognizer"
    else:
        raise unknown_name("model or model folder", name, MODELS)
    cascade = Cascade(
        Detector.load(parts[0] if detector is None else detector, threads),
        Recognizer.load(parts[1] if recognizer is None else recognizer, threads),
    )
    return cascade if min_score is None else replace(cascade, min_score=min_score)


def load_spotter(
    model: str | Path | None = None,
    *,
    detector: str | Path | None = None,
    recognizer: str | Path | None = None,
    threads: int | None = None,
    min_score: float | None = None,
    sides: tuple[int, ...] = (),
) -> Spotter:
    """The spotter that `model` names: a bundle for spotting (packaged name or folder), otherwise a cascade.

    detector, recognizer   see `load_cascade`; a model that does both has no such parts.
    min_score, sides       see `EndToEnd`; a cascade has no sides.
    Raises SettingsError, BundleError.
    """
    if model is not None and is_spotter(model):
        if detector is not None or recognizer is not None:
            raise SettingsError(f"{model} locates and reads in one; leave out the detector and recogniser")
        return EndToEnd.load(model, threads, min_score, sides)
    if sides:
        raise SettingsError("only models that locate and read in one see a photo at several sizes")
    return load_cascade(model, detector=detector, recognizer=recognizer, threads=threads, min_score=min_score)


def is_spotter(name: str | Path) -> bool:
    """Whether this is a bundle, by packaged name or folder, that locates and reads in one."""
    held = str(name) in available() or (Path(name) / "model.json").is_file()
    return held and load_bundle(name).manifest.task == "spotting"


class Reader:
    """Reads photos. One reader can be shared by any number of threads; calls leave nothing behind in it.

        Reader()                                     the packaged default
        Reader("light", threads=2)                   see `load_spotter` for the arguments
        Reader(detector="my-detector")
        Reader(Cascade(detector, recognizer))        anything that can `spot`, in place of model and parts

    max_pixels   larger images are refused before they are decoded.
    Raises SettingsError for an unknown model, or for parts and settings of a model beside a spotter, which
    has its own; BundleError for a bundle that cannot be used.
    """

    def __init__(
        self,
        model: str | Path | Spotter | None = None,
        *,
        detector: str | Path | None = None,
        recognizer: str | Path | None = None,
        threads: int | None = None,
        min_score: float | None = None,
        sides: tuple[int, ...] = (),
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.max_pixels = max_pixels
        self.spotter: Spotter
        if model is None or isinstance(model, str | Path):
            self.spotter = load_spotter(
                model,
                detector=detector,
                recognizer=recognizer,
                threads=threads,
                min_score=min_score,
                sides=sides,
            )
            return
        if not callable(getattr(model, "spot", None)):
            kind = type(model).__name__
            raise SettingsError(f"a model is a name, a folder or an object that can spot, not {kind}")
        others = {"detector": detector, "recognizer": recognizer, "threads": threads, "min_score": min_score}
        for name, value in (others | {"sides": sides or None}).items():
            if value is not None:
                raise SettingsError(f"{name} cannot be set beside a spotter; make the spotter with it")
        self.spotter = model

    def read(self, source: Source, *, name: str | None = None, lexicon: Lexicon | None = None) -> Reading:
        """The text of one image, in reading order.

        source    see `image.load_image`.
        name      what the reading is called; the path as given, or "image".
        lexicon   the words that each text is chosen from.
        `seconds` of the reading holds load, the stages of the spotter, and total. Raises BadImageError if the
        image cannot be decoded, or a graph fails on it.
        """
        return self._read(source, name, lexicon, self.spotter.spot)

    def explain(
        self, source: Source, *, name: str | None = None, lexicon: Lexicon | None = None
    ) -> tuple[Reading, list[Look]]:
        """As `read`, with where the model looked as it wrote each instance of the reading.

        Raises SettingsError if it does not put that out.
        """
        looks: dict[TextInstance, Look] = {}

        def spot(image: np.ndarray, seconds: dict[str, float], **choice: Lexicon) -> list[TextInstance]:
            looks.update((look.instance, look) for look in spotter.explain(image, seconds, **choice))
            return list(looks)

        spotter = explainer(self.spotter)
        reading = self._read(source, name, lexicon, spot)
        return reading, [looks[instance] for instance in reading.instances]

    def _read(
        self,
        source: Source,
        name: str | None,
        lexicon: Lexicon | None,
        spot: Callable[..., list[TextInstance]],
    ) -> Reading:
        began = time.perf_counter()
        name = name or (str(source) if isinstance(source, str | Path) else "image")
        image = load_image(source, name=name, max_pixels=self.max_pixels)
        seconds = {"load": time.perf_counter() - began}
        try:
            # a spotter that knows no lexicons can still be read with
            choice = {} if lexicon is None else {"lexicon": lexicon}
            instances = spot(image, seconds, **choice)
        except GraphError as error:
            raise BadImageError(name, f"cannot be read ({error})") from error
        order, lines = reading_order([instance.polygon for instance in instances])
        seconds["total"] = time.perf_counter() - began
        height, width = image.shape[:2]
        return Reading(name, width, height, tuple(instances[i] for i in order), tuple(lines), seconds)

    def read_many(
        self,
        sources: Iterable[Source],
        *,
        on_error: Callable[[BadImageError], None] | None = None,
        lexicon: Lexicon | None = None,
    ) -> Iterator[Reading]:
        """A reading for each source, in order, as soon as it is there.

        lexicon    as for `read`.
        on_error   called for each source that cannot be read, which is then left out. Without it, the
                   first such source raises BadImageError.
        """
        for source in sources:
            try:
                yield self.read(source, lexicon=lexicon)
            except BadImageError as error:
                if on_error is None:
                    raise
                on_error(error)
