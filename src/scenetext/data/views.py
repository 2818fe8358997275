"""Views of data sets: made from samples, and samples again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from ..rectify import crop_instance
from ..types import Sample
from .words import Word, Words

CACHE_BYTES = 256 * 2**20


def word_crops(scenes: Sequence[Sample], *, cache_bytes: int = CACHE_BYTES) -> Words:
    """Every legible word with a text in `scenes`, cut out upright, as a sequence of word samples.

    scenes       any sequence of labelled scenes; its instances are looked at once, its pictures are not.
    cache_bytes  A scene is decoded when one of its words is first asked for, and all its crops are then kept,
                 the oldest scenes making way beyond this many bytes of pixels. 0 decodes a scene each time.

    Sources are read-only uint8 arrays (h, w, 3). Names: the scene's name and the instance's position in it.
    A word has the lexicon of its scene.
    """
    found = (
        (i, j)
        for i, scene in enumerate(scenes)
        for j, instance in enumerate(scene.instances)
        if instance.legible and instance.text
    )
    places = np.fromiter(found, dtype=np.dtype((np.int32, 2)))  # 8 bytes a word: there may be millions
    return Words(len(places), _Cutter(scenes, places, cache_bytes))


class _Cutter:
    """Index of a word -> the word; the crops of recently seen scenes are kept. One per process."""

    def __init__(self, scenes: Sequence[Sample], places: np.ndarray, cache_bytes: int) -> None:
        self._scenes = scenes
        self._places = places
        self._limit = cache_bytes
        self._start()

    def _start(self) -> None:
        self._kept: OrderedDict[int, dict[int, np.ndarray]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def __getstate__(self) -> tuple[Sequence[Sample], np.ndarray, int]:
        # Neither the lock nor the pixels go to another process.
        return self._scenes, self._places, self._limit

    def __setstate__(self, state: tuple[Sequence[Sample], np.ndarray, int]) -> None:
        self._scenes, self._places, self._limit = state
        self._start()

    def __call__(self, index: int) -> Word:
        i, j = self._places[index].tolist()
        scene = self._scenes[i]
        crops = self._kept.get(i)
        if crops is None:
            crops = _cut(scene)
            self._keep(i, crops)
        text = scene.instances[j].text
        assert text is not None  # by the choice of places
        return Word(f"{scene.name}/{j}", crops[j], text, scene.lexicon)

    def _keep(self, i: int, crops: dict[int, np.ndarray]) -> None:
        size = _size(crops)
        with self._lock:
            if size > self._limit or i in self._kept:
                return
            self._kept[i] = crops
            self._kept_bytes += size
            while self._kept_bytes > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= _size(dropped)


def _cut(scene: Sample) -> dict[int, np.ndarray]:
    image = scene.image
    crops = {}
    for j, instance in enumerate(scene.instances):
        if instance.legible and instance.text:
            crop = np.ascontiguousarray(crop_instance(image, instance.polygon))
            crop.flags.writeable = False  # it is shared with every later reader of the same word
            crops[j] = crop
    return crops


def _size(crops: dict[int, np.ndarray]) -> int:
    return sum(crop.nbytes for crop in crops.values())
