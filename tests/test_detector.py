from __future__ import annotations

import numpy as np

from scenetext.codecs import make_codec
from scenetext.detector import Detector
from scenetext.geometry import box_polygon, iou
from scenetext.settings import build
from scenetext.view import SceneResize
from toys import DETECTION, SCENE, dark_detector


def toy(**settings: object) -> Detector:
    return Detector(build(SceneResize, SCENE | settings), (dark_detector(),), make_codec(DETECTION))


def photo(height: int, width: int, boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    image = np.full((height, width, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = 0
    return image


def assert_found(detector: Detector, image: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> None:
    found = [instance.polygon for instance in detector.detect(image)]
    assert len(found) == len(boxes)
    for box in boxes:
        assert max(iou(box_polygon(*box), polygon) for polygon in found) > 0.85


def test_polygons_are_in_pixels_of_the_photo_whatever_its_size() -> None:
    for factor in (1, 2, 5):
        boxes = [
            (40 * factor, 30 * factor, 160 * factor, 60 * factor),
            (200 * factor, 90 * factor, 260 * factor, 120 * factor),
        ]
        assert_found(toy(), photo(200 * factor, 300 * factor, boxes), boxes)


def test_a_photo_without_text_has_no_instances() -> None:
    for size in ((720, 1280), (1, 1), (1, 4000), (4000, 1)):
        assert toy().detect(photo(*size, [])) == []


def test_a_long_image_is_read_in_windows_and_each_word_found_once() -> None:
    boxes = [(x, 30 + (x // 7) % 60, x + 70, 60 + (x // 7) % 60) for x in range(20, 3900, 110)]
    image = photo(160, 4000, boxes)
    detector = toy(max_pixels=160 * 400)
    assert len(detector.resize.windows(160, 4000)) > 8
    assert_found(detector, image, boxes)
    turned = [(top, left, bottom, right) for left, top, right, bottom in boxes]
    assert_found(detector, np.ascontiguousarray(image.transpose(1, 0, 2)), turned)


def test_polygons_stay_inside_the_image() -> None:
    image = photo(100, 300, [(0, 0, 120, 40), (200, 60, 300, 100)])
    for instance in toy().detect(image):
        assert instance.polygon.min() >= 0
        assert (instance.polygon <= [300, 100]).all()
