from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenery import pen
from scenetext.geometry import iou, mask_of, offset_polygon, warp_points
from scenetext.synth.board import Manner, lay
from scenetext.synth.layout import CURVED_LAYOUTS, LAYOUTS, choose_layout
from scenetext.synth.pose import Pose, box_after, shifted

ALL = LAYOUTS | CURVED_LAYOUTS


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("pose", [Pose(), Pose(roll=14, yaw=30, pitch=-10)], ids=["straight", "turned"])
def test_all_ink_lies_inside_the_polygons_of_its_words(tmp_path: Path, name: str, pose: Pose) -> None:
    ink = outside = 0
    for seed in range(3):
        writer = pen(tmp_path, seed)
        block = ALL[name][1](writer, 10)
        block = replace(block, panels=(), pictures=(), parts=tuple(p for p in block.parts if p.words))
        matrix = shifted(pose.matrix(block.width, block.height, 700), 20, 20)
        width, height = (int(v) + 40 for v in box_after(matrix, block.width, block.height))
        scene = np.full((height, width, 3), 255, np.uint8)
        lay(scene, block, matrix, writer.rng, None, Manner(contrast=0.4, effects=0.0), blur=0.0)
        changed = scene.min(axis=2) < 192
        polygons = [warp_points(word.polygon, matrix) for word in block.words]
        # half a pixel for the anti-aliased rim
        grown = [part for polygon in polygons for part in offset_polygon(polygon, 0.5)]
        ink += int(changed.sum())
        outside += int((changed & ~mask_of(grown, height, width)).sum())
        for word, polygon in zip(block.words, polygons, strict=True):
            if any(character.isalnum() for character in word.text):
                covered = mask_of([polygon], height, width)
                assert changed[covered].mean() > 0.08
    assert ink > 500
    assert outside <= 0.015 * ink


@pytest.mark.parametrize("name", ALL)
def test_a_layout_keeps_to_its_budget_and_its_words_apart(tmp_path: Path, name: str) -> None:
    for seed in range(6):
        budget = 1 + 3 * seed
        block = ALL[name][1](pen(tmp_path, seed), budget)
        assert 1 <= len(block.words) <= budget
        for i, word in enumerate(block.words):
            assert len(word.characters) == len(word.text)
            assert (word.polygon.min(axis=0) >= -1).all()
            assert (word.polygon <= np.array([block.width, block.height]) + 1).all()
            assert all(iou(word.polygon, other.polygon) < 0.02 for other in block.words[:i])


def test_layouts_are_drawn_by_their_weights() -> None:
    rng = np.random.default_rng(0)
    table = {"often": (3.0, LAYOUTS["sign"][1]), "never": (0.0, LAYOUTS["poster"][1])}
    assert {choose_layout(rng, table) for _ in range(20)} == {LAYOUTS["sign"][1]}
