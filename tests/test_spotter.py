from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from scenetext.codecs.li2017 import Li2017
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon, iou
from scenetext.lexicon import Lexicon
from scenetext.rectify import crop_instance, sides
from scenetext.spotter import Cascade, EndToEnd, explainer, turn_over, ways_up
from scenetext.types import TextInstance
from scenetext.view import SceneResize
from toys import spotting_outputs

# A word is painted as a red and a blue half; it reads "red" upright, and nothing, or a bad guess, otherwise.
RED, BLUE = (255, 0, 0), (0, 0, 255)


@dataclass(frozen=True)
class FixedDetector:
    polygons: tuple[np.ndarray, ...]
    score: float = 1.0

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        return [TextInstance(polygon, score=self.score) for polygon in self.polygons]


class HalvesRecognizer:
    """Reads a crop whose left half is red and whose right half is blue; anything else it doubts.

    With a lexicon, what it reads is the first word.
    """

    def recognize(
        self, crops: Sequence[np.ndarray], lexicon: Lexicon | None = None
    ) -> list[tuple[str, float]]:
        word = "red" if lexicon is None else lexicon.words[0]
        readings = []
        for crop in crops:
            w = crop.shape[1]
            left, right = (
                crop[:, : max(1, w // 3)].mean(axis=(0, 1)),
                crop[:, -max(1, w // 3) :].mean(axis=(0, 1)),
            )
            upright = left[0] > 200 and right[2] > 200
            readings.append((word, 0.9) if upright else ("?", 0.3))
        return readings


def cascade(*polygons: np.ndarray, **settings: float) -> Cascade:
    return Cascade(FixedDetector(polygons), HalvesRecognizer(), **settings)


def painted(box: tuple[int, int, int, int], turn: int) -> np.ndarray:
    """A photo with one word in the box, turned clockwise by `turn` quarter turns."""
    image = np.full((200, 300, 3), 255, np.uint8)
    left, top, right, bottom = box
    h, w = bottom - top, right - left
    word = np.empty((h, w, 3) if turn % 2 == 0 else (w, h, 3), np.uint8)
    word[:, : word.shape[1] // 2], word[:, word.shape[1] // 2 :] = RED, BLUE
    image[top:bottom, left:right] = np.rot90(word, -turn)
    return image


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_a_word_is_read_and_starts_where_it_starts_whichever_way_up_it_lies(turn: int, start: int) -> None:
    box = (40, 60, 160, 100) if turn % 2 == 0 else (90, 20, 130, 140)
    located = np.roll(box_polygon(*box), -start, axis=0)
    if (turn + start) % 2:  # a detector takes the long side for the line of text
        located = np.roll(located, -1, axis=0)
    (found,) = cascade(located).spot(painted(box, turn))
    assert found.text == "red"
    # clockwise turns move the start from the top left corner to the next ones
    assert np.array_equal(found.polygon, np.roll(box_polygon(*box), -turn, axis=0))


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_a_tall_box_is_also_read_on_its_side(turn: int) -> None:
    box = (90, 20, 130, 140)
    (found,) = cascade(box_polygon(*box)).spot(painted(box, turn))
    assert found.text == "red"
    assert np.array_equal(found.polygon, np.roll(box_polygon(*box), -turn, axis=0))


def test_a_curved_word_hanging_upside_down_is_turned_over() -> None:
    image = np.full((200, 300, 3), 255, np.uint8)
    image[:, :150], image[:, 150:] = BLUE, RED  # red comes first when read from the right
    a = np.radians(np.linspace(230, 310, 6))
    ray = np.stack([np.cos(a), np.sin(a)], axis=1)
    located = np.concatenate([[150, 190] + 150 * ray, [150, 190] + 110 * ray[::-1]]).astype(np.float32)
    (found,) = cascade(located).spot(image)
    assert found.text == "red"
    assert np.array_equal(found.polygon, np.roll(located, -6, axis=0))


def outline(step: int = 3) -> np.ndarray:
    """A curved word as detectors trace it: from its upper left, with more points on the upper side."""
    upper, lower = np.radians(np.linspace(230, 310, 11)), np.radians(np.linspace(310, 230, 33 // step))
    top = [150, 190] + 150 * np.stack([np.cos(upper), np.sin(upper)], axis=1)
    bottom = [150, 190] + 110 * np.stack([np.cos(lower), np.sin(lower)], axis=1)
    return np.concatenate([top, bottom]).astype(np.float32)


@pytest.mark.parametrize("step", [2, 4, 6])
@pytest.mark.parametrize("colours", [(RED, BLUE), (BLUE, RED)], ids=["upright", "upside down"])
def test_a_curved_outline_comes_through_point_by_point(colours: tuple, step: int) -> None:
    image = np.full((200, 300, 3), 255, np.uint8)
    image[:, :150], image[:, 150:] = colours
    located = outline(step)
    (found,) = cascade(located).spot(image)
    assert found.text == "red"
    assert {*map(tuple, found.polygon)} == {*map(tuple, located)}
    assert iou(found.polygon, located) == pytest.approx(1)
    start = located[0] if colours[0] == RED else located[11]
    assert np.array_equal(found.polygon[0], start)
    # and who takes it from here reads it the same way up
    assert HalvesRecognizer().recognize([crop_instance(image, found.polygon)]) == [("red", 0.9)]


@pytest.mark.parametrize("step", [2, 3, 4])
@pytest.mark.parametrize("shift", [1, 2, -2])
def test_an_outline_that_starts_beside_its_corner_comes_out_from_the_corner(shift: int, step: int) -> None:
    image = np.full((200, 300, 3), 255, np.uint8)
    image[:, :150], image[:, 150:] = RED, BLUE
    (found,) = cascade(np.roll(outline(step), shift, axis=0)).spot(image)
    assert found.text == "red"
    assert np.array_equal(found.polygon, outline(step))
    assert HalvesRecognizer().recognize([crop_instance(image, found.polygon)]) == [("red", 0.9)]


def test_turning_over_twice_changes_nothing() -> None:
    polygon = box_polygon(1, 2, 30, 9)
    assert np.array_equal(turn_over(turn_over(polygon)), polygon)
    assert np.array_equal(turn_over(polygon)[0], polygon[2])


@pytest.mark.parametrize("step", [2, 3, 4, 6])
def test_an_outline_turned_over_has_the_sides_of_the_outline_reversed(step: int) -> None:
    top, bottom = sides(outline(step))
    turned_top, turned_bottom = sides(turn_over(outline(step)))
    assert np.array_equal(turned_top, bottom[::-1])
    assert np.array_equal(turned_bottom, top[::-1])
    assert np.array_equal(turn_over(turn_over(outline(step))), outline(step))


def test_a_level_word_is_tried_one_way_only() -> None:
    assert len(ways_up(box_polygon(0, 0, 50, 20))) == 1


def test_the_score_joins_detection_and_recognition_and_weak_words_are_dropped() -> None:
    box = (40, 60, 160, 100)
    image = painted(box, 0)
    detector = FixedDetector((box_polygon(*box),), score=0.4)
    (found,) = Cascade(detector, HalvesRecognizer(), min_score=0.59).spot(image)
    assert found.score == pytest.approx((0.4 * 0.9) ** 0.5)
    assert Cascade(detector, HalvesRecognizer(), min_score=0.61).spot(image) == []


def test_seconds_of_both_stages_are_reported() -> None:
    seconds: dict[str, float] = {}
    cascade(box_polygon(0, 0, 50, 20)).spot(painted((0, 0, 50, 20), 0), seconds)
    assert set(seconds) == {"detect", "recognize"}
    assert all(value >= 0 for value in seconds.values())


def test_a_lexicon_reaches_the_recogniser_also_for_words_upside_down() -> None:
    boxes = (40, 20, 160, 60), (40, 100, 160, 140)
    image = np.minimum(painted(boxes[0], 0), painted(boxes[1], 2))
    words = cascade(*(box_polygon(*box) for box in boxes), min_score=0.5).spot(image, None, Lexicon(["Rot"]))
    assert [word.text for word in words] == ["Rot", "Rot"]


class BoxesCodec:
    """Decodes boxes of dark pixels, which the toy graph below puts out, as words of their brightness."""

    rows = "boxes", "textness"

    def propose(self, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            "boxes": outputs["proposals"],
            "textness": np.full(len(outputs["proposals"]), 0.8, np.float32),
        }

    def decode(
        self, outputs: dict[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        words = lexicon.words if lexicon else ("word",)
        scored = zip(outputs["boxes"], outputs["textness"], strict=True)
        return [TextInstance(box_polygon(*box), words[0], float(score)) for box, score in scored]


def dark_box(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The box around all dark pixels of a view, if there are any."""
    rows, columns = np.nonzero(inputs["images"][0].mean(axis=0) < 0.5)
    if len(rows) == 0:
        return {"proposals": np.zeros((0, 4), np.float32)}
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    return {"proposals": np.array([box], dtype=np.float32)}


def end_to_end(**settings: object) -> EndToEnd:
    resize = SceneResize(min_side=64, multiple=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return EndToEnd(resize, (dark_box, lambda inputs: {}), BoxesCodec(), **settings)


def dark(box: tuple[int, int, int, int], height: int = 120, width: int = 200) -> np.ndarray:
    image = np.full((height, width, 3), 255, np.uint8)
    left, top, right, bottom = box
    image[top:bottom, left:right] = 0
    return image


def test_one_model_spots_in_pixels_of_the_photo() -> None:
    seconds: dict[str, float] = {}
    (word,) = end_to_end().spot(dark((40, 30, 120, 60)), seconds)
    assert word.text == "word"
    assert word.polygon == pytest.approx(box_polygon(40, 30, 120, 60), abs=2)
    assert set(seconds) == {"spot"}
    assert end_to_end().spot(dark((0, 0, 0, 0))) == []


def test_one_model_sees_a_photo_at_several_sizes_if_asked() -> None:
    seen: list[tuple[int, ...]] = []

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(inputs["images"].shape[2:])
        return dark_box(inputs)

    spotter = replace(end_to_end(sides=(64, 120, 240)), graphs=(graph, lambda inputs: {}))
    words = spotter.spot(dark((40, 30, 120, 60)))
    assert seen == [(64, 104), (120, 200), (240, 400)]
    assert len(words) == 3
    for word in words:
        assert word.polygon == pytest.approx(box_polygon(40, 30, 120, 60), abs=3)


def test_one_model_takes_a_lexicon_drops_weak_words_and_can_be_scored_as_a_detector() -> None:
    image = dark((40, 30, 120, 60))
    assert [word.text for word in end_to_end().spot(image, None, Lexicon(["Rot"]))] == ["Rot"]
    assert end_to_end(min_score=0.81).spot(image) == []
    assert [word.text for word in end_to_end(min_score=0.81).detect(image)] == [None]


def test_one_model_sees_a_long_photo_in_windows_and_finds_each_word_once() -> None:
    image = dark((780, 30, 830, 60), width=1600)
    spotter = replace(end_to_end(), resize=replace(end_to_end().resize, max_pixels=120 * 300))
    assert len(spotter.resize.windows(120, 1600)) > 4
    (word,) = spotter.spot(image)
    assert word.polygon == pytest.approx(box_polygon(780, 30, 830, 60), abs=2)


def told(*words: TextInstance, size: tuple[int, int] = (128, 256), attends: bool = True) -> EndToEnd:
    """A spotter that finds these words in each view of `size`; at letter i it looks at column i of 10."""
    codec = Li2017(length=6)
    columns = [np.array([*range(len(word.text or "")), 9]) for word in words]
    outputs = spotting_outputs(codec, list(words), size, columns if attends else None)
    graphs = [lambda inputs, values=values: values for values in outputs]
    return EndToEnd(SceneResize(max_pixels=size[0] * size[1], min_side=1, multiple=8), graphs, codec)


OPEN = TextInstance(box_polygon(34, 20, 100, 41), "open")
SHUT = TextInstance(box_polygon(30, 70, 120, 100), "shut")


def test_what_one_model_spots_it_explains_in_pixels_of_the_photo() -> None:
    photo, seconds = np.full((256, 512, 3), 255, np.uint8), {}
    spotter = told(OPEN, SHUT)
    looks = explainer(spotter).explain(photo, seconds)
    words = spotter.spot(photo)
    assert set(seconds) == {"spot"}
    assert [look.letters for look in looks] == [word.text for word in words] == ["open", "shut"]
    for look, word, region in zip(looks, words, [(32, 16, 104, 48), (24, 64, 120, 104)], strict=True):
        assert np.array_equal(look.instance.polygon, word.polygon)
        assert look.instance.score == word.score
        assert np.array_equal(look.region, 2 * box_polygon(*region))  # the photo is twice the view
        assert np.array_equal(look.weights, np.eye(4, 10))


def test_weak_words_are_not_explained_and_a_lexicon_changes_texts_not_letters() -> None:
    photo = np.full((128, 256, 3), 255, np.uint8)
    spotter = told(OPEN, SHUT)
    (look,) = spotter.explain(photo, None, Lexicon(["Opens"]))
    assert (look.instance.text, look.letters) == ("Opens", "open")
    assert replace(spotter, min_score=0.99).explain(photo) == []


def test_a_long_photo_is_explained_once_where_windows_overlap() -> None:
    photo = np.full((128, 640, 3), 255, np.uint8)
    in_left, in_right = (TextInstance(box_polygon(x, 20, x + 60, 40), "open") for x in (196, 4))
    spotter = told(in_left, in_right)
    spotter = replace(spotter, resize=replace(spotter.resize, max_aspect=1.0))
    assert spotter.resize.windows(128, 640)[:2] == [(0, 0, 256, 128), (192, 0, 448, 128)]
    looks = spotter.explain(photo)
    assert len(looks) == len(spotter.spot(photo)) == 4
    assert sorted(look.region[0, 0] for look in looks) == [0, 192, 384, 576]


def test_several_sizes_are_explained_together() -> None:
    photo = np.full((128, 256, 3), 255, np.uint8)
    looks = replace(told(OPEN), sides=(64, 128)).explain(photo)
    regions = {tuple(look.region[[0, 2]].ravel()) for look in looks}
    # it finds the word at the same place of either view
    assert regions == {(32, 16, 104, 48), (64, 32, 208, 96)}


def test_a_model_that_does_not_say_where_it_looked_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match=r"li2017 and mask_textspotter\)"):
        explainer(cascade())
    with pytest.raises(SettingsError, match="export it again"):
        told(OPEN, attends=False).explain(np.full((128, 256, 3), 255, np.uint8))
