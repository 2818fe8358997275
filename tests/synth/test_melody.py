from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scenetext.charset import CHARSETS
from scenetext.synth.melody import HIGHEST, LOWEST, Melody, compose, pick, pitch_name

LENGTHS = {("time4", "time4"): 16, ("timeCommon",): 16, ("time3", "time4"): 12, ("time2", "time4"): 8}


@pytest.fixture(scope="module")
def melodies() -> list[Melody]:
    return [compose(np.random.default_rng(seed), 3 + seed % 18) for seed in range(300)]


@pytest.mark.parametrize(
    ("clef", "step", "name"),
    [
        ("G", 0, "E4"), ("G", -2, "C4"), ("G", 2, "G4"), ("G", 8, "F5"), ("G", 10, "A5"), ("G", -3, "B3"),
        ("F", 0, "G2"), ("F", 6, "F3"), ("F", 8, "A3"), ("F", 10, "C4"), ("F", -6, "A1"), ("G", 14, "E6"),
    ],
)  # fmt: skip
def test_lines_and_spaces_have_the_names_that_beginners_learn(clef, step, name):
    assert pitch_name(clef, step) == name


def test_the_vocabulary_is_what_the_staff_can_hold():
    names = {pitch_name(clef, step) for clef in "GF" for step in range(LOWEST, HIGHEST + 1)}
    assert names == set(CHARSETS["pitches"])
    assert CHARSETS["pitches"][0] == pitch_name("F", LOWEST)
    assert CHARSETS["pitches"][-1] == pitch_name("G", HIGHEST)


def test_a_melody_has_the_notes_that_were_asked_for(melodies):
    for seed, melody in enumerate(melodies):
        assert len(melody.pitches) == 3 + seed % 18
        assert melody.events[-1].step is not None
        assert set(melody.pitches) <= set(CHARSETS["pitches"])


def test_measures_are_full_and_nothing_overlaps(melodies):
    for melody in melodies:
        length = LENGTHS.get(melody.metre)
        for event, following in pairwise(melody.events):
            if following.measure == event.measure:
                assert following.start == event.start + event.length
            else:
                assert (following.measure, following.start) == (event.measure + 1, 0)
                assert length is None or event.start + event.length == length


def test_rests_accidentals_and_the_key_leave_the_label_alone(melodies):
    assert any(event.accidental for melody in melodies for event in melody.events)
    for melody in melodies:
        plain = [replace(event, accidental="", mark="") for event in melody.events if event.step is not None]
        assert replace(melody, key=0, events=tuple(plain)).pitches == melody.pitches


def test_ties_lead_to_a_note_of_the_same_pitch(melodies):
    ties = 0
    for melody in melodies:
        for event, following in pairwise(melody.events):
            ties += event.tied
            assert not event.tied or event.step == following.step is not None
        assert not melody.events[-1].tied
    assert ties > 20


def test_what_is_written_is_various(melodies):
    events = [event for melody in melodies for event in melody.events]
    assert {event.value for event in events} == {1, 2, 4, 8, 16}
    assert {melody.clef for melody in melodies} == {"G", "F"}
    assert {melody.ending for melody in melodies} == {"", "single", "double", "final"}
    assert {event.accidental for event in events} == {"", "sharp", "flat", "natural"}
    assert 0.05 < sum(event.step is None for event in events) / len(events) < 0.25
    heights = Counter(event.step for event in events if event.step is not None)
    assert set(heights) == set(range(LOWEST, HIGHEST + 1))
    assert heights.most_common(1)[0][1] < 0.15 * len(events)


def test_picking_is_in_proportion():
    rng = np.random.default_rng(0)
    counts = Counter(pick(rng, (1, 0, 3)) for _ in range(4000))
    assert counts[1] == 0
    assert counts[2] / counts[0] == pytest.approx(3, rel=0.15)
