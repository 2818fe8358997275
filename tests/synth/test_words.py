from __future__ import annotations

import dataclasses
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.errors import DataError, SettingsError
from scenetext.geometry import mask_of, offset_polygon, signed_area
from scenetext.synth import words
from scenetext.synth.corpus import Corpus
from scenetext.synth.words import WordSynth


@pytest.fixture(scope="module")
def synth(font_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> WordSynth:
    photos = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(3):
        coarse = rng.integers(0, 255, size=(6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(photos / f"{i}.jpg")
    return WordSynth(str(font_folder), str(photos))


def test_same_seed_same_pixels_whatever_came_before(synth):
    fresh = dataclasses.replace(synth)
    backwards = {seed: synth.sample(seed) for seed in reversed(range(12))}
    for seed in range(12):
        sample = fresh.sample(seed)
        np.testing.assert_array_equal(sample.source, backwards[seed].source)
        np.testing.assert_array_equal(sample.instances[0].polygon, backwards[seed].instances[0].polygon)
        assert sample.instances[0].text == backwards[seed].instances[0].text
        assert sample.name == backwards[seed].name == f"word_{seed}"


def test_another_process_draws_the_same(synth):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = list(pool.map(synth.sample, range(3)))
    for seed, sample in enumerate(there):
        np.testing.assert_array_equal(sample.source, synth.sample(seed).source)


def test_different_seeds_differ(synth):
    samples = [synth.sample(seed) for seed in range(40)]
    assert len({sample.source.tobytes() for sample in samples}) == 40
    assert len({sample.instances[0].text for sample in samples}) > 30
    assert len({sample.source.shape for sample in samples}) > 30


def test_a_sample_is_a_crop_with_one_word_and_its_characters(synth):
    for seed in range(150):
        sample = synth.sample(seed)
        (instance,) = sample.instances
        characters = instance.characters
        height, width, channels = sample.source.shape
        assert sample.source.dtype == np.uint8
        assert channels == 3
        assert instance.text
        assert len(instance.text) <= synth.max_length
        assert characters.shape == (len(instance.text), 4, 2)
        for points in (instance.polygon, characters.reshape(-1, 2)):
            assert points.min() >= 0
            assert (points <= (width, height)).all()
        assert 4 <= len(instance.polygon) <= 14
        assert signed_area(instance.polygon) > 0.1 * width * height


def test_the_polygon_holds_the_ink_and_the_ink_fills_it(synth, monkeypatch):
    monkeypatch.setattr(words, "paint", lambda ground, alpha, *rest: np.repeat(alpha[..., None], 3, axis=2))
    monkeypatch.setattr(words, "degrade", lambda image, *rest, **settings: image)
    alone = dataclasses.replace(synth, neighbours=0.0, min_height=20, curved=0.4)
    curved = 0
    for seed in range(60):
        sample = alone.sample(seed)
        ink = sample.source[..., 0].astype(float)
        polygon = sample.instances[0].polygon
        curved += len(polygon) > 4
        inside = mask_of(offset_polygon(polygon, 1.0), *ink.shape)
        assert ink[inside].sum() > 0.97 * ink.sum()
        if len(polygon) == 4:  # tight: shrunk by a sixth of its height, the outline loses ink
            tall = np.linalg.norm(polygon[0] - polygon[3])
            core = mask_of(offset_polygon(polygon, -tall / 6), *ink.shape)
            assert ink[core].sum() < 0.97 * ink.sum()
    assert curved > 5


def test_letters_have_the_height_that_was_asked_for(synth):
    narrow = dataclasses.replace(synth, min_height=30, max_height=31)
    for seed in range(30):
        characters = narrow.sample(seed).instances[0].characters
        heights = np.linalg.norm(characters[:, 0] - characters[:, 3], axis=1)
        assert 22 < np.median(heights) < 36


def test_neighbours_put_ink_outside_the_word(synth, monkeypatch):
    monkeypatch.setattr(words, "paint", lambda ground, alpha, *rest: np.repeat(alpha[..., None], 3, axis=2))
    monkeypatch.setattr(words, "degrade", lambda image, *rest, **settings: image)
    crowded = dataclasses.replace(synth, neighbours=1.0, curved=0.0)
    strays = 0
    for seed in range(60):
        sample = crowded.sample(seed)
        outside = ~mask_of(offset_polygon(sample.instances[0].polygon, 1.5), *sample.source.shape[:2])
        strays += bool((sample.source[..., 0][outside] > 128).any())
    assert strays > 10


def test_every_printable_character_can_be_drawn(synth):
    from scenetext.charset import CHARSETS

    for character in CHARSETS["printable94"]:
        sample = dataclasses.replace(synth, corpus=_Fixed((character,))).sample(1)
        assert sample.instances[0].text == character
        assert min(sample.source.shape[:2]) >= 4


class _Fixed(Corpus):
    """A corpus that always writes its first word."""

    def draw(self, rng: np.random.Generator) -> str:
        return self.words[0]


def test_texts_outside_the_charset_are_drawn_anew(synth):
    small = dataclasses.replace(synth, charset="alphanumeric36")
    texts = [small.sample(seed).instances[0].text for seed in range(60)]
    assert all(text.isalnum() for text in texts)
    assert any(text.isupper() for text in texts)
    impossible = dataclasses.replace(small, corpus=_Fixed(("!!!",)))
    assert impossible.sample(0).instances[0].text.isalnum()


def test_without_photographs_grounds_are_painted(synth):
    bare = dataclasses.replace(synth, backgrounds=None)
    crops = [bare.sample(seed).source for seed in range(10)]
    assert all(crop.std() > 1 for crop in crops)


def test_a_synthesiser_pickles_as_its_settings(synth):
    synth.sample(0)
    copy = pickle.loads(pickle.dumps(synth))
    assert set(vars(copy)) == set(WordSynth.__dataclass_fields__)
    np.testing.assert_array_equal(copy.sample(7).source, synth.sample(7).source)


@pytest.mark.parametrize("change", [{"fonts": "nowhere"}, {"backgrounds": "nowhere"}, {"charset": "klingon"},
                                    {"min_height": 50, "max_height": 40}, {"max_length": 0}])  # fmt: skip
def test_wrong_settings_are_found_before_the_first_word(synth, change):
    with pytest.raises(SettingsError) as error:
        dataclasses.replace(synth, **change)
    assert "\n" not in str(error.value)


def test_a_broken_photograph_is_named(font_folder, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        WordSynth(str(font_folder), str(tmp_path)).sample(0)
