"""Augmentation: shapes, determinism, and polygons that follow the pixels."""

import numpy as np
import pytest

from scenetext.geometry import box_polygon, mask_of
from scenetext.learn.augment import SceneAugment, WordAugment
from scenetext.learn.bag import BagAugment
from scenetext.learn.whole import WholeAugment
from scenetext.types import Sample, TextInstance

PLAIN = {"brightness": 0.0, "noise": 0.0, "blur": 0.0}


def scene() -> Sample:
    """A light scene with two dark words."""
    image = np.full((240, 320, 3), 220, np.uint8)
    boxes = [(60, 50, 140, 80), (180, 140, 260, 165)]
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = 20
    return Sample("toy", image, tuple(TextInstance(box_polygon(*box), "word") for box in boxes))


@pytest.mark.parametrize("seed", range(8))
def test_words_keep_shape_and_type_and_depend_on_the_seed_alone(seed):
    image = np.random.default_rng(0).integers(0, 256, (30, 90, 3), dtype=np.uint8)
    first = WordAugment()(image, np.random.default_rng(seed))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, WordAugment()(image, np.random.default_rng(seed)))


def test_without_chance_a_word_stays_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (30, 90, 3), dtype=np.uint8)
    assert np.array_equal(WordAugment(chance=0, invert=0)(image, np.random.default_rng(1)), image)


@pytest.mark.parametrize("seed", range(12))
def test_the_polygons_of_a_window_cover_the_ink(seed):
    augment = SceneAugment(size=160, rotation=30, scale=(0.7, 1.5), off_text=0.0, **PLAIN)
    sample = scene()
    window, instances = augment(sample, sample.image, np.random.default_rng(seed))
    assert window.shape == (160, 160, 3)
    assert instances
    ink = (window.max(axis=2) < 90) & (window.max(axis=2) > 8)  # between the wall and the black outside
    covered = mask_of([i.polygon for i in instances], 160, 160)
    assert (ink & ~covered).sum() <= 0.1 * ink.sum() + 10
    assert window[covered].mean() < 70
    for instance in instances:
        assert instance.polygon.min() >= 0
        assert instance.polygon.max() <= 160


def test_a_word_that_is_mostly_cut_off_is_not_asked_for():
    augment = SceneAugment(size=64, rotation=0, aspect=0, scale=(1.0, 1.0), off_text=1.0, keep=0.99, **PLAIN)
    sample = scene()
    seen = [
        instance
        for seed in range(60)
        for instance in augment(sample, sample.image, np.random.default_rng(seed))[1]
    ]
    assert any(not instance.legible for instance in seen)
    for instance in seen:  # neither word fits into the window, so whatever is seen of one is cut
        assert not instance.legible


def test_the_text_height_is_what_was_asked_for():
    augment = SceneAugment(
        size=160, rotation=0, aspect=0, text_height=(40.0, 40.0), scale=(0.1, 10.0), off_text=0, **PLAIN
    )
    sample = Sample("one", scene().image, scene().instances[:1])
    for seed in range(5):
        _, instances = augment(sample, sample.image, np.random.default_rng(seed))
        heights = [np.ptp(i.polygon[:, 1]) for i in instances if i.legible]
        assert all(height == pytest.approx(40, abs=1) for height in heights)


@pytest.mark.parametrize("scale", [0.4, 0.8, 1.0, 3.0])
def test_a_word_lies_where_its_polygon_says_to_a_fraction_of_a_pixel(scale):
    augment = SceneAugment(size=384, rotation=0, aspect=0, scale=(scale, scale), off_text=0, **PLAIN)
    sample = Sample("one", scene().image, scene().instances[:1])
    checked = 0
    for seed in range(8):
        window, instances = augment(sample, sample.image, np.random.default_rng(seed))
        if len(instances) != 1 or not instances[0].legible or not inside(instances[0].polygon, 384):
            continue
        left, top = np.floor(instances[0].polygon.min(axis=0)).astype(int) - 2
        right, bottom = np.ceil(instances[0].polygon.max(axis=0)).astype(int) + 2
        ink = 220.0 - window[top:bottom, left:right].mean(axis=2)
        y, x = np.mgrid[top:bottom, left:right] + 0.5
        centre = np.array([(x * ink).sum(), (y * ink).sum()]) / ink.sum()
        assert centre == pytest.approx(instances[0].polygon.mean(axis=0), abs=0.1)
        checked += 1
    assert checked


def inside(polygon: np.ndarray, size: int) -> bool:
    return bool(polygon.min() > 4 and polygon.max() < size - 4)


def test_a_reduced_window_is_smoothed_as_reading_does():
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    sample = Sample("noise", noise)
    window, _ = SceneAugment(size=96, rotation=0, aspect=0, scale=(0.3, 0.3), **PLAIN)(
        sample, noise, np.random.default_rng(1)
    )
    assert window[window.max(axis=2) > 0].std() < 0.5 * noise.std()


def test_a_scene_without_text_still_gives_a_window():
    sample = Sample("empty", np.full((50, 70, 3), 128, np.uint8))
    window, instances = SceneAugment(size=96)(sample, sample.image, np.random.default_rng(0))
    assert window.shape == (96, 96, 3)
    assert instances == []


@pytest.mark.parametrize(
    "augment",
    [
        SceneAugment(size=128, steep=1.0, paste=8),
        WholeAugment(shorter=128, longer=256),
        BagAugment(size=128, scale=(0.5, 1.0)),
    ],
    ids=["windows", "whole", "bag"],
)
def test_characters_stay_with_their_word(augment):
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    words = []
    for x, y in ((20, 20), (200, 40), (60, 150), (220, 190)):
        halves = np.stack([box_polygon(x + 30 * i, y, x + 30 * (i + 1), y + 20) for i in range(2)])
        words.append(TextInstance(box_polygon(x, y, x + 60, y + 20), "ab", characters=halves))
    sample = Sample("toy", image, tuple(words))
    compared = 0
    for seed in range(20):
        window, found = augment(sample, image, np.random.default_rng(seed), (sample, image))
        height, width = window.shape[:2]
        for instance in found:
            if instance.characters is None:
                continue
            (start, _, _, below), (_, end, beyond, _) = instance.characters
            joined = np.stack([start, end, beyond, below])
            if (joined >= 0).all() and (joined <= [width, height]).all():  # else a part was cut off
                compared += 1
                assert np.allclose(joined, instance.polygon, atol=0.01)
    assert compared > 20
