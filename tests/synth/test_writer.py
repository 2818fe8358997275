from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from scenery import pen
from scenetext.errors import SettingsError


def test_a_line_has_the_height_asked_for(tmp_path: Path) -> None:
    line = pen(tmp_path, 0).line(["Height", "Apply"], 30)
    assert line.size == pytest.approx(30, abs=0.6)
    assert [word.text for word in line.words] == ["Height", "Apply"]
    assert line.words[0].polygon[1, 0] < line.words[1].polygon[0, 0]


def test_low_words_are_enlarged_to_the_least_height(tmp_path: Path) -> None:
    word = pen(tmp_path, 0, heights=(12, 48)).line(["noon"], 1).words[0]
    assert np.ptp(word.polygon[:, 1]) == pytest.approx(12, abs=0.6)


def test_a_height_above_the_range_is_cut_to_it(tmp_path: Path) -> None:
    assert pen(tmp_path, 0, heights=(12, 48)).line(["Qy"], 500).size == pytest.approx(48, abs=0.6)


def test_sizes_stay_in_the_range_and_favour_small_ones(tmp_path: Path) -> None:
    writer = pen(tmp_path, 0, heights=(10, 90))
    sizes = np.array([writer.size() for _ in range(300)])
    assert sizes.min() >= 10
    assert sizes.max() <= 90
    assert np.median(sizes) < 40


def test_a_ring_has_both_texts_upright_on_one_circle(tmp_path: Path) -> None:
    writer = pen(tmp_path, 0)
    ring = writer.ring(["UPPER"], ["lower"], 16, writer.font(["UPPER", "lower"]))
    middle = ring.height / 2
    upper, lower = ring.words
    assert upper.characters[2].mean(axis=0)[1] < middle < lower.characters[2].mean(axis=0)[1]
    for word in ring.words:
        centre = word.characters[2]
        assert centre[0, 1] < centre[3, 1]
        assert centre[0, 0] < centre[1, 0]


def test_texts_outside_the_charset_are_drawn_anew(tmp_path: Path) -> None:
    digits = frozenset("0123456789")
    texts = replace(pen(tmp_path, 0), charset=digits).texts(5)
    assert all(set(text) <= digits for text in texts)
    with pytest.raises(SettingsError, match="charset"):
        replace(pen(tmp_path, 0), charset=frozenset()).texts(1)


@pytest.mark.parametrize("text", ["iff", "side", "Boulangerie"])
def test_curved_words_never_cross_themselves(tmp_path: Path, text: str) -> None:
    for seed in range(25):
        word = pen(tmp_path, seed).curved_line([text], 30).words[0]
        assert shapely.Polygon(word.polygon).is_valid
        assert len(word.polygon) <= 14
