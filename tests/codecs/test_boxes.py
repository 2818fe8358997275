"""Axis-aligned boxes against literal loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.boxes import (
    clip_boxes,
    decode_boxes,
    encode_boxes,
    make_anchors,
    overlaps,
    suppress_boxes,
)
from scenetext.geometry import box_polygon, iou


def boxes_of(rng: np.random.Generator, count: int, size: float = 100.0) -> np.ndarray:
    corner = rng.uniform(0, size, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(2, size / 2, (count, 2))], axis=1).astype(np.float32)


def test_anchors_have_the_areas_and_ratios_of_the_paper_around_each_pixel() -> None:
    scales, ratios = (16.0, 32.0, 64.0, 80.0), (1.0, 2.0, 3.0, 5.0, 7.0, 10.0)
    anchors = make_anchors(scales, ratios, 8, 3, 5).reshape(24, 3, 5, 4)
    place = 0
    for scale in scales:
        for ratio in ratios:
            for y in range(3):
                for x in range(5):
                    left, top, right, bottom = anchors[place, y, x]
                    assert (right - left) * (bottom - top) == pytest.approx(scale**2, rel=1e-4)
                    assert (right - left) / (bottom - top) == pytest.approx(ratio, rel=1e-4)
                    assert (left + right) / 2 == pytest.approx(8 * x + 4, abs=1e-4)
                    assert (top + bottom) / 2 == pytest.approx(8 * y + 4, abs=1e-4)
            place += 1


def test_offsets_are_those_of_faster_rcnn_and_lead_back() -> None:
    rng = np.random.default_rng(0)
    boxes, anchors = boxes_of(rng, 20), boxes_of(rng, 20)
    offsets = encode_boxes(boxes, anchors)
    for box, anchor, offset in zip(boxes, anchors, offsets, strict=True):
        width, height = anchor[2] - anchor[0], anchor[3] - anchor[1]
        expected = [
            ((box[0] + box[2]) / 2 - (anchor[0] + anchor[2]) / 2) / width,
            ((box[1] + box[3]) / 2 - (anchor[1] + anchor[3]) / 2) / height,
            math.log((box[2] - box[0]) / width),
            math.log((box[3] - box[1]) / height),
        ]
        assert offset == pytest.approx(expected, abs=1e-4)
    assert np.allclose(decode_boxes(offsets, anchors), boxes, atol=1e-3)


def test_wild_offsets_stay_finite_and_clipped_boxes_inside() -> None:
    found = decode_boxes(np.full((1, 4), 1e4, np.float32), np.array([[0, 0, 10, 10]], np.float32))
    assert np.isfinite(found).all()
    assert clip_boxes(np.array([[-5, 3, 900, 1000.0]]), 480, 640).tolist() == [[0, 3, 640, 480]]


def test_overlaps_are_those_of_polygons() -> None:
    rng = np.random.default_rng(1)
    boxes, others = boxes_of(rng, 8), boxes_of(rng, 5)
    expected = [[iou(box_polygon(*a), box_polygon(*b)) for b in others] for a in boxes]
    assert overlaps(boxes, others) == pytest.approx(np.array(expected), abs=1e-5)
    assert overlaps(boxes[:0], others).shape == (0, 5)


def literal(boxes: np.ndarray, scores: np.ndarray, limit: float, most: int) -> list[int]:
    left = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept: list[int] = []
    while left and len(kept) < most:
        best, *left = left
        kept.append(best)
        left = [i for i in left if overlaps(boxes[i : i + 1], boxes[best : best + 1])[0, 0] <= limit]
    return kept


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 90), st.floats(0.1, 0.9), st.integers(1, 60))
def test_suppression_is_that_of_the_literal_loop(seed: int, count: int, limit: float, most: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, scores = boxes_of(rng, count), rng.integers(0, 30, count) / 30
    assert suppress_boxes(boxes, scores, limit, most).tolist() == literal(boxes, scores, limit, most)


def test_suppression_of_more_boxes_than_a_block_is_that_of_the_literal_loop() -> None:
    rng = np.random.default_rng(2)
    boxes, scores = boxes_of(rng, 700, 300.0), rng.random(700)
    assert suppress_boxes(boxes, scores, 0.3, 700).tolist() == literal(boxes, scores, 0.3, 700)
