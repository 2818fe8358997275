from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.engrave import engrave
from scenetext.synth.melody import Event, Melody, compose
from scenetext.synth.score_glyphs import STYLES, load_glyphs
from scenetext.synth.score_pen import HEADS, Printing, draw_printing


def melody(
    *events: Event, key: int = 0, clef: str = "G", metre: tuple[str, ...] = (), ending: str = ""
) -> Melody:
    return Melody(clef, key, metre, 4, events, ending)


def drawn(piece: Melody, printing: Printing | None = None, **settings):
    return engrave(piece, printing or Printing(), np.random.default_rng(0), **settings)


def boxes(engraving) -> np.ndarray:
    """left, bottom, right, top of each shape but the staff lines."""
    return np.array(
        [
            (*np.concatenate(shape).min(axis=0), *np.concatenate(shape).max(axis=0))
            for shape in engraving.shapes[5:]
        ]
    )


def heads(engraving, printing: Printing) -> np.ndarray:
    """(n, 2) origins of the note heads, in the order in which they were drawn."""
    signs = [load_glyphs()[printing.style][name] for name in (*HEADS.values(), "blackHead")]
    found = []
    for shape in engraving.shapes[5:]:
        for sign in signs:
            outline = sign.contours[0]
            if len(shape) == len(sign.contours) and len(shape[0]) == len(outline):
                move = shape[0][0] - outline[0] * printing.size
                if np.allclose(shape[0], outline * printing.size + move):
                    found.append(move)
    return np.array(found)


def quarter(step: int | None, measure: int = 0, start: int = 0, **settings) -> Event:
    return Event(step, 4, False, measure, start, **settings)


def test_the_staff_is_five_lines_a_space_apart():
    engraving = drawn(melody(quarter(2), ending="single"))
    lines = engraving.shapes[:5]
    for i, (line,) in enumerate(lines):
        assert line[:, 1].mean() == pytest.approx(i)
        assert line[:, 0].min() == 0.0
        assert line[:, 0].max() == pytest.approx(engraving.right, abs=0.2)


def test_an_open_staff_goes_on_beyond_the_fragment():
    engraving = drawn(melody(quarter(2)), open_left=True)
    line = engraving.shapes[0][0]
    assert line[:, 0].min() < -5
    assert line[:, 0].max() > engraving.right + 5


@pytest.mark.parametrize("seed", range(20))
def test_heads_stand_where_the_pitches_say_in_order_and_apart(seed):
    rng = np.random.default_rng(seed)
    piece, printing = compose(rng, 12), draw_printing(rng)
    found = heads(engrave(piece, printing, rng), printing)
    steps = [event.step for event in piece.events if event.step is not None]
    assert (found[:, 1] * 2).tolist() == pytest.approx(steps)
    assert np.diff(found[:, 0]).min() > 1.2 * printing.size


@pytest.mark.parametrize(
    ("step", "ledgers"), [(-6, 3), (-3, 1), (-2, 1), (-1, 0), (4, 0), (9, 0), (10, 1), (13, 2)]
)
def test_notes_off_the_staff_have_their_ledger_lines(step, ledgers):
    plain = len(drawn(melody(quarter(4))).shapes)
    assert len(drawn(melody(quarter(step))).shapes) == plain + ledgers


def test_key_and_time_signatures_accidentals_dots_and_bar_lines_are_drawn():
    plain = len(drawn(melody(quarter(4), quarter(5, start=4))).shapes)

    def more(**settings) -> int:
        return len(drawn(melody(quarter(4), quarter(5, start=4), **settings)).shapes) - plain

    assert more(key=3) == 3
    assert more(key=-7) == 7
    assert more(metre=("time3", "time4")) == 2
    assert more(metre=("timeCommon",)) == 1
    assert [more(ending=ending) for ending in ("single", "double", "final")] == [1, 2, 2]
    changed = (
        (quarter(4, accidental="sharp"), quarter(5, start=4)),
        (Event(4, 4, True, 0, 0), quarter(5, start=6)),
        (quarter(4), quarter(5, measure=1)),
        (quarter(4), quarter(None, start=4), quarter(5, start=8)),
    )
    for events in changed:
        assert len(drawn(melody(*events)).shapes) == plain + 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("clef", ["G", "F"])
def test_signs_follow_each_other_without_touching(style, clef):
    events = [
        quarter(6, measure, 0, accidental=sign)
        for measure, sign in enumerate(("sharp", "flat", "natural", "sharp"))
    ]
    printing = Printing(style, spread=0.3)
    found = boxes(drawn(melody(*events, clef=clef, metre=("timeCommon",)), printing))
    found = found[np.argsort(found[:, 0])]
    # stems stand on the edge of their heads; all else is apart
    stems = found[:, 2] - found[:, 0] <= printing.stem + 1e-6
    bars = stems & (found[:, 3] - found[:, 1] > 3.9) & (found[:, 1] == 0)
    rest = found[~stems | bars]
    assert (rest[1:, 0] - rest[:-1, 2]).min() > 0.05


def test_the_bounds_hold_all_ink():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        engraving = engrave(compose(rng, 8), draw_printing(rng), rng)
        found = boxes(engraving)
        assert found[:, 0].min() >= 0
        assert found[:, 2].max() <= engraving.right + 1e-9
        assert engraving.bottom <= min(found[:, 1].min(), 0)
        assert engraving.top >= max(found[:, 3].max(), 4)
