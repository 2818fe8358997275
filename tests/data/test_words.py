from __future__ import annotations

import numpy as np
import pytest

from scenetext.data.words import Words


def fetch(index):
    return f"word {index}", np.zeros((10, 20 + index, 3), dtype=np.uint8), str(index)


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
