from __future__ import annotations

import math

import numpy as np
import pytest

from datasets import write_pictures, write_td500, write_text, write_tr400
from scenetext.data.td500 import td500, tr400
from scenetext.errors import DataError


def test_a_line_is_a_box_turned_about_its_middle(tmp_path):
    first, second = td500(tmp_path, write_td500(tmp_path))
    assert (first.name, second.name) == ("IMG_0059", "IMG_0060")
    line, difficult = first.instances
    assert (line.text, line.legible, difficult.legible) == (None, True, False)
    np.testing.assert_allclose(line.polygon.mean(axis=0), [25, 12], atol=1e-4)
    sides = np.linalg.norm(np.roll(line.polygon, -1, axis=0) - line.polygon, axis=1)
    np.testing.assert_allclose(sides, [30, 8, 30, 8], atol=1e-4)
    # a negative angle turns against the clock: the upper side rises to the right
    step = line.polygon[1] - line.polygon[0]
    assert math.atan2(step[1], step[0]) == pytest.approx(-0.12, abs=1e-5)


def test_a_box_that_is_not_turned_is_upright(tmp_path):
    difficult = td500(tmp_path, write_td500(tmp_path))[0].instances[1]
    assert difficult.polygon.tolist() == [[2, 2], [7, 2], [7, 7], [2, 7]]


def test_a_quarter_turn_puts_the_first_corner_on_the_right(tmp_path):
    write_pictures(tmp_path, "1.jpg")
    write_text(tmp_path / "1.gt", f"0 0 10 10 20 4 {math.pi / 2}\r\n")
    np.testing.assert_allclose(
        tr400(tmp_path, "all")[0].instances[0].polygon, [[22, 2], [22, 22], [18, 22], [18, 2]], atol=1e-4
    )


def test_hust_tr400_is_read_alike(tmp_path):
    assert [sample.name for sample in tr400(tmp_path, write_tr400(tmp_path))] == ["1", "2"]


@pytest.mark.parametrize("line", ["0 0 1 2 3 4", "0 0 1 2 3 4 5 6", "0 0 a 2 3 4 5", "0 0 1 2 3 4 inf"])
def test_a_wrong_line_is_named(line, tmp_path):
    write_pictures(tmp_path, "1.jpg")
    write_text(tmp_path / "1.gt", f"0 0 1 2 30 40 0.5\n{line}\n")
    with pytest.raises(DataError, match=r"1\.gt:2: "):
        tr400(tmp_path, "all")
