from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.score_glyphs import STYLES, load_glyphs
from scenetext.synth.score_pen import Pen, draw_printing


def test_a_sign_is_moved_and_scaled_and_tells_where_it_ends():
    pen = Pen(load_glyphs()["plain"])
    end = pen.sign("halfHead", 3.0, 1.5, size=2.0)
    left, bottom, right, top = pen.bounds()
    assert right == end
    assert left == pytest.approx(3.0, abs=0.05)
    assert (bottom + top) / 2 == pytest.approx(1.5, abs=0.1)
    assert len(pen.shapes) == 1
    assert len(pen.shapes[0]) == 2  # the hole belongs to the shape


@pytest.mark.parametrize(("end", "box"), [((0, 3), (-0.1, 0, 0.1, 3)), ((8, 2), (0, -0.1, 8, 2.1))])
def test_bars_have_their_thickness(end, box):
    pen = Pen({})
    pen.bar(0, 0, *end, 0.2)
    assert pen.bounds() == pytest.approx(box)


def test_long_bars_have_points_between_so_that_they_can_bend():
    pen = Pen({})
    pen.bar(0, 0, 30, 0, 0.2)
    assert np.diff(np.unique(pen.shapes[0][0][:, 0])).max() <= 1.6


def test_printings_are_various_and_legible():
    printings = [draw_printing(np.random.default_rng(seed)) for seed in range(300)]
    assert {printing.style for printing in printings} == set(STYLES)
    assert {printing.stems for printing in printings} == {"turned", "up", "down"}
    for printing in printings:
        assert 0.05 < printing.staff_line < 0.3
        assert 0.4 < printing.spread < 2.5
