from __future__ import annotations

from importlib import resources

import pytest

from scenetext.synth.score_glyphs import STYLES, load_glyphs


def test_every_style_has_the_same_signs():
    glyphs = load_glyphs()
    assert tuple(glyphs) == STYLES
    assert len({tuple(signs) for signs in glyphs.values()}) == 1
    assert len(glyphs["plain"]) == 36


@pytest.mark.parametrize("style", STYLES)
def test_signs_have_the_sizes_that_a_staff_asks_for(style):
    signs = load_glyphs()[style]
    head = signs["blackHead"]
    assert head.top - head.bottom == pytest.approx(1.0, abs=0.55)  # fills a space, nearly or just so
    assert head.left == pytest.approx(0.0, abs=0.05)
    assert 1.0 < head.right < 1.5
    assert 6.0 < signs["clefG"].top - signs["clefG"].bottom < 8.0  # on its line, it reaches beyond the staff
    assert signs["flag8Up"].top < 0.5  # hangs from the end of the stem,
    assert signs["flag8Down"].bottom > -0.5  # or stands on it
    assert signs["flat"].top > -2 * signs["flat"].bottom  # the bowl is around the note, the stem above it


def test_open_heads_are_open():
    for signs in load_glyphs().values():
        assert len(signs["blackHead"].contours) == 1
        assert len(signs["halfHead"].contours) == len(signs["wholeHead"].contours) == 2


def test_the_outlines_come_with_their_licence():
    folder = resources.files("scenetext") / "synth"
    head = (folder / "score_glyphs.txt").read_text(encoding="utf-8").partition("\nbroad ")[0]
    licence = (folder / "score_glyphs_licence.txt").read_text(encoding="utf-8")
    assert head.count("Copyright (c)") == head.count("Reserved Font Name") == len(STYLES)
    assert "score_glyphs_licence.txt" in head
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
