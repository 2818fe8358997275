"""Which boxes are text, background or neither, and how many are drawn."""

import numpy as np
import pytest

from scenetext.codecs.boxes import overlaps
from scenetext.learn.nets.li2017.sampling import Regions, Rule, Truth, drawn, offsets_to

TPN = Rule(0.7, 0.3, True, 256)
TDN = Rule(0.6, 0.4, False, 128)


def truth(*boxes, ignored=()):
    count = len(boxes)
    return Truth(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.arange(3 * count).reshape(count, 3),
        np.array(ignored, np.float32).reshape(-1, 4),
    )


def shifted(iou):
    """A box that overlaps (0, 0, 100, 20) with this IoU."""
    share = 2 * iou / (1 + iou)
    return [100 * (1 - share), 0, 100 * (2 - share), 20]


@pytest.mark.parametrize(
    ("rule", "iou", "label"),
    [(TPN, 0.75, 1), (TPN, 0.65, -1), (TPN, 0.35, -1), (TPN, 0.25, 0)]
    + [(TDN, 0.65, 1), (TDN, 0.55, -1), (TDN, 0.45, -1), (TDN, 0.35, 0)],
)
def test_labels_follow_the_thresholds_of_the_paper(rule, iou, label):
    boxes = np.array([[0, 0, 100, 20], shifted(iou), [500, 500, 600, 520]], np.float32)
    known = truth([0, 0, 100, 20])
    assert overlaps(boxes, known.boxes)[1, 0] == pytest.approx(iou, abs=1e-5)
    labels, match = rule.label(boxes, known)
    assert labels.tolist() == [1, label, 0]
    assert match[:2].tolist() == [0, 0]


def test_the_anchor_nearest_to_a_text_is_text_even_if_it_is_not_near():
    boxes = np.array([shifted(0.4), shifted(0.5), [300, 0, 320, 20]], np.float32)
    known = truth([0, 0, 100, 20])
    assert TPN.label(boxes, known)[0].tolist() == [-1, 1, 0]
    assert TDN.label(boxes, known)[0].tolist() == [-1, -1, 0]


def test_a_box_matches_the_text_that_it_overlaps_most():
    known = truth([0, 0, 100, 20], [30, 0, 130, 20])
    boxes = np.array([[2, 0, 102, 20], [28, 0, 128, 20]], np.float32)
    labels, match = TPN.label(boxes, known)
    assert labels.tolist() == [1, 1]
    assert match.tolist() == [0, 1]
    assert offsets_to(known, match, boxes)[:, 0] == pytest.approx([-0.02, 0.02])


def test_what_lies_over_dont_care_text_is_no_background():
    known = truth([0, 0, 100, 20], ignored=[[200, 0, 300, 20]])
    boxes = np.array([[200, 0, 290, 20], [240, 0, 400, 20], [0, 0, 98, 20]], np.float32)
    assert TPN.label(boxes, known)[0].tolist() == [-1, 0, 1]


def test_of_an_image_without_text_everything_is_background():
    labels, _ = TPN.label(np.zeros((5, 4), np.float32), truth())
    assert labels.tolist() == [0] * 5


@pytest.mark.parametrize(
    ("text", "background", "expected"),
    [(1000, 1000, (128, 128)), (10, 1000, (10, 246)), (1000, 20, (128, 20)), (0, 500, (0, 256))],
)
def test_256_anchors_are_drawn_of_which_at_most_128_are_text(text, background, expected):
    labels = np.repeat([1, 0, -1], [text, background, 50])
    places = TPN.draw(labels, np.random.default_rng(0))
    assert tuple(map(len, places)) == expected
    assert (labels[places[0]] == 1).all()
    assert (labels[places[1]] == 0).all()
    assert all(len({*part.tolist()}) == len(part) for part in places)
    assert len(TDN.draw(labels, np.random.default_rng(0))[0]) == min(text, 64)


def test_what_is_drawn_depends_on_the_generator_alone():
    first, again, other = (drawn(np.arange(100), 10, np.random.default_rng(s)).tolist() for s in (1, 1, 2))
    assert first == again != other


def test_regions_of_several_images_are_joined_with_their_texts():
    known = truth([0, 0, 100, 20], [0, 50, 100, 90])
    text = Regions.of(0, known.boxes[::-1], known, np.array([1, 0]))
    background = Regions.of(1, np.ones((3, 4), np.float32), known)
    joined = Regions.joined([text, background])
    assert len(joined) == 5
    assert joined.image.tolist() == [0, 0, 1, 1, 1]
    assert joined.text.tolist() == [1, 1, 0, 0, 0]
    assert joined.classes[:2].tolist() == known.texts[::-1].tolist()
    assert (joined.classes[2:] == -1).all()
    assert (joined.aims == 0).all()
    assert joined.chosen(slice(1)).boxes.tolist() == [[0, 50, 100, 90]]
