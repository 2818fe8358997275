from __future__ import annotations

import numpy as np
import pytest

from scenetext.draw import draw_instances
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance


@pytest.mark.parametrize("background", [0, 128, 255])
def test_outline_and_label_show_on_any_background(background: int) -> None:
    image = np.full((240, 320, 3), background, np.uint8)
    drawn = np.asarray(
        draw_instances(image, [TextInstance(box_polygon(100, 100, 200, 130), "Hello")])
    ).astype(int)
    assert drawn.shape == image.shape
    assert (image == background).all()  # the photo itself is left alone
    green = (drawn[..., 1] > 200) & (drawn[..., 0] < 60)
    assert green[98:103, 110:190].any(axis=0).all()
    label = drawn[60:98, 90:200]
    assert (label.max(axis=2) < 60).sum() > 200
    assert (label.min(axis=2) > 200).sum() > 20


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (30, 30)])
def test_words_at_the_border_and_tiny_images_are_drawn(size: tuple[int, int]) -> None:
    image = np.zeros((*size, 3), np.uint8)
    instances = [
        TextInstance(box_polygon(0, 0, size[1], size[0]), "W" * 40),
        TextInstance(box_polygon(-5, -5, 3, 3), "日本\nx"),
        TextInstance(box_polygon(0, 0, 1, 1), None),
    ]
    assert draw_instances(image, instances).size == (size[1], size[0])


def test_an_image_without_words_stays_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(draw_instances(image, [])), image)
