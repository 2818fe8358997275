from __future__ import annotations

import numpy as np
import pytest

from scenetext.geometry import box_polygon
from scenetext.synth.curves import Arc, bend, outline


@pytest.mark.parametrize("smile", [False, True])
def test_backward_undoes_forward(smile: bool) -> None:
    arc = Arc(200, 30, 90, smile, (120, 130))
    points = np.random.default_rng(0).uniform((0, 0), (200, 30), (50, 2))
    x, y = arc.backward(*arc.forward(points).T)
    assert np.allclose(np.stack([x, y], axis=1), points)


@pytest.mark.parametrize(("smile", "above"), [(False, True), (True, False)])
def test_the_middle_of_a_line_is_upright_over_or_under_the_circle(smile: bool, above: bool) -> None:
    arc = Arc(200, 30, 90, smile, (120, 130))
    top, bottom = arc.forward(np.array([[100.0, 0.0], [100.0, 30.0]]))
    assert top[1] < bottom[1]  # letters stand on their feet either way
    assert bool(top[1] < 130) is above


@pytest.mark.parametrize("smile", [False, True])
def test_bent_ink_lies_where_forward_says(smile: bool) -> None:
    arc = Arc(200, 30, 90, smile, (120.0, 120.0))
    ink = np.zeros((30, 200), np.uint8)
    ink[10:14, 40:44] = 255
    bent = bend(ink, arc, 240, 240)
    rows, columns = np.nonzero(bent > 128)
    assert np.allclose(
        [columns.mean() + 0.5, rows.mean() + 0.5], arc.forward(np.array([42.0, 12.0])), atol=0.4
    )


def test_an_outline_runs_along_the_top_and_back_along_the_bottom() -> None:
    points = outline(box_polygon(0, 0, 60, 10), 4)
    assert points.tolist() == [[0, 0], [20, 0], [40, 0], [60, 0], [60, 10], [40, 10], [20, 10], [0, 10]]
