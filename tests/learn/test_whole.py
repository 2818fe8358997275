"""Whole scenes as training images: sizes, crops that keep all text, polygons that follow the pixels."""

import numpy as np
import pytest

from scenetext.geometry import box_polygon
from scenetext.learn.whole import WholeAugment
from scenetext.types import Sample, TextInstance

WORDS = [(300, 200, 420, 250), (500, 330, 560, 350)]


def scene(height=480, width=800, words=WORDS) -> Sample:
    """A light scene with dark words, the second one illegible."""
    image = np.full((height, width, 3), 220, np.uint8)
    for left, top, right, bottom in words:
        image[top:bottom, left:right] = 20
    instances = [TextInstance(box_polygon(*box), "word", legible=not i) for i, box in enumerate(words)]
    return Sample("toy", image, tuple(instances))


def made(sample: Sample, seed: int = 0, **settings):
    settings = {"shorter": 192, "longer": 384, "multiple": 8} | settings
    return WholeAugment(**settings)(sample, sample.image, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((400, 600), (600, 904)),
        ((600, 400), (904, 600)),
        ((300, 900), (400, 1200)),
        ((1200, 1200), (600, 600)),
        ((10, 2000), (8, 1200)),
    ],
)
def test_the_shorter_side_is_what_was_asked_for_unless_the_longer_one_forbids_it(size, expected):
    window, _ = made(scene(*size, words=[]), shorter=600, longer=1200, squeeze=(1.0,))
    assert window.shape == (*expected, 3)
    assert window.dtype == np.uint8


@pytest.mark.parametrize("multiple", [8, 32])
def test_sides_are_multiples_and_differ_from_draw_to_draw(multiple):
    sizes = {made(scene(), seed, multiple=multiple)[0].shape[:2] for seed in range(12)}
    assert len(sizes) > 3
    assert all(side % multiple == 0 for size in sizes for side in size)


def test_the_width_is_squeezed_by_one_of_the_factors_and_the_height_is_not():
    factors = set()
    for seed in range(12):
        window, instances = made(scene(), seed, shorter=480, longer=800, margin=1000.0)
        assert window.shape[0] == 480
        factors.add(window.shape[1] / 800)
        width, height = np.ptp(instances[0].polygon, axis=0)
        assert height == pytest.approx(50)
        assert width == pytest.approx(120 * window.shape[1] / 800)
    assert factors == {1.0, 0.8}


@pytest.mark.parametrize("margin", [0.0, 30.0, 100.0])
def test_crops_keep_all_text_and_its_margin_and_come_close_to_it(margin):
    gaps = []
    for seed in range(60):
        window, instances = made(scene(), seed, squeeze=(0.8,), margin=margin, multiple=2)
        assert [instance.legible for instance in instances] == [True, False]
        points = np.concatenate([instance.polygon for instance in instances])
        # of the squeezed scene: the text is 208 x 150
        scale = np.array([208.0, 150.0]) / np.ptp(points, axis=0)
        after = (np.array(window.shape[1::-1]) - points.max(axis=0)) * scale
        gaps.append(np.concatenate([points.min(axis=0) * scale, after]))
    gaps = np.array(gaps)
    room = np.array([240.0, 200.0, 192.0, 130.0])  # left, top, right, below
    assert (gaps >= min(margin, 130.0) - 1.3).all()
    assert (gaps <= room + 1.3).all()
    assert (gaps.min(axis=0) <= margin + 0.15 * (room - margin) + 1.3).all()
    assert (gaps.max(axis=0) >= margin + 0.85 * (room - margin) - 1.3).all()


def test_where_the_photo_has_less_than_the_margin_it_ends_the_crop():
    sample = scene(words=[(5, 10, 100, 60)])
    for seed in range(5):
        _, (instance,) = made(sample, seed, squeeze=(1.0,))
        left, top = instance.polygon.min(axis=0)
        width, height = np.ptp(instance.polygon, axis=0)
        assert (left, top) == pytest.approx((5 * width / 95, 10 * height / 50), abs=1e-3)


@pytest.mark.parametrize("shorter", [96, 200, 700])
def test_a_word_lies_where_its_polygon_says_to_a_fraction_of_a_pixel(shorter):
    for seed in range(6):
        window, instances = made(scene(), seed, shorter=shorter, longer=2 * shorter)
        for instance in instances:
            left, top = np.floor(instance.polygon.min(axis=0)).astype(int) - 3
            right, bottom = np.ceil(instance.polygon.max(axis=0)).astype(int) + 3
            ink = (220.0 - window[top:bottom, left:right].mean(axis=2)) / 200
            y, x = np.mgrid[top:bottom, left:right] + 0.5
            centre = np.array([(x * ink).sum(), (y * ink).sum()]) / ink.sum()
            assert centre == pytest.approx(instance.polygon.mean(axis=0), abs=0.1)
            assert ink.sum() == pytest.approx(np.prod(np.ptp(instance.polygon, axis=0)), rel=0.03)


def test_slanted_polygons_keep_their_points_and_texts_and_what_lies_outside_is_left_out():
    slanted = np.array([[300, 220], [380, 200], [470, 210], [460, 260], [380, 245], [310, 262]], np.float32)
    off = box_polygon(-60, -50, -20, -30)
    sample = Sample("s", scene(words=[]).image, (TextInstance(slanted, "curve"), TextInstance(off, "off")))
    window, (instance,) = made(sample, 3)
    assert instance.text == "curve"
    scale = np.ptp(instance.polygon, axis=0) / np.ptp(slanted, axis=0)
    moved = (slanted - slanted[0]) * scale
    assert np.allclose(instance.polygon - instance.polygon[0], moved, atol=1e-3)
    assert (instance.polygon <= window.shape[1::-1]).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_same_seed_gives_the_same_image_and_plain_settings_change_no_pixel(seed):
    noisy = {"brightness": 0.4, "noise": 8.0, "blur": 1.0}
    first, second = made(scene(), seed, **noisy), made(scene(), seed, **noisy)
    assert np.array_equal(first[0], second[0])
    assert [i.to_dict() for i in first[1]] == [i.to_dict() for i in second[1]]
    image = np.random.default_rng(seed).integers(0, 256, (96, 160, 3), dtype=np.uint8)
    still, _ = made(Sample("n", image), seed, squeeze=(1.0,), shorter=96, longer=160)
    assert np.array_equal(still, image)


@pytest.mark.parametrize(
    "wrong",
    [{"squeeze": ()}, {"squeeze": (0.0,)}, {"shorter": 800, "longer": 700}, {"margin": -1.0}, {"crops": 0}],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WholeAugment(**wrong)
