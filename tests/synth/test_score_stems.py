from __future__ import annotations

from itertools import pairwise

import pytest

from scenetext.synth.melody import Event, Melody
from scenetext.synth.score_glyphs import load_glyphs
from scenetext.synth.score_pen import Pen, Placed, Printing
from scenetext.synth.score_stems import draw_stems

WIDTH = 1.2


def notes(*steps_and_values: tuple[int | None, int]) -> list[Placed]:
    placed, start = [], 0
    for i, (step, value) in enumerate(steps_and_values):
        y = 2.0 if step is None else step / 2
        placed.append(Placed(Event(step, value, False, 0, start), 3.0 * i, y, WIDTH, tip=y))
        start += value
    return placed


def drawn(placed: list[Placed], printing: Printing | None = None) -> Pen:
    pen = Pen(load_glyphs()["plain"])
    melody = Melody("G", 0, (), 4, tuple(note.event for note in placed), "")
    draw_stems(pen, melody, printing or Printing(), placed)
    return pen


@pytest.mark.parametrize(("step", "up"), [(-3, True), (3, True), (4, False), (5, False), (12, False)])
def test_stems_turn_towards_the_middle_of_the_staff(step, up):
    (note,) = placed = notes((step, 4))
    drawn(placed)
    assert note.up is up
    assert (note.tip > note.y) is up
    assert abs(note.tip - note.y) >= 3.5


@pytest.mark.parametrize("step", [-6, 14])
def test_stems_of_notes_far_off_the_staff_reach_its_middle(step):
    (note,) = placed = notes((step, 4))
    drawn(placed)
    assert note.tip == 2.0


def test_whole_notes_and_rests_have_no_stem():
    placed = notes((2, 16), (None, 4))
    assert drawn(placed).shapes == []


def test_a_lone_eighth_has_a_flag_and_neighbours_a_beam():
    lone, pair = notes((2, 2), (None, 2), (3, 4)), notes((2, 2), (3, 2))
    assert len(drawn(lone).shapes) == 3  # two stems and a flag
    assert not any(note.beamed for note in lone)
    assert len(drawn(pair).shapes) == 3  # two stems and a beam
    assert all(note.beamed for note in pair)


def test_rests_longer_notes_and_beats_end_a_beam():
    for between in ((None, 2), (4, 4)):
        placed = notes((2, 2), between, (2, 2))
        drawn(placed)
        assert not any(note.beamed for note in placed)
    placed = notes((2, 2), (2, 2), (2, 2), (2, 2))
    assert len(drawn(placed, Printing(beam_span=1)).shapes) == 6
    assert len(drawn(notes(*[(2, 2)] * 4), Printing(beam_span=2)).shapes) == 5
    assert len(drawn(notes(*[(2, 2)] * 4), Printing(beams=False)).shapes) == 8


@pytest.mark.parametrize(
    "steps", [(0, 1, 2, 3), (9, 3, 8, -2), (7, 12, 5, 6), (4, 4, 4, 4), (14, -6, 14, -6)]
)
def test_a_beam_is_straight_and_no_stem_under_it_is_short_or_turned(steps):
    placed = notes(*[(step, 1) for step in steps])
    drawn(placed)
    assert len({note.up for note in placed}) == 1
    away = 1 if placed[0].up else -1
    assert min(away * (note.tip - note.y) for note in placed) >= 2.6
    rises = [b.tip - a.tip for a, b in pairwise(placed)]
    assert max(rises) - min(rises) == pytest.approx(0, abs=1e-9)
    assert abs(rises[0]) <= 0.25 * 3.0 + 1e-9


@pytest.mark.parametrize(
    ("values", "beams"), [((1, 1, 1, 1), 4), ((2, 1, 1), 2), ((1, 1, 2), 2), ((1, 2, 1), 3)]
)
def test_sixteenths_have_a_second_beam_from_one_to_the_next_or_a_stub(values, beams):
    pen = drawn(notes(*[(2, value) for value in values]))
    assert len(pen.shapes) == len(values) + beams
