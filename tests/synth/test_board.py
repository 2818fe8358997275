from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.block import Block, Panel, Part
from scenetext.synth.board import Manner, draw_letters_style, lay, paint_block
from scenetext.synth.paint import Colour, contrast
from scenetext.synth.pose import shifted


@pytest.mark.parametrize("wanted", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("ground", [(0.0, 0.0, 0.0), (128.0, 120.0, 130.0), (255.0, 255.0, 255.0)])
def test_letters_stand_out_by_the_contrast_asked_for(wanted: float, ground: Colour) -> None:
    for seed in range(20):
        style = draw_letters_style(np.random.default_rng(seed), ground, Manner(wanted, effects=0.5))
        assert contrast(style.fill, ground) >= min(255 * wanted, 115)


def test_without_effects_letters_have_one_plain_colour() -> None:
    for seed in range(20):
        style = draw_letters_style(np.random.default_rng(seed), (90.0, 90.0, 90.0), Manner(0.2, effects=0.0))
        assert (style.second, style.shadow, style.border, style.glow, style.opacity) == (
            None,
            None,
            None,
            None,
            1,
        )


def block(*panels: Panel) -> Block:
    coverage = np.zeros((10, 20), np.uint8)
    coverage[2:8, 4:16] = 255
    return Block(60, 30, (Part(coverage, 20, 10, size=10.0),), panels)


def test_a_block_without_a_plate_covers_its_ink_alone() -> None:
    behind = np.full((30, 60, 3), 200, np.uint8)
    layer = paint_block(block(), np.random.default_rng(0), behind, None, Manner(0.3, effects=0.0))
    assert (layer[..., 3] > 0).sum() == 6 * 12
    assert layer[12:18, 24:36, 3].min() == 255


def test_a_plate_covers_its_box_but_for_its_round_corners() -> None:
    behind = np.full((30, 60, 3), 200, np.uint8)
    panel = Panel((0, 0, 60, 30), radius=10)
    layer = paint_block(block(panel), np.random.default_rng(0), behind, None, Manner())
    assert layer[15, :, 3].min() == 255
    assert layer[0, 0, 3] == 0


def test_laying_a_block_changes_only_where_it_lies() -> None:
    scene = np.full((100, 120, 3), 90, np.uint8)
    matrix = shifted(np.eye(3), 30, 40)
    lay(scene, block(Panel((0, 0, 60, 30))), matrix, np.random.default_rng(1), None, Manner(), blur=0.0)
    changed = (scene != 90).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 69, 30, 89)


def test_a_block_outside_the_scene_changes_nothing() -> None:
    scene = np.full((50, 50, 3), 90, np.uint8)
    lay(scene, block(), shifted(np.eye(3), 200, 0), np.random.default_rng(1), None, Manner(), blur=0.0)
    assert (scene == 90).all()
