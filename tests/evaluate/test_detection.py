from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.evaluate.detection import Detection, Overlap
from scenetext.geometry import box_polygon
from scenetext.types import TextInstance

PROTOCOL = Detection("test", "a test")


def box(left, top, right, bottom, legible=True):
    return TextInstance(box_polygon(left, top, right, bottom), "x" if legible else None, legible=legible)


def dont_care(*sides):
    return box(*sides, legible=False)


def pairs(truth, predictions, **rule):
    return Overlap(**rule).match(truth, predictions).pairs


def test_a_pair_matches_above_half_and_not_at_half():
    truth = [box(0, 0, 100, 10)]
    assert pairs(truth, [box(0, 0, 50, 10)]) == ()  # IoU is 0.5 to the digit
    assert pairs(truth, [box(0, 0, 51, 10)]) == ((0, 0),)


def test_each_side_is_used_once():
    same = box(0, 0, 100, 10)
    assert pairs([same], [same, same]) == ((0, 0),)
    assert pairs([same, same], [same]) == ((0, 0),)


def test_the_first_in_the_file_wins_not_the_best():
    truth = [box(0, 0, 100, 10)]
    poor, perfect = box(0, 0, 60, 10), box(0, 0, 100, 10)
    assert pairs(truth, [poor, perfect]) == ((0, 0),)


def test_or_the_best_pairs_are_taken_first():
    truth = [box(0, 0, 100, 10), box(30, 0, 100, 10)]
    poor, perfect = box(0, 0, 60, 10), box(0, 0, 100, 10)  # perfect also matches the second truth, by 0.7
    assert pairs(truth, [poor, perfect], prefer="best") == ((0, 1),)
    assert pairs(truth, [poor, perfect]) == ((0, 0), (1, 1))
    assert pairs(truth[::-1], [perfect, box(40, 0, 100, 10)], prefer="best") == ((0, 1), (1, 0))


def test_greedy_matching_can_give_one_pair_less_than_the_best_assignment():
    # The first truth takes the prediction that the second truth needs; it could have had the other one.
    truth = [box(0, 0, 100, 10), box(20, 0, 100, 10)]
    predictions = [box(10, 0, 100, 10), box(0, 0, 60, 10)]
    assert pairs(truth, predictions) == ((0, 0),)
    assert pairs(truth[::-1], predictions) == ((0, 0), (1, 1))


def test_scores_play_no_role():
    truth = [box(0, 0, 100, 10)]
    low, high = box(0, 0, 90, 10).replace(score=0.1), box(0, 0, 95, 10).replace(score=0.9)
    assert pairs(truth, [low, high]) == ((0, 0),)


def test_a_prediction_mostly_inside_a_dont_care_does_not_count():
    truth = [dont_care(0, 0, 50, 10)]
    at_half, above = box(0, 0, 100, 10), box(0, 0, 98, 10)
    assert Overlap().match(truth, [at_half]).predictions.tolist() == [True]
    assert Overlap().match(truth, [above]).predictions.tolist() == [False]


def test_overlaps_with_several_dont_cares_are_not_added_up():
    truth = [dont_care(0, 0, 40, 10), dont_care(60, 0, 100, 10)]
    assert Overlap().match(truth, [box(0, 0, 100, 10)]).predictions.tolist() == [True]


def test_a_prediction_inside_a_dont_care_finds_nothing_even_if_it_fits_a_word():
    truth = [dont_care(0, 0, 200, 50), box(0, 0, 100, 10)]
    matching = Overlap().match(truth, [box(0, 0, 100, 10)])
    assert matching.pairs == ()
    assert matching.truth.tolist() == [False, True]
    assert matching.predictions.tolist() == [False]


def test_a_dont_care_is_not_to_be_found():
    score = PROTOCOL([[dont_care(0, 0, 100, 10)]], [[]])
    assert score.counts["truth"] == 0


def test_figures_are_over_all_images_together():
    word, elsewhere = box(0, 0, 100, 10), box(0, 50, 100, 60)
    truth = [[word, elsewhere], [word], []]
    predictions = [[word], [elsewhere, elsewhere], [word]]
    score = PROTOCOL(truth, predictions)
    assert dict(score.counts) == {"images": 3, "truth": 3, "predictions": 4, "correct": 1}
    assert score.values["recall"] == pytest.approx(1 / 3)
    assert score.values["precision"] == pytest.approx(1 / 4)
    assert score.values["hmean"] == pytest.approx(2 / 7)
    assert score.figure == score.values["hmean"]


