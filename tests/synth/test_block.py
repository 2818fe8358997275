from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenery import pen
from scenetext.synth.block import bare, boarded, moved, stack


@pytest.mark.parametrize(("align", "lefts"), [(0.0, (0, 0)), (1.0, (None, 0))])
def test_stacked_lines_stand_below_each_other(
    tmp_path: Path, align: float, lefts: tuple[int | None, int]
) -> None:
    writer = pen(tmp_path, 0)
    lines = [writer.line(["Up"], 20), writer.line(["Longer", "below"], 20)]
    parts, width, height = stack(lines, align, [7, 7])
    assert width == lines[1].width
    assert height == lines[0].height + 7 + lines[1].height
    assert parts[1].top == lines[0].height + 7
    assert parts[0].left == (width - lines[0].width if lefts[0] is None else lefts[0])


def test_moving_parts_moves_their_words(tmp_path: Path) -> None:
    parts, _, _ = stack([pen(tmp_path, 0).line(["word"], 20)], 0, [0])
    (there,) = moved(parts, 5, 9)
    assert np.array_equal(there.words[0].polygon - parts[0].words[0].polygon, np.full((4, 2), (5, 9)))
    assert (there.left, there.top) == (5, 9)


def test_a_board_surrounds_its_parts_and_a_bare_block_has_none(tmp_path: Path) -> None:
    writer = pen(tmp_path, 0)
    parts, width, height = stack([writer.line(["word"], 20)], 0, [0])
    board = boarded(writer, parts, width, height, 10)
    assert board.panels[0].box == (0, 0, board.width, board.height)
    assert board.width > width
    assert board.height > height
    assert not bare(parts, width, height).panels
