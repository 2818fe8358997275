from __future__ import annotations

import dataclasses
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from scenery import write_photos
from scenetext.charset import Charset
from scenetext.codecs.ctc import CTC
from scenetext.errors import SettingsError
from scenetext.geometry import signed_area
from scenetext.recipe import load_recipe
from scenetext.settings import build
from scenetext.synth import score_sheets
from scenetext.synth.score_sheets import ScoreSynth
from scenetext.view import CropResize

CLEAN = ScoreSynth(augmented=0.0)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> ScoreSynth:
    """Every fragment photographed."""
    return ScoreSynth(str(write_photos(tmp_path_factory.mktemp("photos") / "photos")), augmented=1.0)


def spaces(image: np.ndarray) -> np.ndarray:
    """Rows between neighbouring staff lines of a clean fragment."""
    dark = (image[..., 0] < 128).mean(axis=1) > 0.8
    edges = np.flatnonzero(np.diff(np.concatenate([[False], dark, [False]]).astype(int)))
    middles = edges.reshape(-1, 2).mean(axis=1)
    assert len(middles) == 5
    return np.diff(middles)


def test_same_seed_same_pixels_whatever_came_before(seen):
    fresh = dataclasses.replace(seen)
    backwards = {seed: seen.sample(seed) for seed in reversed(range(8))}
    for seed in range(8):
        sample = fresh.sample(seed)
        np.testing.assert_array_equal(sample.source, backwards[seed].source)
        np.testing.assert_array_equal(sample.instances[0].polygon, backwards[seed].instances[0].polygon)
        assert sample.instances[0].text == backwards[seed].instances[0].text
        assert sample.name == f"score_{seed}"


def test_another_process_draws_the_same(seen):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = list(pool.map(seen.sample, range(3)))
    for seed, sample in enumerate(there):
        np.testing.assert_array_equal(sample.source, seen.sample(seed).source)


def test_different_seeds_differ():
    samples = [CLEAN.sample(seed) for seed in range(40)]
    assert len({sample.source.tobytes() for sample in samples}) == 40
    assert len({sample.instances[0].text for sample in samples}) == 40


def test_a_sample_is_a_picture_with_the_pitches_of_its_notes():
    pitches = Charset.named("pitches")
    lengths = set()
    for seed in range(120):
        (instance,) = CLEAN.sample(seed).instances
        assert not pitches.unknown(instance.text)
        lengths.add(len(instance.text.split()))
    assert (min(lengths), max(lengths)) == (3, 20)
    few = ScoreSynth(augmented=0.0, min_notes=1, max_notes=2)
    assert {len(few.sample(seed).instances[0].text.split()) for seed in range(20)} == {1, 2}


def test_the_fragment_is_the_same_clean_and_photographed(seen):
    for seed in range(10):
        clean, photo = CLEAN.sample(seed), seen.sample(seed)
        assert clean.instances[0].text == photo.instances[0].text
        assert clean.source.shape != photo.source.shape or (clean.source != photo.source).any()


def test_clean_fragments_are_black_on_white_with_level_lines_of_the_size_asked_for():
    narrow = ScoreSynth(augmented=0.0, min_space=10.0, max_space=10.5, max_notes=6)
    for seed in range(15):
        image = narrow.sample(seed).source
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert (image[..., 0] == image[..., 2]).all()
        assert image.max() == 255
        assert image.min() < 30
        assert spaces(image).mean() == pytest.approx(10.25, abs=0.5)


def test_the_share_of_photographed_fragments_is_as_asked():
    some = ScoreSynth(augmented=0.3)
    clean = sum(np.array_equal(some.sample(seed).source, CLEAN.sample(seed).source) for seed in range(60))
    assert 30 <= clean <= 52


def test_photographed_fragments_are_turned_but_keep_all_of_the_page(seen, monkeypatch):
    monkeypatch.setattr(score_sheets, "degrade", lambda image, *rest, **settings: image)
    steep = dataclasses.replace(seen, rotation=20.0)
    turned = 0
    for seed in range(40):
        sample = steep.sample(seed)
        height, width = sample.source.shape[:2]
        polygon = sample.instances[0].polygon
        assert polygon.shape == (4, 2)
        assert (polygon >= 0).all()
        assert (polygon <= (width, height)).all()
        # no end rises by more than half of the page's height, as far as the other changes let one see
        assert abs(polygon[1, 1] - polygon[0, 1]) < 0.62 * height
        turned += abs(polygon[1, 1] - polygon[0, 1]) > 0.15 * height
        assert signed_area(polygon) > 0.3 * width * height
    assert turned > 8


def test_ink_stands_out_from_every_ground(seen, monkeypatch):
    monkeypatch.setattr(score_sheets, "degrade", lambda image, *rest, **settings: image)
    drawn = {}
    ink_of = score_sheets._View.drawn

    def kept(self, shapes):
        drawn["ink"] = ink_of(self, shapes)
        return drawn["ink"]

    monkeypatch.setattr(score_sheets._View, "drawn", kept)
    dark = 0
    for seed in range(60):
        grey = seen.sample(seed).source.mean(axis=2)
        ink, ground = grey[drawn["ink"] > 250], grey[drawn["ink"] == 0]
        gap = np.median(ground) - np.median(ink)
        assert abs(gap) > 40
        dark += gap < 0
    assert 1 <= dark <= 20


def test_what_cannot_be_is_refused(tmp_path):
    for settings, reason in (
        ({"min_notes": 0}, "1 <= min"),
        ({"min_notes": 9, "max_notes": 8}, "min <= max"),
        ({"min_space": 1.0}, "2 <= min"),
        ({"augmented": 1.5}, "share"),
        ({"perspective": 1.0}, "perspective is 0 to 0.5, not 1"),
        ({"strength": -1.0}, "strength is 0 to 1, not -1"),
        ({"bend": float("nan")}, "bend is 0 to 8, not nan"),
        ({"backgrounds": str(tmp_path / "none")}, "no such folder"),
    ):
        with pytest.raises(SettingsError, match=reason):
            ScoreSynth(**settings)
    ScoreSynth(str(tmp_path / "none"), augmented=0.0)  # clean ones need no photographs


def test_it_travels_as_its_settings(seen):
    again = pickle.loads(pickle.dumps(seen))
    assert again == seen
    np.testing.assert_array_equal(again.sample(5).source, seen.sample(5).source)


@pytest.mark.parametrize("name", ["music", "music-light"])
def test_the_views_of_the_recipes_have_frames_for_every_note(seen, name):
    recipe = load_recipe(name)
    codec, resize = CTC(recipe.codec["charset"]), build(CropResize, recipe.resize)
    for seed in range(60):
        sample = seen.sample(seed)
        width = resize.width_for(*sample.source.shape[:2])
        assert width < resize.max_width  # nothing is squeezed, nothing read in parts
        assert codec.fits(sample.instances[0].text, width // 4 - 1)


def test_the_folder_of_photographs_is_used(tmp_path: Path):
    folder = write_photos(tmp_path / "photos")
    with_photos, without = ScoreSynth(str(folder), augmented=1.0), ScoreSynth(augmented=1.0)
    assert any((with_photos.sample(seed).source != without.sample(seed).source).any() for seed in range(5))
