from __future__ import annotations

import numpy as np

from scenetext.data.check import check
from scenetext.data.sheet import contact_sheet
from scenetext.data.words import Word, Words
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance

RED, GREEN = (250, 0, 0), (0, 250, 0)


def plain(colour, size=(20, 50)):
    return np.full((*size, 3), colour, dtype=np.uint8)


def sheet(samples, **settings):
    return np.asarray(contact_sheet(samples, check(samples, **settings)))


def share(image, colour):
    return (np.abs(image.astype(int) - colour) < 30).all(axis=2).mean()


def numbered(colour, index):
    """A picture that no other index has."""
    image = plain(colour)
    image[0, :2, 0] = divmod(index, 256)
    return image


def test_a_sheet_shows_words_spread_over_the_set():
    words = Words(1000, lambda index: Word("a", numbered(RED if index < 500 else GREEN, index), "text"))
    image = sheet(words)
    assert 0.9 < share(image, RED) / share(image, GREEN) < 1.1
    assert share(image, RED) > 0.1


def test_samples_with_problems_come_first():
    def fetch(index):
        wrong = index == 333
        return Word(str(index), numbered(GREEN if wrong else RED, index), "é" if wrong else "a")

    words = Words(600, fetch)
    image = sheet(words, charset="a")
    assert share(image[:70, :190], GREEN) > 0.1
    assert 0 < share(image, GREEN) < 0.1 < share(image, RED)
    assert share(sheet(words), GREEN) == 0  # without a charset nothing is wrong with it


def test_a_picture_that_cannot_be_decoded_leaves_its_place_empty():
    words = Words(2, lambda index: Word(str(index), b"no picture" if index == 0 else plain(GREEN), "text"))
    image = sheet(words)
    assert share(image[:70, :190], GREEN) == 0
    assert share(image[:70, 198:390], GREEN) > 0.1


def test_small_and_large_words_fit_their_places():
    for size in ((3, 4), (2000, 10), (10, 2000)):
        words = Words(1, lambda index, size=size: Word("a", plain(GREEN, size), "text " * 100))
        assert share(sheet(words), GREEN) > 0


def test_scenes_are_drawn_with_their_outlines():
    instance = TextInstance(box_polygon(100, 100, 700, 500), "word")
    bare = sheet([Sample("a", plain(RED, (800, 1200)))])
    drawn = sheet([Sample("a", plain(RED, (800, 1200)), (instance,))])
    assert share(bare, RED) > share(drawn, RED) > 0.1


def test_an_empty_set_gives_an_empty_sheet():
    assert sheet([]).shape[2] == 3
