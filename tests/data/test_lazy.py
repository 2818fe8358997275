from __future__ import annotations

import pytest

from scenetext.data.lazy import Lazy


class Squares(Lazy[int]):
    def __len__(self) -> int:
        return 4

    def make(self, index: int) -> int:
        assert 0 <= index < 4
        return index**2


def test_it_is_indexed_sliced_and_walked_like_a_list():
    squares, expected = Squares(), [0, 1, 4, 9]
    assert list(squares) == expected
    assert [squares[i] for i in range(-4, 4)] == 2 * expected
    for part in (slice(1, 3), slice(None, None, -1), slice(-2, 10), slice(5, 2)):
        assert squares[part] == expected[part]


@pytest.mark.parametrize("index", [4, -5])
def test_what_lies_beyond_its_ends_is_an_error(index):
    with pytest.raises(IndexError, match=f"entry {index} of 4"):
        Squares()[index]
