from __future__ import annotations

from scenetext.evaluate.protocols import find_protocol

MUSIC = find_protocol("music")


def test_a_fragment_is_right_if_every_token_is():
    score = MUSIC(["C4 D4 E4", "G3", "A3 A3"], ["C4 D4 E4", "G4", "A3 A3"])
    assert score.values["accuracy"] == score.figure == 2 / 3
    assert score.counts == {"fragments": 3, "correct": 2, "tokens": 6, "edits": 1}


def test_distances_are_in_tokens_not_in_characters():
    score = MUSIC(["C4 D4 E4", "C4 D4", "C4", "C4"], ["C4 D5 E4", "C4", "C4 D4 E4", ""])
    assert score.values["edit_distance"] == (1 + 1 + 2 + 1) / 4
    assert score.values["accuracy"] == 0


def test_only_the_tokens_count_not_the_blanks_between():
    assert MUSIC(["C4 D4"], [" C4   D4 "]).figure == 1


def test_no_fragment_has_no_figure():
    assert MUSIC([], []).values == {"accuracy": 0.0, "edit_distance": 0.0}
