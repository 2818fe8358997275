from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scenetext.geometry import box_polygon, densify, offset_polygon, perspective, simplify, warp_points
from scenetext.rectify import crop_instance, sides


def painted(top: np.ndarray, bottom: np.ndarray, size: tuple[int, int] = (300, 400)) -> np.ndarray:
    """Red rises along a strip from 0 to 250, green rises across it, and blue is 255 inside."""
    image = np.zeros((*size, 3), np.uint8)
    for u in np.linspace(0, 1, 1500):
        place = u * (len(top) - 1)
        i = min(int(place), len(top) - 2)
        a = top[i] + (place - i) * (top[i + 1] - top[i])
        b = bottom[i] + (place - i) * (bottom[i + 1] - bottom[i])
        for v in np.linspace(0, 1, 120):
            x, y = (a + v * (b - a)).astype(int)
            if 0 <= x < size[1] and 0 <= y < size[0]:
                image[y, x] = u * 250, v * 250, 255
    return image


def arc(centre: tuple[float, float], radius: float, start: float, stop: float, count: int) -> np.ndarray:
    angles = np.radians(np.linspace(start, stop, count))
    return np.array(centre) + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def assert_straight(crop: np.ndarray, tolerance: float = 12) -> None:
    """Red rises by column and green by row, as in the strip laid out flat."""
    h, w = crop.shape[:2]
    inner = crop[h // 6 : h - h // 6, w // 10 : w - w // 10].astype(float)
    u = (np.arange(w) + 0.5)[w // 10 : w - w // 10] / w * 250
    v = (np.arange(h) + 0.5)[h // 6 : h - h // 6] / h * 250
    assert np.abs(inner[..., 0] - u).mean() < tolerance
    assert np.abs(inner[..., 1] - v[:, None]).mean() < tolerance
    assert inner[..., 2].mean() > 240


def test_an_upright_box_is_cut_out_pixel_for_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 80, 3), dtype=np.uint8)
    assert np.array_equal(crop_instance(image, box_polygon(10, 20, 60, 45)), image[20:45, 10:60])


def test_a_quad_reads_from_its_first_point_whatever_its_turn() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 80, 3), dtype=np.uint8)
    box = box_polygon(10, 20, 60, 45)
    for turn in range(4):
        crop = crop_instance(image, np.roll(box, turn, axis=0))
        assert np.array_equal(np.rot90(crop, turn), image[20:45, 10:60])


def test_a_trapezoid_is_flattened_by_perspective() -> None:
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    quad = np.array([[40, 60], [340, 100], [350, 160], [30, 200]], np.float32)
    inverse = perspective(quad, flat)
    y, x = np.mgrid[:300, :400] + 0.5
    uv = warp_points(np.stack([x.ravel(), y.ravel()], axis=1), inverse).reshape(300, 400, 2)
    image = np.dstack([np.clip(uv * 250, 0, 255), np.full((300, 400), 255)]).astype(np.uint8)
    assert_straight(crop_instance(image, quad, max_height=200), tolerance=2)


@pytest.mark.parametrize(("start", "stop"), [(200, 340), (160, 20)], ids=["arching upwards", "hanging down"])
def test_a_curved_strip_is_straightened(start: float, stop: float) -> None:
    rising = start < stop
    outer, inner = arc((200, 150), 120, start, stop, 8), arc((200, 150), 80, start, stop, 8)
    top, bottom = (outer, inner) if rising else (inner, outer)
    image = painted(top, bottom)
    polygon = np.concatenate([top, bottom[::-1]])
    crop = crop_instance(image, polygon)
    assert 36 <= crop.shape[0] <= 42
    assert 200 <= crop.shape[1] <= 260
    assert_straight(crop)


@pytest.mark.parametrize("turn", [0, 5, 11, 23])
def test_the_ends_of_an_outline_that_starts_anywhere_are_found(turn: int) -> None:
    top, bottom = arc((200, 150), 120, 200, 340, 8), arc((200, 150), 80, 200, 340, 8)
    outline = np.roll(densify(np.concatenate([top, bottom[::-1]]), 37), turn, axis=0)
    assert_straight(crop_instance(painted(top, bottom), outline), tolerance=25)


