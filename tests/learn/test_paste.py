"""Copy-paste: exact polygons, room between words, nothing else changed."""

import numpy as np
import pytest

from scenetext.geometry import box_polygon, iou, mask_of, signed_area
from scenetext.learn.paste import paste_words
from scenetext.types import TextInstance

DARK, WALL, PLACARD = 20, 220, 150


def donor(legible: bool = True) -> tuple[np.ndarray, list[TextInstance]]:
    """A dark word on a placard."""
    image = np.full((120, 200, 3), PLACARD, np.uint8)
    image[40:60, 50:130] = DARK
    return image, [TextInstance(box_polygon(50, 40, 130, 60), "word", legible=legible)]


def window() -> np.ndarray:
    return np.full((256, 256, 3), WALL, np.uint8)


@pytest.mark.parametrize("seed", range(10))
def test_the_polygon_of_a_pasted_word_covers_its_ink_and_no_more(seed):
    picture, found = paste_words(window(), [], *donor(), 1, np.random.default_rng(seed))
    assert [instance.text for instance in found] == ["word"]
    ink = picture.max(axis=2) < (DARK + PLACARD) / 2
    covered = mask_of([found[0].polygon], 256, 256)
    assert (ink & covered).sum() >= 0.97 * ink.sum()
    assert (ink & covered).sum() >= 0.94 * covered.sum()
    assert 0.45 * 1600 < signed_area(found[0].polygon) < 2.1 * 1600


@pytest.mark.parametrize("seed", range(10))
def test_words_keep_their_distance_and_the_rest_of_the_window_stays(seed):
    old = [
        TextInstance(box_polygon(10, 10, 250, 60), "old"),
        TextInstance(box_polygon(10, 200, 250, 250), None, legible=False),
    ]
    before = window()
    picture, found = paste_words(before, old, *donor(), 6, np.random.default_rng(seed))
    assert found[:2] == old
    assert (before == WALL).all(), "the given window is not changed"
    for i, one in enumerate(found):
        assert all(iou(one.polygon, other.polygon) == 0 for other in found[i + 1 :])
    assert (picture[mask_of([i.polygon for i in old], 256, 256)] == WALL).all()
    for instance in found[2:]:
        assert instance.polygon.min() >= 0
        assert instance.polygon.max() <= 256


def test_the_surroundings_of_a_word_fade_out():
    picture, (word,) = paste_words(window(), [], *donor(), 1, np.random.default_rng(3))
    grey = picture[..., 0].astype(int)
    changed = grey != WALL
    edge = changed & ~mask_of([word.polygon], 256, 256)
    assert edge.any()
    assert (grey[edge] > PLACARD + 20).mean() > 0.2, "some of it is between placard and wall"


@pytest.mark.parametrize(
    ("legible", "size", "scale"),
    [(False, 256, 1), (True, 32, 1), (True, 256, 0.05)],
    ids=["mark", "room", "small"],
)
def test_what_cannot_be_pasted_is_left_out(legible, size, scale):
    image, words = donor(legible)
    words = [word.replace(polygon=word.polygon * np.float32(scale)) for word in words]
    place = np.full((size, size, 3), WALL, np.uint8)
    picture, found = paste_words(place, [], image, words, 3, np.random.default_rng(0))
    assert found == []
    assert (picture == WALL).all()


def test_it_depends_on_the_seed_alone():
    first = paste_words(window(), [], *donor(), 4, np.random.default_rng(5))
    again = paste_words(window(), [], *donor(), 4, np.random.default_rng(5))
    assert np.array_equal(first[0], again[0])
    assert all(np.array_equal(a.polygon, b.polygon) for a, b in zip(first[1], again[1], strict=True))
