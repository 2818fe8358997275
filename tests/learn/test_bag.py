"""Squares of scenes with the words that stand in them."""

import numpy as np
import pytest

from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.learn.bag import BagAugment
from scenetext.settings import build
from scenetext.types import Sample, TextInstance


def scene(height=300, width=500, **legible):
    """A light scene with three dark words, drawn where they are annotated."""
    image = np.full((height, width, 3), 230, np.uint8)
    boxes = {"left": (10, 20, 110, 50), "right": (380, 20, 480, 50), "low": (200, 260, 300, 280)}
    for left, top, right, bottom in boxes.values():
        image[top:bottom, left:right] = 10
    instances = (TextInstance(box_polygon(*box), name) for name, box in boxes.items())
    return Sample("toy", image, tuple(instances))


def made(sample, seed=0, **settings):
    return BagAugment(**{"size": 128} | settings)(sample, sample.image, np.random.default_rng(seed))


def test_nearly_the_whole_image_is_seen_unless_asked_otherwise():
    square, instances = made(scene(), aspect=(1.66, 1.67), scale=(0.95, 1.0))
    assert (square.shape, square.dtype) == ((128, 128, 3), np.uint8)
    assert [instance.text for instance in instances] == ["left", "right", "low"]


@pytest.mark.parametrize("seed", range(8))
def test_polygons_follow_the_pixels_and_cut_words_leave_the_bag(seed):
    square, instances = made(scene(), seed, scale=(0.1, 0.4), on_text=1.0, keep=0.9)
    assert instances
    for instance in instances:
        x0, y0, x1, y1 = (*instance.polygon.min(axis=0), *instance.polygon.max(axis=0))
        inner = square[int(y0 + 2) : int(y1 - 1), int(x0 + 2) : int(x1 - 1)]
        assert inner.size == 0 or inner.mean() < 60
        touches = x0 <= 0 or y0 <= 0 or x1 >= 128 or y1 >= 128
        assert instance.legible == (instance.text is not None)
        assert touches or instance.legible


def test_words_too_low_to_be_read_are_not_in_the_bag():
    whole = {"aspect": (1.66, 1.67), "scale": (1.0, 1.0)}
    _, instances = made(scene(), **whole, min_height=10.0)  # 30 and 20 pixels of 300 become 12.8 and 8.5
    assert [instance.text for instance in instances] == ["left", "right", None]


@pytest.mark.parametrize("seed", range(4))
def test_a_text_that_may_stand_anywhere_is_always_in_the_bag_and_the_crop_nearly_the_whole_image(seed):
    image = scene().image
    image[:6] = image[-6:] = 10
    weak = TextInstance(box_polygon(0, 0, 500, 300), "somewhere", legible=False)
    small = {"scale": (0.1, 0.2), "aspect": (2.0, 4.0), "on_text": 1.0, "min_height": 500.0}
    square, instances = made(Sample("weak", image, (weak,)), seed, **small)
    assert [instance.text for instance in instances] == ["somewhere"]
    assert not instances[0].legible
    assert max(square[0].max(), square[-1].max()) < 60  # both borders of the image


def test_a_dont_care_that_stands_somewhere_is_not_in_the_bag():
    boxes = (200, 100, 300, 140), (0, 200, 500, 300)  # the second along the whole border below
    blurred = tuple(TextInstance(box_polygon(*box), "blurred", legible=False) for box in boxes)
    _, instances = made(Sample("toy", scene().image, blurred), scale=(1.0, 1.0), aspect=(1.66, 1.67))
    assert [(instance.text, instance.legible) for instance in instances] == [(None, False)] * 2


def test_a_crop_holds_the_middle_of_a_word_when_asked():
    sample = scene()
    middles = {instance.text: instance.polygon.mean(axis=0) for instance in sample.instances}
    seen = set()
    for seed in range(30):
        left, top, width, height = BagAugment(scale=(0.05, 0.1), on_text=1.0)._crop(
            sample, sample.image, np.random.default_rng(seed)
        )
        assert left >= 0 <= top
        assert left + width <= 500
        assert top + height <= 300
        held = [t for t, (x, y) in middles.items() if left <= x <= left + width and top <= y <= top + height]
        assert held
        seen |= set(held)
    assert seen == set(middles)


@pytest.mark.parametrize("seed", range(10))
def test_a_crop_is_made_for_a_word_of_the_height_that_is_asked(seed):
    sample = Sample("toy", scene().image, scene().instances[:1])  # 100 x 30 pixels
    whole = {"scale": (0.001, 1.0), "on_text": 1.0, "keep": 1.0, "aspect": (0.9, 1.1)}
    _, [word] = made(sample, seed, **whole, text_height=(24.0, 28.0))
    assert word.text == "left"
    assert 24.0 / 1.1 <= np.ptp(word.polygon[:, 1]) <= 28.0 * 1.1
    # no higher than where it fills the square
    _, [word] = made(sample, seed, **whole, text_height=(200.0, 200.0))
    assert word.text == "left"
    assert np.ptp(word.polygon[:, 0]) == pytest.approx(128 / 1.05, abs=2.5)


def test_words_that_nobody_wrote_down_are_never_in_the_bag():
    sample = scene()
    many = Sample(
        "toy", sample.image, tuple(TextInstance(box_polygon(99, 99, 199, 199), str(i)) for i in range(400))
    )

    def words(seed, portion):
        _, instances = made(many, seed, portion=portion, scale=(1, 1), keep=0.0)
        return {instance.text for instance in instances if instance.legible}

    seen = {portion: [words(seed, portion) for seed in (0, 1)] for portion in (0.25, 0.5, 1.0)}
    for first, second in seen.values():
        assert first == second
    assert seen[0.25][0] < seen[0.5][0] < seen[1.0][0]
    assert [len(seen[part][0]) for part in seen] == pytest.approx([100, 200, 400], abs=25)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3)])
def test_images_of_any_shape_give_squares(size):
    square, _ = made(Sample("thin", np.zeros((*size, 3), np.uint8)))
    assert square.shape == (128, 128, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 100},
        {"scale": [0.5, 0.2]},
        {"scale": [0.5, 1.5]},
        {"aspect": [0.0, 1.0]},
        {"text_height": [30.0, 20.0]},
        {"portion": 0.0},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError):
        build(BagAugment, wrong)