def test_the_score_tells_the_settings():
    score = Detection("test", "a test", Overlap(iou=0.7))([], [])
    assert score.parameters == {
        "iou": 0.7,
        "ignore_overlap": 0.5,
        "whole_pixels": True,
        "invalid": "skip",
        "prefer": "first",
    }
    assert score.figure == 0


def test_coordinates_are_cut_to_whole_pixels():
    truth = [box(0, 0, 100, 10)]
    prediction = [box(0, 0, 50.9, 10)]
    assert pairs(truth, prediction) == ()
    assert pairs(truth, prediction, whole_pixels=False) == ((0, 0),)


def test_negative_coordinates_are_cut_towards_zero():
    truth = [box(0, 0, 10, 10)]
    assert pairs(truth, [box(-0.9, -0.9, 10, 10)], iou=0.99) == ((0, 0),)


BOW_TIE = TextInstance(np.array([[0, 0], [100, 10], [100, 0], [0, 10]]), "bow")
FLAT = TextInstance(np.array([[0, 0], [100, 0], [100, 0], [0, 0]]), "flat")


@pytest.mark.parametrize("odd", [BOW_TIE, FLAT])
def test_invalid_polygons_are_skipped_on_both_sides(odd):
    word = box(0, 0, 100, 10)
    matching = Overlap().match([odd, word], [odd, word])
    assert matching.pairs == ((1, 1),)
    assert matching.truth.tolist() == [False, True]
    assert matching.predictions.tolist() == [False, True]


def test_invalid_polygons_can_be_kept():
    matching = Overlap(invalid="keep").match([FLAT, BOW_TIE], [FLAT, box(0, 50, 100, 60)])
    assert matching.pairs == ()
    assert matching.truth.tolist() == [True, True]
    assert matching.predictions.tolist() == [True, True]


def test_a_kept_polygon_that_crosses_itself_has_the_area_of_the_shoelace_formula():
    # The wings of the bow tie cancel out: area 0, 500 of the box's 1000 shared, so 500 / (1000 + 0 - 500).
    truth = [box(0, 0, 100, 10)]
    assert pairs(truth, [BOW_TIE], invalid="keep", iou=0.99) == ((0, 0),)
    assert pairs(truth, [BOW_TIE], invalid="keep", iou=1.0) == ()


def test_an_invalid_dont_care_hides_nothing_when_it_is_skipped():
    odd = BOW_TIE.replace(legible=False)
    assert Overlap().match([odd], [box(0, 0, 10, 10)]).predictions.tolist() == [True]


def test_curved_polygons_are_compared_by_their_shape_not_their_box():
    x = np.linspace(0, 100, 8)
    y = 40 * np.sin(np.pi * x / 100)
    arc = np.concatenate([np.stack([x, 50 - y], 1), np.stack([x, 60 - y], 1)[::-1]])
    around = box(0, 10, 100, 60)
    assert pairs([TextInstance(arc, "x")], [around]) == ()
    assert pairs([TextInstance(arc, "x")], [TextInstance(arc + 1, "x")]) == ((0, 0),)


def test_the_number_of_images_has_to_agree():
    with pytest.raises(ValueError, match="shorter"):
        PROTOCOL([[], []], [[]])


sides = st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 8)] * 2).map(
    lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3])
)
truths = st.lists(st.tuples(sides, st.booleans()), max_size=5)
predictions = st.lists(sides, max_size=5)


def by_hand(truth, found):
    """The protocol for boxes, in the plainest way."""

    def area(a):
        return max(a[2] - a[0], 0) * max(a[3] - a[1], 0) if a[2] > a[0] and a[3] > a[1] else 0

    def shared(a, b):
        return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))

    counts = [all(care or shared(t, p) / area(p) <= 0.5 for t, care in truth) for p in found]
    taken, result = set(), []
    for i, (t, care) in enumerate(truth):
        for j, p in enumerate(found):
            union = area(t) + area(p) - shared(t, p)
            if care and counts[j] and j not in taken and shared(t, p) / union > 0.5:
                taken.add(j)
                result.append((i, j))
                break
    return tuple(result), counts


@given(truths, predictions)
@settings(deadline=None, max_examples=200)
def test_matching_agrees_with_the_protocol_done_by_hand(truth, found):
    matching = Overlap().match([box(*t, legible=care) for t, care in truth], [box(*p) for p in found])
    expected, counts = by_hand(truth, found)
    assert matching.pairs == expected
    assert matching.predictions.tolist() == counts
