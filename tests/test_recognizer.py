from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs import make_codec
from scenetext.image import CropResize
from scenetext.recognizer import Recognizer
from scenetext.types import Graph
from toys import RECOGNITION, brightness_recognizer

LEVELS = {"a": 0, "b": 128, " ": 255}


def crop(letters: str, height: int = 32, pitch: int = 16) -> np.ndarray:
    """A strip of brightnesses that the toy reads as the letters; a blank keeps equal ones apart."""
    row = np.repeat([LEVELS[letter] for letter in letters], pitch)
    return np.broadcast_to(row[None, :, None], (height, len(row), 3)).astype(np.uint8)


def toy(graph: Graph | None = None, batch: int = 32) -> Recognizer:
    return Recognizer(CropResize(), (graph or brightness_recognizer(),), make_codec(RECOGNITION), batch)


def test_no_crops_give_no_readings() -> None:
    assert toy().recognize([]) == []


def test_texts_come_in_the_order_of_the_crops() -> None:
    texts = ["a b a", "b", "ab", "a a a a", "b a b", "a"]
    readings = toy().recognize([crop(text) for text in texts])
    assert [text for text, _ in readings] == [text.replace(" ", "") for text in texts]
    assert all(0.9 < score <= 1 for _, score in readings)


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(st.text("ab ", min_size=1, max_size=12), max_size=20),
    batch=st.integers(1, 7),
)
def test_a_crop_reads_the_same_alone_and_in_any_batch(texts: list[str], batch: int) -> None:
    crops = [crop(text, height=20 + 3 * len(text)) for text in texts]
    assert toy(batch=batch).recognize(crops) == [toy().recognize([one])[0] for one in crops]


def test_only_crops_of_one_width_run_together_and_no_more_than_the_batch() -> None:
    shapes = []
    inner = brightness_recognizer()

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes.append(inputs["images"].shape)
        return inner(inputs)

    toy(graph, batch=4).recognize([crop("ab")] * 6 + [crop("abab")] * 3)
    assert sorted(shapes) == [(2, 1, 32, 32), (3, 1, 32, 64), (4, 1, 32, 32)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (500, 3)])
def test_odd_crops_give_some_reading(shape: tuple[int, int]) -> None:
    assert len(toy().recognize([np.zeros((*shape, 3), np.uint8)])) == 1
