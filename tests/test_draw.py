from __future__ import annotations

import numpy as np
import pytest

from scenetext.draw import draw_instances, draw_looks, draw_weights
from scenetext.geometry import box_polygon
from scenetext.types import Look, TextInstance


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


GREEN = (0, 200, 0)


def look(text: str, weights: np.ndarray, box: tuple[int, ...] = (40, 20, 200, 60), letters: str = "") -> Look:
    return Look(TextInstance(box_polygon(*box), text, 0.5), box_polygon(*box), letters or text, weights)


def green_photo(*boxes: tuple[int, ...]) -> np.ndarray:
    image = np.full((120, 1200, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = GREEN
    return image


def bright(sheet: np.ndarray) -> np.ndarray:
    """Where strips show the largest weight of a letter."""
    return np.asarray((sheet[..., 0] > 240) & (sheet[..., 1] > 220) & (sheet[..., 2] < 160))


def test_a_strip_is_bright_below_the_part_of_the_word_that_the_model_looked_at() -> None:
    columns = [0, 3, 9]
    sheet = np.asarray(
        draw_looks(green_photo((40, 20, 200, 60)), [look("abc", np.eye(10, dtype=np.float32)[columns])])
    )
    ys, xs = np.nonzero((np.abs(sheet.astype(int) - GREEN) < 30).all(axis=2))
    left, right, bottom = xs.min(), xs.max() + 1, ys.max() + 1
    assert (right - left) / (bottom - ys.min()) == pytest.approx(160 / 40, rel=0.03)
    strips = bright(sheet)
    assert not strips[:bottom].any()
    lit = [np.flatnonzero(row) for row in strips if row.any()]
    spans = list(dict.fromkeys((int(row[0]), int(row[-1]) + 1) for row in lit))
    assert len(spans) == 3  # from the top, a strip for each letter
    for (low, high), column in zip(spans, columns, strict=True):
        assert low == pytest.approx(left + (right - left) * column / 10, abs=1.5)
        assert high == pytest.approx(left + (right - left) * (column + 1) / 10, abs=1.5)
    # and a letter beside each
    for y in np.flatnonzero(strips.any(axis=1)).reshape(3, -1):
        assert (sheet[y, : left - 1].max(axis=2) < 100).any()


def test_the_less_weight_the_darker() -> None:
    weights = np.array([[0.0, 0.1, 0.2, 0.3, 0.4]], np.float32)
    sheet = np.asarray(draw_looks(green_photo((40, 20, 200, 60)), [look("a", weights)])).astype(int)
    y = int(np.flatnonzero(bright(sheet).any(axis=1)).mean())
    row = sheet[y][np.flatnonzero(bright(sheet)[y])[-1] + 1 - np.arange(1, 5 * 44)].sum(axis=1)
    assert (np.diff(row) <= 0).all()
    assert len(set(row)) == 5


def test_many_words_stand_in_rows_each_whole() -> None:
    boxes = [(20 * i, 10, 20 * i + 10 + i, 30) for i in range(50)]
    looks = [look("word", np.full((4, 6), 1 / 6, np.float32), box) for box in boxes]
    sheet = np.asarray(draw_looks(green_photo(*boxes), looks))
    assert sheet.shape[1] <= 960
    one = [np.asarray(draw_looks(green_photo(*boxes), [each])) for each in looks]
    assert bright(sheet).sum() == sum(bright(each).sum() for each in one)
    assert (bright(sheet).any(axis=0)).sum() > 700


@pytest.mark.parametrize(
    ("box", "columns"),
    [((0, 0, 1200, 10), 35), ((0, 0, 3, 120), 1), ((10, 10, 11, 11), 1), ((1190, 110, 1210, 130), 2)],
)
def test_words_of_any_shape_are_drawn_on_a_sheet_of_modest_size(box: tuple[int, ...], columns: int) -> None:
    weights = np.full((25, columns), 1 / columns, np.float32)
    sheet = draw_looks(green_photo(box), [look("Wort" * 20, weights, box, "abcde" * 5)])
    assert sheet.width <= 960
    assert sheet.height < 600


def test_the_title_says_what_was_read_where_a_lexicon_changed_it() -> None:
    weights = np.full((3, 4), 0.25, np.float32)
    photo = green_photo((40, 20, 200, 60))
    same, changed = (draw_looks(photo, [look("Bar", weights, letters=word)]) for word in ("bar", "b4r"))
    title = [np.asarray(each)[:40] for each in (same, changed)]
    inked = [int((part.max(axis=2) < 160).any(axis=0).sum()) for part in title]
    assert inked[1] > inked[0] + 30


def test_a_photo_without_text_says_so() -> None:
    sheet = np.asarray(draw_looks(green_photo(), []))
    assert (sheet.max(axis=2) < 100).sum() > 20


def test_a_look_has_a_row_for_each_letter() -> None:
    with pytest.raises(ValueError, match="3 letters"):
        look("abc", np.zeros((2, 4), np.float32))


def test_maps_are_bright_where_their_weights_are() -> None:
    image = np.full((60, 90, 3), 128, np.uint8)
    corner = np.zeros((2, 3), np.float32)
    corner[1, 2] = 0.01  # small, but the largest
    sheet = draw_weights(image, [("here", corner), ("nowhere", np.zeros((2, 3), np.float32))])
    pixels = np.asarray(sheet).astype(int).sum(axis=2)
    photo = pixels[16 + 24 : 16 + 24 + 60, 16 : 16 + 90]
    assert photo[45:, 70:].min() > photo[:30, :45].max() + 100
    assert np.ptp(pixels[16 + 24 : 16 + 24 + 60, 2 * 16 + 90 : 2 * 16 + 180]) == 0
    huge = draw_weights(np.zeros((2000, 4000, 3), np.uint8), [("", corner)] * 3)
    assert huge.width <= 1000
