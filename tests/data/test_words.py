from __future__ import annotations

import numpy as np
import pytest

from scenetext.data.words import Word, Words, chain
from scenetext.geometry import box_polygon


def fetch(index):
    return Word(f"word {index}", np.zeros((10, 20 + index, 3), dtype=np.uint8), str(index))


def test_words_are_drawn_by_index_from_both_ends():
    words = Words(5, fetch)
    assert len(words) == 5
    assert [words[i].name for i in (0, 4, -1, -5)] == ["word 0", "word 4", "word 4", "word 0"]


def test_a_slice_is_a_list_of_samples():
    assert [word.name for word in Words(5, fetch)[1:4:2]] == ["word 1", "word 3"]


@pytest.mark.parametrize("index", [5, -6])
def test_an_index_outside_is_an_error(index):
    with pytest.raises(IndexError, match="of 5"):
        Words(5, fetch)[index]


def test_iterating_ends():
    assert [word.instances[0].text for word in Words(3, fetch)] == ["0", "1", "2"]


def test_the_polygon_is_the_whole_picture():
    polygon = Words(3, fetch)[2].instances[0].polygon
    assert polygon.tolist() == [[0, 0], [22, 0], [22, 10], [0, 10]]


def test_a_lexicon_and_characters_reach_the_sample():
    boxes = np.stack([box_polygon(0, 0, 10, 10), box_polygon(10, 0, 20, 10)])
    image = np.zeros((10, 20, 3), dtype=np.uint8)
    words = Words(1, lambda index: Word("a", image, "no", ("no", "yes"), boxes))
    assert words[0].lexicon == ("no", "yes")
    np.testing.assert_array_equal(words[0].instances[0].characters, boxes)
    assert Words(1, fetch)[0].lexicon is None
    assert Words(1, fetch)[0].instances[0].characters is None


def test_a_chain_runs_through_its_parts_in_order():
    def part(name, count):
        image = np.zeros((5, 5, 3), dtype=np.uint8)
        return Words(count, lambda index: Word(f"{name}{index}", image, name))

    words = chain([part("a", 2), part("empty", 0), part("b", 3)])
    assert [word.name for word in words] == ["a0", "a1", "b0", "b1", "b2"]
    assert words[-1].name == "b2"
    with pytest.raises(IndexError):
        words[5]


def test_a_word_can_be_had_without_a_look_at_its_picture():
    words = Words(1, lambda index: Word("broken", b"no picture", "text"))
    assert words.word(0).text == "text"
