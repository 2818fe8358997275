"""Instances, samples and readings."""

import json

import numpy as np
import pytest

from scenetext.geometry import box_polygon
from scenetext.types import Reading, Sample, TextInstance

WORDS = tuple(
    TextInstance(box_polygon(x, y, x + 30, y + 10), text, 0.5)
    for text, x, y in [("Open", 0, 0), ("all", 40, 0), ("day", 0, 20)]
)


def test_a_polygon_has_at_least_four_points_and_is_float32():
    assert WORDS[0].polygon.dtype == np.float32
    with pytest.raises(ValueError, match="shape"):
        TextInstance(np.zeros((3, 2)))


def test_replacing_a_field_keeps_the_others():
    changed = WORDS[0].replace(text="Shut")
    assert (changed.text, changed.score, WORDS[0].text) == ("Shut", 0.5, "Open")


def test_lines_join_words_and_text_joins_lines():
    reading = Reading("x.jpg", 100, 50, WORDS, (0, 0, 1))
    assert reading.lines == ["Open all", "day"]
    assert reading.text == "Open all\nday"


def test_a_reading_survives_json():
    reading = Reading("x.jpg", 100, 50, WORDS, (0, 0, 1), {"total": 0.25})
    again = Reading.from_dict(json.loads(json.dumps(reading.to_dict())))
    assert again.to_dict() == reading.to_dict()
    assert again.text == reading.text


def test_words_that_were_not_read_are_left_out_of_the_text():
    reading = Reading("x", 9, 9, (TextInstance(box_polygon(0, 0, 5, 5)), WORDS[0]))
    assert reading.text == "Open"


def test_a_sample_decodes_its_source_when_asked():
    pixels = np.full((4, 6, 3), 7, np.uint8)
    assert np.array_equal(Sample("a", pixels).image, pixels)


def test_an_instance_moves_with_all_that_has_a_place() -> None:
    box = np.array([[0, 0], [8, 0], [8, 4], [0, 4]], np.float32)
    halves = np.stack([box * [0.5, 1], box * [0.5, 1] + [4, 0]]).astype(np.float32)
    word = TextInstance(box, "ab", 0.5, False, halves)
    moved = word.moved(lambda points: 2.0 * points + [1, 0])
    assert moved.polygon.tolist() == [[1, 0], [17, 0], [17, 8], [1, 8]]
    assert moved.characters is not None
    assert moved.characters.tolist() == (2 * halves + np.array([1, 0])).tolist()
    assert moved.characters.dtype == np.float32
    assert (moved.text, moved.score, moved.legible) == ("ab", 0.5, False)
    assert word.replace(text="ba").characters is halves
    assert TextInstance(box).moved(lambda points: points + 1).characters is None