def test_a_grown_and_simplified_outline_is_straightened_too() -> None:
    top, bottom = arc((200, 150), 120, 200, 340, 8), arc((200, 150), 80, 200, 340, 8)
    outline = simplify(offset_polygon(np.concatenate([top, bottom[::-1]]), 3)[0], 1)
    crop = crop_instance(painted(top, bottom), outline)
    assert 40 <= crop.shape[0] <= 50
    middle = crop[len(crop) // 2].astype(int)
    assert (np.diff(middle[10:-10, 0]) >= -6).all()
    assert middle[-20, 0] - middle[20, 0] > 180


@pytest.mark.parametrize("degrees", [0, 35, -120])
def test_an_outline_with_round_ends_keeps_its_whole_length(degrees: float) -> None:
    turns = np.deg2rad(np.linspace(-90, 90, 13))
    cap = 12 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    capsule = np.concatenate([cap + [60, 0], cap * [-1, -1] + [-60, 0]])
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for start in (0, 7, 18):
        top, bottom = sides((np.roll(capsule, start, axis=0) @ turn + 100).astype(np.float32))
        middle = (top + bottom) / 2
        assert np.linalg.norm(middle[-1] - middle[0]) == pytest.approx(144, abs=3)
        assert np.linalg.norm(top - bottom, axis=1) == pytest.approx(24, abs=5)


def test_sides_of_an_annotated_polygon_are_its_two_halves() -> None:
    polygon = np.array([[0, 0], [50, -5], [100, 0], [100, 20], [50, 15], [0, 20]], np.float32)
    top, bottom = sides(polygon)
    assert np.array_equal(top, polygon[:3])
    assert np.array_equal(bottom, polygon[:2:-1])


def test_the_sides_of_an_outline_do_not_depend_on_where_it_starts_but_at_its_other_end() -> None:
    top, bottom = arc((200, 150), 120, 200, 340, 8), arc((200, 150), 80, 200, 340, 8)
    outline = densify(np.concatenate([top, bottom[::-1]]), 37)
    expected = sides(outline)
    far = int(np.linalg.norm(outline - expected[1][-1], axis=1).argmin())
    for start in range(37):
        found = sides(np.roll(outline, -start, axis=0))
        wanted = (expected[1][::-1], expected[0][::-1]) if start == far else expected
        assert np.array_equal(found[0], wanted[0])
        assert np.array_equal(found[1], wanted[1])


def test_a_large_word_is_reduced_and_smoothed() -> None:
    image = np.zeros((600, 3000, 3), np.uint8)
    image[:, ::2] = 255
    crop = crop_instance(image, box_polygon(0, 0, 3000, 600))
    assert crop.shape == (64, 320, 3)
    assert crop.min() > 90  # stripes of one pixel average to grey instead of flickering
    assert crop.max() < 165
    assert crop_instance(image, box_polygon(0, 0, 3000, 20), max_width=500).shape == (3, 500, 3)


def test_the_border_is_repeated_where_a_polygon_leaves_the_image() -> None:
    image = np.full((40, 60, 3), 200, np.uint8)
    assert crop_instance(image, box_polygon(-10, -8, 70, 30)).min() == 200


@settings(deadline=None, max_examples=200)
@given(
    polygon=st.integers(4, 12).flatmap(
        lambda n: arrays(
            np.float32, (n, 2), elements=st.floats(-1e7, 1e7, width=32) | st.floats(-5, 70, width=32)
        )
    )
)
def test_any_polygon_gives_some_crop(polygon: np.ndarray) -> None:
    crop = crop_instance(np.full((40, 60, 3), 7, np.uint8), polygon)
    assert crop.dtype == np.uint8
    assert crop.shape[2] == 3
    assert 1 <= crop.shape[0] <= 64
    assert 1 <= crop.shape[1] <= 2048


@pytest.mark.parametrize("count", [4, 5, 6, 9])
def test_points_that_coincide_or_are_not_finite_give_some_crop(count: int) -> None:
    image = np.zeros((1, 1, 3), np.uint8)
    for value in (0.0, 0.5, np.nan, np.inf, 1e30):
        assert crop_instance(image, np.full((count, 2), value, np.float32)).ndim == 3
    line = np.stack([np.linspace(0, 30, count), np.full(count, 5)], axis=1)
    assert crop_instance(np.zeros((10, 40, 3), np.uint8), line).shape[1] >= 1
