"""Mask TextSpotter's codec: targets, proposals, votes, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenetext.codecs import make_codec
from scenetext.codecs.mask_textspotter import IGNORED, TEXT, MaskTextSpotter, boxes_of
from scenetext.codecs.spelling import CHARACTERS, CLASSES, END, text_classes
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon, iou, mask_of, offset_polygon, turned_box, valid_shape
from scenetext.lexicon import Lexicon
from scenetext.types import TextInstance
from sequences import log_probs, paths

SIZE = (160, 256)


def word(left, top, right, bottom, text="word", **more):
    return TextInstance(box_polygon(left, top, right, bottom), text, **more)


def character_maps(text, sure=0.9, size=64):
    """A map (37, size, size) with the characters side by side."""
    maps = np.full((CLASSES - 1, size, size), 0.001, np.float32)
    maps[0] = 1
    step = size // max(len(text), 1)
    for i, number in enumerate(text_classes(text)):
        place = np.s_[size // 3 : 2 * size // 3, i * step + step // 4 : (i + 1) * step - step // 4]
        maps[(slice(None), *place)] = (1 - sure) / (CLASSES - 2)
        maps[(0, *place)] = 0.0
        maps[(number, *place)] = sure
    return maps


def outputs(*found, masks=None, maps=None):
    """Outputs of the third graph for (box, text) pairs, each mask filling its box."""
    boxes = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
    texts = [text for _, text in found]
    return {
        "boxes": boxes,
        "detected": np.full(len(found), 0.9, np.float32),
        "masks": np.ones((len(found), 64, 64), np.float32) if masks is None else masks,
        "characters": np.stack([character_maps(text) for text in texts]) if maps is None else maps,
        "texts": paths(*texts, steps=12),
        "log_probs": log_probs(*texts, steps=12),
    }


LENIENT = MaskTextSpotter(min_sequence=0.1)


def test_the_segmentation_is_of_shrunk_polygons_and_unknown_in_dont_cares():
    codec = MaskTextSpotter()
    instances = [word(20, 20, 120, 60), word(150, 20, 250, 60, legible=False), word(20, 100, 23, 101)]
    targets = codec.encode(instances, SIZE)
    distance = 100 * 40 * (1 - 0.4**2) / 280
    expected = mask_of([box_polygon(20 + distance, 20 + distance, 120 - distance, 60 - distance)], *SIZE)
    assert (targets["segmentation"] != expected).mean() < 1e-3
    assert targets["segmentation"].dtype == np.uint8
    assert not targets["known"][30, 200]
    assert not targets["known"][100, 21]  # too small
    assert targets["known"][40, 70]
    assert targets["known"].mean() > 0.85
    kinds = targets["kinds"]
    assert ((kinds == TEXT).sum(), (kinds == IGNORED).sum()) == (1, 2)
    assert targets["polygons"][0].min(axis=0).tolist() == [20, 20]
    assert targets["polygons"].shape == (128, 32, 2)


def test_texts_that_find_no_row_and_thin_ones_are_dont_cares():
    codec = MaskTextSpotter(max_instances=2, stride=4)
    instances = [word(10, 10 + 40 * i, 90 - 10 * i, 40 + 40 * i) for i in range(3)] + [word(100, 22, 180, 27)]
    targets = codec.encode(instances, SIZE)
    assert ((targets["kinds"] == TEXT).sum(), (targets["kinds"] == IGNORED).sum()) == (2, 2)
    assert targets["segmentation"][25, 10] == 1  # the third is text all the same
    assert not targets["known"][6, 35]  # and the fourth too thin for the map


def test_texts_are_letters_and_digits_and_an_end():
    codec = MaskTextSpotter(length=5)
    instances = [
        word(0, 0, 90, 40, "Caf\u00e9!"),
        word(0, 60, 80, 90, "toolong"),
        word(0, 100, 70, 120, None),
    ]
    texts = codec.encode(instances, SIZE)["texts"]
    assert texts[0].tolist() == [13, 11, 16, 15, END, -1]
    assert (texts[1:] == -1).all()


def test_characters_keep_their_places_and_those_without_a_class_have_none():
    quads = np.stack([box_polygon(10 * i, 0, 10 * i + 10, 20) for i in range(4)])
    codec = MaskTextSpotter(length=6)
    targets = codec.encode([word(0, 0, 40, 20, "a-1b", characters=quads)], SIZE)
    assert targets["classes"][0].tolist() == [11, 2, 12, -1, -1, -1]
    assert np.array_equal(targets["quads"][0, :3], quads[[0, 2, 3]])
    unknown = codec.encode([word(0, 0, 40, 20, "a-1b")], SIZE)
    assert (unknown["classes"] == -1).all()
    shorter = MaskTextSpotter(length=2).encode([word(0, 0, 40, 20, "a-1b", characters=quads)], SIZE)
    assert (shorter["classes"] == -1).all(), "the third would be taught as background"


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("angle", [0, 35, 90])
def test_proposals_hold_what_was_shrunk_and_not_much_more(stride, angle):
    """Polygons take more in than was shrunk; their boxes do not."""
    codec = MaskTextSpotter(stride=stride)
    polygon = turned_box(68, 63, 120, 34, np.deg2rad(angle))
    targets = codec.encode([TextInstance(polygon, "a")], SIZE)
    boxes, found = codec.proposals_of(targets["segmentation"].astype(np.float32))
    assert (boxes.shape, found.shape) == ((1, 4), (1, 32, 2))
    expected = np.array([*polygon.min(axis=0), *polygon.max(axis=0)])
    assert np.abs(boxes[0] - expected).max() < 0.1 * np.ptp(polygon) + 2 * stride
    whole = valid_shape(polygon)
    assert valid_shape(found[0]).intersection(whole).area > 0.97 * whole.area
    assert iou(found[0], polygon) > 0.55


def test_proposals_are_the_largest_that_are_sure_and_not_small():
    field = np.zeros(SIZE, np.float32)
    for left, top, right, bottom, score in (
        (10, 10, 60, 30, 0.9),
        (80, 10, 160, 40, 0.9),
        (10, 80, 60, 100, 0.15),
    ):
        field[top:bottom, left:right] = score
    field[140:143, 20:60] = 0.9  # three pixels high
    boxes, polygons = MaskTextSpotter(min_proposal=0.2).proposals_of(field)
    assert [polygon[:, 0].max() > 100 for polygon in polygons] == [True, False]
    assert [box[2] > 100 for box in boxes] == [True, False]
    assert len(MaskTextSpotter(min_proposal=0.1).proposals_of(field)[0]) == 3
    assert len(MaskTextSpotter(proposals=1).proposals_of(field)[0]) == 1
    none = MaskTextSpotter().proposals_of(np.zeros(SIZE, np.float32))
    assert [each.shape for each in none] == [(0, 4), (0, 32, 2)]


def test_what_two_perfect_graphs_put_out_leads_to_the_texts():
    codec = MaskTextSpotter(stride=2)
    instances = [word(20, 20, 120, 60), word(140, 90, 240, 130)]
    ideal = codec.ideal(instances, SIZE)
    given = {"segmentation": ideal["segmentation"]}
    given |= codec.propose(given)
    assert (given["proposals"].shape, given["polygons"].shape) == ((2, 4), (2, 32, 2))
    kept = codec.propose(given | {"scores": ideal["scores"], "moves": ideal["moves"]})
    assert kept["boxes"].shape == (2, 4)
    for instance in instances:
        box = np.array([*instance.polygon.min(axis=0), *instance.polygon.max(axis=0)])
        assert np.abs(kept["boxes"] - box).max(axis=1).min() < 3
    assert kept["outlines"].shape == (2, 32, 2)
    none = codec.propose(given | {"scores": np.zeros(2, np.float32), "moves": ideal["moves"]})
    assert [len(none[name]) for name in ("boxes", "outlines", "detected")] == [0, 0, 0]


@pytest.mark.parametrize("settings", [{"min_size": 10}, {"proposals": 1}])
def test_two_perfect_graphs_score_no_more_texts_than_are_proposed(settings):
    codec = MaskTextSpotter(stride=2, **settings)
    ideal = codec.ideal([word(20, 20, 120, 60), word(140, 90, 240, 102)], SIZE)
    given = {"segmentation": ideal["segmentation"]}
    given |= codec.propose(given)
    assert len(given["proposals"]) == len(ideal["scores"]) == len(ideal["moves"]) == 1
    assert len(codec.propose(given | ideal)["boxes"]) == 1


def test_refined_boxes_are_suppressed_clipped_and_best_first():
    boxes = ((10, 10, 60, 30), (12, 10, 62, 30), (200, 100, 300, 200))
    outlines = np.stack([box_polygon(*box) for box in boxes])
    given = {
        "segmentation": np.zeros((1, 1, *SIZE), np.float32),
        "proposals": np.array(boxes, np.float32),
        "polygons": outlines,
        "scores": np.array([0.8, 0.9, 0.95], np.float32),
        "moves": np.zeros((3, 4), np.float32),
    }
    kept = MaskTextSpotter().propose(given)
    assert kept["boxes"].tolist() == [[200, 100, 256, 160], [12, 10, 62, 30]]
    assert kept["detected"].tolist() == pytest.approx([0.95, 0.9])
    assert len(MaskTextSpotter(detections=1).propose(given)["boxes"]) == 1
    assert boxes_of(outlines)[0].tolist() == [10, 10, 60, 30]


def test_a_text_is_read_in_its_mask():
    turned = turned_box(7, 24, 50, 16, 0.5)
    mask = mask_of([turned], 64, 64).astype(np.float32)[None]
    (found,) = LENIENT.decode(outputs(((40, 20, 168, 148), "exit"), masks=mask), SIZE)
    assert found.text == "exit"
    assert iou(found.polygon, 2 * turned + np.array([40, 20])) > 0.9
    assert found.score == pytest.approx(np.sqrt(0.9 * 0.9), abs=0.01)  # the map is surer than five steps


def test_the_surer_of_two_readings_is_taken():
    box = (10, 10, 100, 50)
    given = outputs((box, "abcd"))
    assert LENIENT.decode(given, SIZE)[0].text == "abcd"
    given["characters"] = character_maps("xy", sure=0.95)[None]
    assert LENIENT.decode(given, SIZE)[0].text == "xy"
    given["log_probs"] = log_probs("abcd", steps=12, sure=0.999)
    assert LENIENT.decode(given, SIZE)[0].text == "abcd"


@pytest.mark.parametrize(("reading", "text"), [("surer", "xy"), ("sequence", "abcd"), ("characters", "xy")])
def test_one_of_the_readings_can_be_asked_for(reading, text):
    given = outputs(((10, 10, 100, 50), "abcd"), maps=character_maps("xy", sure=0.95)[None])
    (found,) = replace(LENIENT, reading=reading).decode(given, SIZE)
    assert found.text == text
    mean = {"abcd": 0.9, "xy": 0.95}[text]  # not the product of five steps, which would fall with the length
    assert found.score == pytest.approx((mean * 0.9) ** 0.5, rel=1e-3)


def test_votes_are_means_over_connected_places_from_left_to_right():
    codec = MaskTextSpotter()
    maps = character_maps("b4d", sure=0.8)
    text = codec.vote(maps)
    assert text.text == "b4d"
    assert text.score == pytest.approx(0.8, abs=1e-3)
    assert text.probabilities.shape == (3, len(CHARACTERS))
    column = 64 // 3 // 2
    maps[:, 21:26, column] = 0.001  # a few places of the first character say something else
    maps[text_classes("q")[0], 21:26, column] = 0.99
    assert codec.vote(maps).text == "b4d"
    maps[0] = 0.8  # all is background: over 192 of 255
    assert codec.vote(maps).text == ""
    assert codec.vote(maps).score == 0


def test_readings_that_are_not_sure_enough_are_dropped():
    given = outputs(((10, 10, 100, 50), "abcd"))  # 0.9 ** 5 = 0.59, and 0.9
    assert not MaskTextSpotter(min_sequence=0.7).decode(given, SIZE)
    assert MaskTextSpotter(min_sequence=0.5, min_characters=0.8).decode(given, SIZE)
    assert not MaskTextSpotter(min_sequence=0.5, min_characters=0.95).decode(given, SIZE)


def test_of_instances_that_overlap_the_surer_sequence_stays():
    given = outputs(((10, 10, 100, 50), "abcd"), ((12, 10, 104, 50), "ab"), ((150, 10, 220, 50), "far"))
    found = LENIENT.decode(given, SIZE)
    assert [instance.text for instance in found] == ["ab", "far"]  # shorter, so surer as a product
    assert len(MaskTextSpotter(min_sequence=0.1, joint=1.0).decode(given, SIZE)) == 3


def test_a_lexicon_chooses_the_word():
    given = outputs(((10, 10, 100, 50), "exlt"))
    lexicon = Lexicon(["Exit", "Entry", "Gate"])
    (found,) = LENIENT.decode(given, SIZE, lexicon)
    assert found.text == "Exit"
    assert found.score < LENIENT.decode(given, SIZE)[0].score


def test_a_lexicon_keeps_the_text_that_a_search_found_although_a_step_likes_another_character():
    given = outputs(((10, 10, 100, 50), "step"))
    steps = given["log_probs"][0]
    steps[2, text_classes("o")] = steps[2, text_classes("e")] + 0.1
    (found,) = replace(LENIENT, reading="sequence").decode(given, SIZE, Lexicon(["Stop", "Step"]))
    assert found.text == "Step"


def test_a_mask_of_nothing_is_no_instance():
    given = outputs(((10, 10, 100, 50), "abcd"), masks=np.zeros((1, 64, 64), np.float32))
    assert LENIENT.decode(given, SIZE) == []
    empty = {
        "boxes": np.zeros((0, 4), np.float32),
        "detected": np.zeros(0, np.float32),
        "masks": np.zeros((0, 64, 64), np.float32),
        "characters": np.zeros((0, 37, 64, 64), np.float32),
        "texts": np.zeros((0, 12), np.float32),
        "log_probs": np.zeros((0, 12, CLASSES), np.float32),
    }
    assert LENIENT.decode(empty, SIZE) == []


def test_looks_have_a_row_of_columns_for_each_letter():
    given = outputs(((10, 10, 100, 50), "abcd"))
    attention = np.full((1, 12, 32), 1 / 32, np.float32)
    given |= LENIENT.looked(given | {"attention": attention})
    (look,) = LENIENT.explain(given, SIZE)
    assert (look.letters, look.weights.shape) == ("abcd", (4, 32))
    assert look.region.tolist() == box_polygon(10, 10, 100, 50).tolist()
    with pytest.raises(SettingsError, match="export it again"):
        LENIENT.looked(outputs(((10, 10, 100, 50), "abcd")))


def test_a_shape_that_falls_into_pieces_is_a_dont_care():
    left = [[0, 0], [40, 0], [40, 18], [80, 18], [80, 0], [120, 0]]
    dumbbell = np.array([*left, *([x, 40 - y] for x, y in reversed(left))], np.float32)
    codec = MaskTextSpotter()
    assert codec.shrink(dumbbell) is None
    assert not codec.encode([TextInstance(dumbbell, "a")], SIZE)["segmentation"].any()
    assert len(offset_polygon(dumbbell, -5)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"stride": 0},
        {"points": 3},
        {"shrink_ratio": 1.0},
        {"unshrink_ratio": 0.0},
        {"joint": 1.5},
        {"length": 0},
        {"reading": "both"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(SettingsError):
        make_codec({"name": "mask_textspotter"} | wrong)
