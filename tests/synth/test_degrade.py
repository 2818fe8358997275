from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth import degrade as d

EFFECTS = {
    "motion_blur": (d.motion_blur, 7.0),
    "focus_blur": (d.focus_blur, 3.0),
    "coarse_pixels": (d.coarse_pixels, 2.5),
    "noise": (d.noise, 8.0),
    "tone": (d.tone, 1.0),
    "uneven_light": (d.uneven_light, 1.0),
    "obstruct": (d.obstruct, 3.0),
    "sharpen": (d.sharpen, 1.0),
    "jpeg": (d.jpeg, 30),
}


def picture(height: int = 40, width: int = 90) -> np.ndarray:
    image = np.full((height, width, 3), (220, 210, 190), np.uint8)
    image[height // 4 : height * 3 // 4, ::5] = (30, 40, 90)
    return image


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_effect_changes_a_copy_the_same_way_for_the_same_seed(effect):
    function, amount = EFFECTS[effect]
    image = picture()
    first, second, other = (function(image, np.random.default_rng(seed), amount) for seed in (3, 3, 4))
    np.testing.assert_array_equal(image, picture())
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    assert (first != image).any()
    if effect not in {"focus_blur"}:
        assert (first != other).any()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("size", [(4, 4), (5, 200), (100, 6)])
def test_effects_bear_narrow_pictures(effect, size):
    function, amount = EFFECTS[effect]
    for seed in range(5):
        assert function(picture(*size), np.random.default_rng(seed), amount).shape == (*size, 3)


@pytest.mark.parametrize("effect", ["motion_blur", "focus_blur", "coarse_pixels"])
def test_blurs_lower_the_contrast_and_keep_the_light(effect):
    function, amount = EFFECTS[effect]
    image = picture()
    result = function(image, np.random.default_rng(0), amount)
    assert result.std() < image.std()
    assert result.mean() == pytest.approx(image.mean(), abs=4)


def test_channels_keep_their_order():
    image = np.full((16, 16, 3), (200, 100, 20), np.uint8)
    for function, amount in ((d.jpeg, 95), (d.focus_blur, 2.0), (d.coarse_pixels, 2.0), (d.sharpen, 1.0)):
        result = function(image, np.random.default_rng(0), amount)
        np.testing.assert_allclose(result.mean(axis=(0, 1)), (200, 100, 20), atol=4)


def test_the_strength_is_felt():
    rng = np.random.default_rng(0)
    image = picture().astype(float)

    def change(strength: float) -> float:
        return float(np.mean([np.abs(d.degrade(picture(), rng, strength) - image).mean() for _ in range(80)]))

    assert change(1.0) > 1.5 * change(0.0)


def test_same_seed_same_photograph():
    for seed in range(20):
        first, second = (d.degrade(picture(), np.random.default_rng(seed), 0.7) for _ in range(2))
        np.testing.assert_array_equal(first, second)
