from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.marks import MARKS, PATTERNS, PICTOGRAMS, draw_mark


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize(("height", "width"), [(40, 40), (12, 90), (64, 20), (4, 4)])
def test_a_mark_fills_its_canvas_in_part(kind: str, height: int, width: int) -> None:
    shares = []
    for seed in range(8):
        coverage = draw_mark(kind, np.random.default_rng(seed), height, width)
        assert coverage.shape == (height, width)
        assert coverage.dtype == np.uint8
        shares.append((coverage > 127).mean())
    assert np.mean(shares) > 0.02
    if min(height, width) >= 20:
        assert np.mean(shares) < 0.98


def test_every_mark_is_a_pictogram_or_a_pattern() -> None:
    assert sorted(PICTOGRAMS + PATTERNS) == sorted(MARKS)
