from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenery import write_photos
from scenetext.errors import DataError, SettingsError
from scenetext.geometry import box_polygon
from scenetext.synth.backdrop import (
    QuietMap,
    backdrop,
    crop_photo,
    load_photo,
    photo_paths,
    plain_ground,
    recolour,
)


def test_a_backdrop_has_the_size_asked_for_and_depends_on_the_generator_alone(tmp_path: Path) -> None:
    folder = str(write_photos(tmp_path / "photos"))
    for seed in range(12):
        first = backdrop(folder, np.random.default_rng(seed), 90, 130)
        assert first.shape == (90, 130, 3)
        assert first.dtype == np.uint8
        assert np.array_equal(first, backdrop(folder, np.random.default_rng(seed), 90, 130))


def test_a_plain_ground_has_one_colour_and_another_one_each_time() -> None:
    grounds = [plain_ground(np.random.default_rng(seed), 20, 30) for seed in range(8)]
    assert all(ground.shape == (20, 30, 3) and (ground == ground[0, 0]).all() for ground in grounds)
    assert len({tuple(ground[0, 0]) for ground in grounds}) == 8
    assert np.array_equal(grounds[3], plain_ground(np.random.default_rng(3), 20, 30))


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="holds no background"):
        photo_paths(str(tmp_path / "empty"))
    with pytest.raises(SettingsError, match="no such folder"):
        photo_paths(str(tmp_path / "absent"))


def test_a_broken_photograph_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        load_photo(str(tmp_path), np.random.default_rng(0))


@pytest.mark.parametrize("shape", [(20, 300, 3), (300, 20, 3), (64, 64, 3)])
def test_any_shape_of_photo_fills_the_crop(shape: tuple[int, int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert crop_photo(photo, np.random.default_rng(1), 80, 120, zoom=0.5).shape == (80, 120, 3)


def test_recolouring_without_strength_changes_next_to_nothing() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    same = recolour(photo, np.random.default_rng(1), strength=0.0)
    assert np.abs(same.astype(int) - photo).max() <= 1


def busy_left() -> QuietMap:
    picture = np.full((200, 400, 3), 128, np.uint8)
    picture[:, :200] = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    return QuietMap.of(picture)


def test_a_picky_search_finds_the_quiet_half() -> None:
    for seed in range(10):
        corner = busy_left().place((80, 30), np.random.default_rng(seed), picky=1.0)
        assert corner is not None
        assert corner[0] >= 180


def test_places_that_are_taken_are_left_alone() -> None:
    quiet = busy_left()
    quiet.take(box_polygon(0, 0, 400, 120), margin=4)
    for seed in range(10):
        corner = quiet.place((80, 30), np.random.default_rng(seed), picky=0.5)
        assert corner is None or corner[1] >= 120
    quiet.take(box_polygon(0, 100, 400, 200), margin=4)
    assert quiet.place((80, 30), np.random.default_rng(0), picky=0.5) is None


def test_what_is_larger_than_the_picture_has_no_place() -> None:
    assert busy_left().place((500, 30), np.random.default_rng(0), picky=0.5) is None


def test_a_box_may_reach_over_the_border_only_when_allowed() -> None:
    quiet = busy_left()
    for seed in range(20):
        inside = quiet.place((80, 40), np.random.default_rng(seed), picky=0.0)
        assert inside is not None
        assert 0 <= inside[0] <= 320
        over = quiet.place((80, 40), np.random.default_rng(seed), picky=0.0, outside=0.5)
        assert over is not None
        assert -40 <= over[0] <= 360
