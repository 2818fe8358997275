from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.geometry import mask_of, offset_polygon, perspective, signed_area, warp_points
from scenetext.synth.ink import render_line, word_polygon

CURVES = [{}, {"bend": 1.2}, {"bend": -1.5}, {"wave": 0.3}, {"bend": 0.6, "wave": -0.1}]


def coverage_inside(alpha: np.ndarray, polygons: list[np.ndarray]) -> float:
    """The share of ink that lies inside the polygons, which are grown by half a pixel."""
    grown = [part for polygon in polygons for part in offset_polygon(polygon, 0.5)]
    ink = alpha.astype(float)
    return float(ink[mask_of(grown, *alpha.shape)].sum() / ink.sum())


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("text", ["Typography", "jig,", "A", "'Of'"])
def test_character_quads_hold_the_ink(face, text, curve):
    ink = render_line(text, face, spacing=0.05, margin=5, **curve)
    assert ink.characters.shape == (len(text), 4, 2)
    assert ink.characters.dtype == np.float32
    assert coverage_inside(ink.alpha, list(ink.characters)) > 0.99
    assert all(signed_area(quad) > 0 for quad in ink.characters)


@pytest.mark.parametrize("curve", CURVES)
def test_word_polygons_hold_the_ink_of_their_word(face, curve):
    ink = render_line("Fresh Quality Coffee", face, margin=5, **curve)
    assert [ink.text[word] for word in ink.words] == ["Fresh", "Quality", "Coffee"]
    outlines = [word_polygon(ink.characters[word]) for word in ink.words]
    assert coverage_inside(ink.alpha, outlines) > 0.985
    assert all(signed_area(outline) > 0 for outline in outlines)
    assert all(len(outline) == (4 if not curve else len(outline)) <= 14 for outline in outlines)


def test_a_straight_word_has_a_tight_box(face):
    ink = render_line("Hxg", face, margin=7)
    (left, top), _, (right, bottom), _ = word_polygon(ink.characters)
    rows, columns = np.flatnonzero(ink.alpha.any(axis=1)), np.flatnonzero(ink.alpha.any(axis=0))
    assert (left, top, right, bottom) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert left == top == 7
    assert ink.alpha.shape == (bottom + 7, right + 7)
    assert ink.height == bottom - top


def test_words_of_one_line_have_boxes_of_their_own_height(face):
    ink = render_line("as Hg", face)
    low, tall = (word_polygon(ink.characters[word]) for word in ink.words)
    assert np.ptp(low[:, 1]) < np.ptp(tall[:, 1])


def test_an_arch_is_highest_in_the_middle_and_turns_its_letters(face):
    ink = render_line("HHHHH", face, bend=1.5)
    middles = ink.characters.mean(axis=1)
    assert middles[2, 1] < middles[1, 1] < middles[0, 1]
    edges = ink.characters[:, 1] - ink.characters[:, 0]
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    assert np.all(np.diff(angles) > 0.1)
    assert angles[2] == pytest.approx(0, abs=0.05)
    heights = np.linalg.norm(ink.characters[:, 3] - ink.characters[:, 0], axis=1)
    np.testing.assert_allclose(heights, heights[0], rtol=1e-4)  # turned, not distorted


def test_a_curved_word_runs_along_its_tops_and_back_along_its_bottoms(face):
    ink = render_line("Restaurants", face, bend=1.2)
    outline = word_polygon(ink.characters)
    assert len(outline) == 14
    np.testing.assert_allclose(outline[0], ink.characters[0, 0], atol=0.01)
    np.testing.assert_allclose(outline[6], ink.characters[-1, 1], atol=0.01)
    np.testing.assert_allclose(outline[7], ink.characters[-1, 2], atol=0.01)
    np.testing.assert_allclose(outline[13], ink.characters[0, 3], atol=0.01)


def test_a_straight_word_seen_from_the_side_keeps_four_corners(face):
    ink = render_line("Station", face, margin=3)
    height, width = ink.alpha.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    matrix = perspective(corners, np.array([[10, 4], [150, 30], [140, 60], [0, 70]], float))
    quads = warp_points(ink.characters.reshape(-1, 2), matrix).reshape(-1, 4, 2)
    expected = warp_points(word_polygon(ink.characters), matrix)
    np.testing.assert_allclose(word_polygon(quads), expected, atol=0.01)


def test_spacing_widens_the_line(face):
    tight, wide = render_line("Wide", face), render_line("Wide", face, spacing=0.5)
    assert wide.alpha.shape[1] - tight.alpha.shape[1] == pytest.approx(3 * 0.5 * face.size, abs=2)


def test_a_text_without_ink_is_refused(face):
    with pytest.raises(ValueError, match="leaves no ink"):
        render_line("  ", face)


@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12),
       bend=st.sampled_from([0.0, 0.8, -1.6]))  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_any_printable_text_is_drawn_inside_its_canvas(face, text, bend):
    ink = render_line(text, face, bend=bend, margin=2)
    assert ink.alpha.any()
    assert len(ink.characters) == len(text)
    height, width = ink.alpha.shape
    low, high = ink.characters.min(axis=(0, 1)), ink.characters.max(axis=(0, 1))
    assert (low >= 2 - 1e-3).all()
    assert high[0] <= width - 2 + 1e-3
    assert high[1] <= height - 2 + 1e-3
    assert coverage_inside(ink.alpha, list(ink.characters)) > 0.98
