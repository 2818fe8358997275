from __future__ import annotations

import pickle

import numpy as np
import pytest

from scenetext.data.views import word_crops
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0)}


def scene(name, source=None):
    """A scene with a red and a green word, an illegible, an unread and an empty one."""
    image = np.full((60, 100, 3), 255, dtype=np.uint8)
    image[10:20, 10:50] = COLOURS["red"]
    image[30:45, 20:90] = COLOURS["green"]
    box = box_polygon(0, 50, 10, 60)
    instances = (
        TextInstance(box, None, legible=False),
        TextInstance(box_polygon(10, 10, 50, 20), "red"),
        TextInstance(box, None),
        TextInstance(box, ""),
        TextInstance(box_polygon(20, 30, 90, 45), "green"),
    )
    return Sample(name, image if source is None else source, instances)


def test_only_legible_words_with_a_text_become_crops():
    words = word_crops([scene("a"), scene("b")])
    assert [(word.name, word.instances[0].text) for word in words] == [
        ("a/1", "red"),
        ("a/4", "green"),
        ("b/1", "red"),
        ("b/4", "green"),
    ]


@pytest.mark.parametrize("cache_bytes", [0, 2**20])
def test_a_crop_shows_its_own_word(cache_bytes):
    words = word_crops([scene("a")], cache_bytes=cache_bytes)
    for _ in range(2):
        for word, size in zip(words, [(10, 40), (15, 70)], strict=True):
            height, width = word.image.shape[:2]
            assert (height, width) == pytest.approx(size, abs=2)
            centre = word.image[height // 2, width // 2]
            np.testing.assert_allclose(centre, COLOURS[word.instances[0].text], atol=3)
            assert word.instances[0].polygon[2].tolist() == [width, height]


def kept(words):
    return list(words._fetch._kept)


def test_pictures_are_not_decoded_before_a_word_is_asked_for():
    words = word_crops([scene("broken", source=b"no picture"), scene("b")])
    assert words[2].instances[0].text == "red"


def test_the_crops_of_a_scene_are_cut_once():
    words = word_crops([scene("a"), scene("b")])
    first = words[0].source
    assert kept(words) == [0]
    assert words[0].source is first


def test_memory_is_bounded_and_the_oldest_scene_makes_way():
    one = sum(word.source.nbytes for word in word_crops([scene("a")]))
    words = word_crops([scene("a"), scene("b"), scene("c")], cache_bytes=2 * one)
    for index in (0, 2, 4):
        words[index]
    assert kept(words) == [1, 2]
    assert words[0].instances[0].text == "red"


def test_a_crop_that_is_shared_cannot_be_written_to():
    source = word_crops([scene("a")])[0].source
    with pytest.raises(ValueError, match="read-only"):
        source[0, 0] = 0


def test_pixels_do_not_travel_to_other_processes():
    words = word_crops([scene("a", source=b"")])
    empty = len(pickle.dumps(words))
    words = word_crops([scene("a", source=b"")])
    words._fetch._keep(0, {1: np.zeros((1000, 1000, 3), dtype=np.uint8)})
    assert len(pickle.dumps(words)) == empty
    copy = pickle.loads(pickle.dumps(words))
    assert len(copy) == 2
    assert kept(copy) == []


def test_a_word_has_the_lexicon_of_its_scene():
    plain = scene("a")
    words = word_crops([Sample("b", plain.source, plain.instances, lexicon=("red", "blue")), plain])
    assert [word.lexicon for word in words] == [("red", "blue"), ("red", "blue"), None, None]


def test_scenes_without_words_give_none():
    assert len(word_crops([])) == 0
