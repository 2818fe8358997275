from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.melody import Event
from scenetext.synth.score_glyphs import load_glyphs
from scenetext.synth.score_marks import draw_marks, draw_slurs
from scenetext.synth.score_pen import Pen, Placed, Printing


def note(step: int, x: float = 0.0, up: bool = True, **settings) -> Placed:
    y = step / 2
    tip = y + 3.5 if up else y - 3.5
    return Placed(Event(step, 4, False, 0, 0, **settings), x, y, 1.2, up, tip)


def marked(*notes: Placed, **settings: float) -> Pen:
    pen, rng = Pen(load_glyphs()["plain"]), np.random.default_rng(0)
    draw_slurs(pen, Printing(**settings), rng, notes)
    draw_marks(pen, Printing(**settings), rng, notes)
    return pen


def test_without_marks_nothing_is_drawn():
    assert marked(note(2), note(3, 4.0)).shapes == []


@pytest.mark.parametrize(
    ("step", "up", "y"), [(1, True, -0.5), (4, True, 0.5), (4, False, 3.5), (9, False, 5.5)]
)
def test_a_staccato_dot_is_by_the_head_and_never_on_a_staff_line(step, up, y):
    _, bottom, _, top = marked(note(step, up=up, mark="staccato")).bounds()
    assert (bottom + top) / 2 == pytest.approx(y, abs=0.1)


@pytest.mark.parametrize("mark", ["fermata", "trill", "marcato"])
def test_some_marks_are_above_the_staff_whatever_the_stem(mark):
    for up in (True, False):
        _, bottom, _, _ = marked(note(6, up=up, mark=mark)).bounds()
        assert bottom > max(4.0, 3.0 + 3.5 * up)


def test_a_tie_joins_heads_on_the_side_away_from_the_stems():
    left, bottom, right, top = marked(note(2, tied=True), note(2, 6.0)).bounds()
    assert 0.5 < left < 1.2
    assert 6.0 < right < 6.7
    assert bottom < top < 1.0
    assert marked(note(6, up=False, tied=True), note(6, 6.0, up=False)).bounds()[1] > 3.0


def test_slurs_pass_outside_of_all_their_notes():
    steps = (6, 9, 5, 7)
    notes = [note(step, 4.0 * i, up=False) for i, step in enumerate(steps)]
    pen = marked(*notes, slurs=1.0)
    assert pen.shapes
    for (curve,) in pen.shapes:
        for placed in notes:
            near = curve[np.abs(curve[:, 0] - placed.middle) < 0.3]
            assert len(near) == 0 or near[:, 1].min() > placed.y


def test_dynamics_are_below_the_staff_and_apart():
    notes = [note(4, 1.5 * i) for i in range(12)]
    pen = marked(*notes, dynamics=1.0)
    assert pen.bounds()[3] < 0
    ends = [(shape[0][:, 0].min(), shape[0][:, 0].max()) for shape in pen.shapes]
    assert 3 <= len(ends) < 20
