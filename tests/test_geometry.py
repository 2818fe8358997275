"""Polygons: areas, order, clipping, offsets, filling, maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext import geometry as g


def turned(polygon: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    return polygon @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


BOX = g.box_polygon(10, 20, 50, 30)


def test_area_is_positive_clockwise_on_screen_and_negative_the_other_way():
    assert g.signed_area(BOX) == 400
    assert g.signed_area(BOX[::-1]) == -400
    assert np.array_equal(g.clockwise(BOX[::-1])[0], BOX[::-1][0])
    assert g.signed_area(g.clockwise(BOX[::-1])) == 400


def test_perimeter_closes_the_outline():
    assert g.perimeter(BOX) == 100


def test_repeated_points_are_dropped_also_at_the_closing():
    doubled = np.concatenate([BOX[:2], BOX[1:], BOX[:1]])
    assert len(g.without_duplicates(doubled)) == 4
    assert g.iou(g.without_duplicates(doubled), BOX) == pytest.approx(1)


def test_a_closed_outline_begins_where_it_began():
    closed = np.concatenate([BOX, BOX[:1]])
    assert np.array_equal(g.without_duplicates(closed), BOX)
    assert np.array_equal(g.without_duplicates(np.repeat(closed, 2, axis=0)), BOX)
    assert len(g.without_duplicates(np.zeros((5, 2)))) == 1


def test_iou_of_known_boxes():
    assert g.iou(BOX, BOX) == pytest.approx(1)
    assert g.iou(BOX, BOX + [20, 0]) == pytest.approx(1 / 3)
    assert g.iou(BOX, BOX + [100, 0]) == 0


def test_iou_of_a_self_intersecting_polygon_does_not_fail():
    bow_tie = np.array([[0, 0], [10, 10], [10, 0], [0, 10]])
    assert 0 <= g.iou(bow_tie, g.box_polygon(0, 0, 10, 10)) <= 1


def test_a_polygon_inside_is_clipped_to_itself():
    assert np.array_equal(g.clip_polygon(BOX, 0, 0, 100, 100), BOX)


def test_a_clipped_polygon_starts_near_its_own_start():
    piece = g.clip_polygon(BOX, 0, 0, 30, 100)
    assert np.allclose(piece, g.box_polygon(10, 20, 30, 30))
    assert g.clip_polygon(BOX, 60, 0, 100, 100) is None


def test_a_clip_that_leaves_a_triangle_still_has_four_points():
    diamond = np.array([[0, -10], [10, 0], [0, 10], [-10, 0]], dtype=np.float32)
    piece = g.clip_polygon(diamond, 5, -20, 20, 20)
    assert len(piece) >= 4
    assert g.signed_area(piece) == pytest.approx(25, rel=1e-3)


def test_offsets_grow_shrink_split_and_vanish():
    assert g.signed_area(g.offset_polygon(BOX, -2)[0]) == pytest.approx(36 * 6, rel=0.01)
    grown = g.signed_area(g.offset_polygon(BOX, 2)[0])
    assert grown == pytest.approx(400 + 100 * 2 + np.pi * 4, rel=0.01)
    assert g.offset_polygon(BOX, -6) == []
    left = [[40, 0], [60, 0], [60, 20], [40, 20], [40, 11]]
    bell = np.array([[0, 0], [20, 0], [20, 9], [40, 9], *left, [20, 11], [20, 20], [0, 20]])
    assert len(g.offset_polygon(bell, -2)) == 2


@pytest.mark.parametrize("degrees", [0, 15, -30, 60, -60, 89, -89])
def test_a_long_rectangle_starts_where_reading_does(degrees):
    word = turned(g.box_polygon(-40, -10, 40, 10), degrees)
    for shift in range(4):
        assert np.allclose(g.order_quad(np.roll(word, shift, axis=0))[0], word[0], atol=1e-3)


def test_a_tall_single_character_is_upright_but_a_column_runs_down():
    digit = g.box_polygon(0, 0, 20, 28)
    assert np.allclose(g.order_quad(np.roll(digit, 2, axis=0)), digit)
    column = g.box_polygon(0, 0, 20, 100)
    assert np.allclose(g.order_quad(column)[:2], [[20, 0], [20, 100]])


@settings(deadline=None, max_examples=40)
@given(st.floats(-180, 180), st.floats(5, 80), st.floats(5, 80))
def test_the_smallest_rectangle_of_a_rectangle_is_itself(degrees, width, height):
    box = turned(g.box_polygon(-width, -height, width, height), degrees) + 200
    assert g.iou(g.min_area_rectangle(box), box) > 0.99


def test_the_smallest_rectangle_of_points_on_a_line_is_flat_but_there():
    line = np.array([[0, 0], [10, 0], [20, 0], [5, 0]])
    assert g.min_area_rectangle(line).shape == (4, 2)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 25)), min_size=4, max_size=7))
def test_filling_takes_the_pixels_whose_centre_is_inside(points):
    polygon = np.array(points)
    mask = g.mask_of([polygon], 20, 20)
    for row, column in [(0, 0), (3, 7), (10, 10), (19, 19), (12, 4)]:
        x, y = column + 0.5, row + 0.5
        inside = False  # the even-odd rule, written out
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (y0 <= y) != (y1 <= y) and x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x:
                inside = not inside
        assert mask[row, column] == inside


def test_filling_off_the_canvas_gives_an_empty_window():
    rows, columns, mask = g.fill_polygon(BOX - 500, 20, 20)
    assert mask.size == 0
    assert np.zeros((20, 20))[rows, columns].size == 0


def test_resampled_points_are_evenly_spaced():
    line = np.array([[0, 0], [10, 0], [10, 10]])
    steps = np.linalg.norm(np.diff(g.resample(line, 9), axis=0), axis=1)
    assert np.allclose(steps, 2.5)


def test_simplifying_stays_within_the_tolerance():
    circle = np.stack([np.cos(np.linspace(0, 6.2, 100)), np.sin(np.linspace(0, 6.2, 100))], axis=1) * 50
    assert len(g.simplify(circle, 1.0)) < 40
    assert g.iou(g.simplify(circle, 1.0), circle) > 0.96


def test_a_perspective_maps_its_four_points_and_refuses_a_line():
    target = np.array([[0, 0], [30, 4], [28, 22], [2, 18]])
    assert np.allclose(g.warp_points(BOX, g.perspective(BOX, target)), target, atol=1e-3)
    with pytest.raises(ValueError, match="one line"):
        g.perspective(np.array([[0, 0], [1, 1], [2, 2], [3, 3]]), target)


def test_densified_outlines_keep_their_shape():
    many = g.densify(BOX, 11)
    assert len(many) == 11
    assert g.iou(many, BOX) == pytest.approx(1)


@pytest.mark.parametrize("angle", [0, 0.3, -1.2, np.pi / 2, 3])
def test_a_turned_box_keeps_its_middle_and_sides_and_turns_clockwise(angle):
    quad = g.turned_box(10, 20, 40, 6, angle)
    assert np.allclose(quad.mean(axis=0), [30, 23], atol=1e-4)
    steps = np.roll(quad, -1, axis=0) - quad
    assert np.allclose(np.linalg.norm(steps, axis=1), [40, 6, 40, 6], atol=1e-4)
    assert np.arctan2(steps[0, 1], steps[0, 0]) == pytest.approx(angle, abs=1e-5)
    assert g.signed_area(quad) == pytest.approx(240, abs=1e-2)


def test_a_box_is_not_turned_by_what_is_no_angle():
    with pytest.raises(ValueError, match="a box without end: 0, 0, 1, 1, turned by nan"):
        g.turned_box(0, 0, 1, 1, float("nan"))


@pytest.mark.parametrize("degrees", [0, 20, 65])
def test_the_cover_of_a_polygon_sums_up_to_its_area(degrees):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    polygon = g.box_polygon(-9.3, -3.1, 9.3, 3.1) @ turn.T + [14.6, 12.3]
    rows, columns, share = g.cover_polygon(polygon, 30, 30)
    assert share.dtype == np.float32
    assert share.shape == (rows.stop - rows.start, columns.stop - columns.start)
    assert share.sum() == pytest.approx(g.signed_area(polygon), rel=0.03)
    y, x, inside = g.fill_polygon(polygon, 30, 30)
    assert (share[inside] > 0.4).all()
    assert (rows, columns) == (y, x)


def test_the_cover_of_a_polygon_outside_the_canvas_is_empty():
    for left, top in ((-50, 5), (5, -50), (90, 5), (5, 90)):
        assert g.cover_polygon(g.box_polygon(left, top, left + 20, top + 10), 30, 30)[2].size == 0


def test_a_ring_can_be_counted_from_the_point_next_to_a_place():
    ring = g.box_polygon(0, 0, 10, 5)
    assert g.starting_at(ring, np.array([9, 7])).tolist() == [[10, 5], [0, 5], [0, 0], [10, 0]]
    assert g.starting_at(ring, np.array([-3, -3])).tolist() == ring.tolist()
