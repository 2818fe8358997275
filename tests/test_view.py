from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.view import CropResize, SceneResize


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 5000), width=st.integers(1, 5000))
def test_a_view_has_sides_of_whole_multiples_and_bounded_area(height: int, width: int) -> None:
    resize = SceneResize()
    h, w = resize.size_for(height, width)
    assert h % 32 == 0
    assert w % 32 == 0
    # rounding can add at most half a multiple to each side
    assert (h - 32) * (w - 32) <= max(resize.max_pixels, 4 * height * width)
    assert (h - 16) <= 2 * height or h == 32


def test_a_common_photo_keeps_its_scale() -> None:
    resize = SceneResize()
    assert resize.size_for(720, 1280) == (736, 1280)
    assert resize.size_for(100, 150) == (192, 288)
    assert resize.size_for(3000, 4000) == (832, 1120)
    assert resize.size_for(1, 1) == (32, 32)


def test_points_of_the_view_go_back_to_the_image() -> None:
    view = SceneResize()(np.zeros((333, 517, 3), np.uint8))
    h, w = view.size
    points = np.array([[0, 0], [w, h], [w / 4, h / 2]], np.float32)
    assert np.allclose(view.to_image(points), [[0, 0], [517, 333], [517 / 4, 333 / 2]], atol=1e-3)


def test_view_data_is_the_normalised_image() -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    image[..., 1] = 255
    resize = SceneResize(min_side=32)
    view = resize(image)
    assert view.data.dtype == np.float32
    assert view.data.shape == (1, 3, 64, 96)
    expected = [(0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert np.allclose(view.data[0].mean(axis=(1, 2)), expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(1000, 20000), (20000, 1000), (400, 4000), (100, 100_000)])
def test_windows_cover_a_long_image_and_overlap_by_half_its_short_side(height: int, width: int) -> None:
    windows = SceneResize().windows(height, width)
    assert len(windows) > 1
    axis = 0 if width > height else 1
    assert windows[0][axis] == 0
    assert windows[-1][axis + 2] == max(height, width)
    for before, after in itertools.pairwise(windows):
        assert before[axis + 2] - after[axis] >= min(height, width) // 2
    for left, top, right, bottom in windows:
        h, w = SceneResize().size_for(bottom - top, right - left)
        assert min(h, w) / min(height, width) > 0.6  # not squeezed


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (720, 1280), (3000, 4000), (300, 900)])
def test_an_ordinary_image_is_one_window(height: int, width: int) -> None:
    assert SceneResize().windows(height, width) == [(0, 0, width, height)]


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(32, 100, 96), (64, 200, 96), (10, 1, 32), (1, 4000, 512), (32, 104, 112)],
)
def test_a_crop_is_stretched_to_a_multiple_of_its_own_width(height: int, width: int, expected: int) -> None:
    resize = CropResize()
    assert resize.width_for(height, width) == expected
    view = resize(np.zeros((height, width, 3), np.uint8))
    assert view.data.shape == (1, 1, 32, expected)
    assert view.data.min() == view.data.max() == -1


@pytest.mark.parametrize(
    ("height", "width", "filled", "view"),
    [(32, 100, 100, 112), (64, 200, 100, 112), (32, 96, 96, 96), (10, 1, 4, 32), (7, 30, 138, 144)],
)
def test_a_padded_crop_keeps_its_aspect_and_repeats_its_last_column(
    height: int, width: int, filled: int, view: int
) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    padded = CropResize(pad=True)(crop)
    assert padded.data.shape == (1, 1, 32, view)
    assert padded.scale == (filled / width, 32 / height)
    alone = CropResize(min_width=1, multiple=1)(crop, filled).data
    assert np.array_equal(padded.data[..., :filled], alone)
    assert (padded.data[..., filled:] == alone[..., -1:]).all()


def test_padding_to_one_width_squeezes_only_what_is_longer() -> None:
    resize = CropResize(min_width=100, max_width=100, multiple=100, pad=True)
    short, long = np.zeros((32, 50, 3), np.uint8), np.zeros((32, 300, 3), np.uint8)
    assert resize(short).scale[0] == 1
    assert resize(long).scale[0] == 1 / 3
    assert resize(short).data.shape == resize(long).data.shape == (1, 1, 32, 100)


@settings(deadline=None, max_examples=150)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 20_000),
    least=st.sampled_from([16, 32, 100, 300]),
    most=st.sampled_from([100, 128, 320, 512]),
    multiple=st.sampled_from([4, 16, 64]),
    pad=st.booleans(),
)
def test_windows_cover_a_long_crop_at_its_own_scale(
    height: int, width: int, least: int, most: int, multiple: int, pad: bool
) -> None:
    resize = CropResize(min_width=min(least, most), max_width=most, multiple=multiple, pad=pad)
    windows = resize.windows(height, width)
    assert windows[0][0] == 0
    assert {right - left for left, right in windows} == {windows[0][1]}
    assert resize.min_width <= windows[0][1] <= most
    if len(windows) == 1:
        return
    overlap = min(64, most // multiple // 2 * multiple)
    assert all(before[1] - after[0] >= overlap for before, after in itertools.pairwise(windows))
    assert all(before[0] < after[0] for before, after in itertools.pairwise(windows))
    assert all(left % multiple == 0 for left, _ in windows)
    natural = 32 * min(width / height, 256)
    assert windows[-1][1] >= natural - (0 if pad else multiple / 2)
    assert windows[-1][1] < natural + multiple * (1 if pad else 0.5) + len(windows) * multiple


@pytest.mark.parametrize(
    ("height", "width", "count", "crushed"),
    [
        (32, 320, 1, False),
        (32, 400, 1, False),  # a quarter too long
        (32, 420, 2, False),
        (20, 1200, 8, False),
        (1, 256, 32, False),
        (1, 10_000, 32, True),  # no line of text is so long
        (10_000, 1, 1, False),
        (1, 1, 1, False),
    ],
)
def test_a_crop_is_cut_where_it_is_over_a_quarter_too_long(
    height: int, width: int, count: int, crushed: bool
) -> None:
    resize = CropResize(max_width=320)
    assert len(resize.windows(height, width)) == count
    assert resize.crushes(height, width) == crushed


def test_where_all_views_have_one_width_every_crop_is_one_view() -> None:
    resize = CropResize(min_width=100, max_width=100, multiple=100)
    for width in (10, 100, 500, 5000):
        assert resize.windows(32, width) == [(0, 100)]
    assert not resize.crushes(32, 399)
    assert resize.crushes(32, 401)


def test_narrower_windows_can_be_asked_for() -> None:
    resize = CropResize(max_width=320)
    assert resize.windows(32, 320, longest=200) == [(0, 192), (128, 320)]
    assert resize.windows(32, 320, longest=20) == [(0, 320)]  # not worth a window


def test_views_grow_from_width_to_width_up_to_the_widest() -> None:
    resize = CropResize(min_width=100, max_width=140, multiple=16)
    assert [resize.wider(width) for width in (100, 112, 128, 140)] == [112, 128, 140, 140]


def test_colour_crops_keep_three_channels() -> None:
    resize = CropResize(channels=3, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    crop = np.zeros((32, 64, 3), np.uint8)
    crop[..., 0] = 255
    assert resize(crop).data[0].mean(axis=(1, 2)).tolist() == [1, -1, -1]
    with pytest.raises(ValueError, match="3 values"):
        CropResize(channels=3)
