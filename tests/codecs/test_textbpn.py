"""TextBPN: fields of known shapes, and round trips from polygons to fields, proposals and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs import make_codec
from scenetext.codecs.textbpn import TextBPN
from scenetext.errors import SettingsError
from scenetext.geometry import bounds, box_polygon, iou, mask_of, offset_polygon, signed_area
from scenetext.recipe import load_recipe, recipe_names
from scenetext.runtime import run
from scenetext.settings import build
from scenetext.types import TextInstance

SIZE = (256, 320)


def rotated(cx: float, cy: float, width: float, height: float, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    box = box_polygon(-width / 2, -height / 2, width / 2, height / 2)
    return (box @ turn.T + [cx, cy]).astype(np.float32)


def arc(cx: float, cy: float, radius: float, height: float, degrees: float, points: int = 9) -> np.ndarray:
    angles = np.deg2rad(np.linspace(-90 - degrees / 2, -90 + degrees / 2, points))
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outer, inner = circle * (radius + height), circle[::-1] * radius
    return (np.concatenate([outer, inner]) + [cx, cy]).astype(np.float32)


def encode(codec, polygons, size=SIZE):
    return codec.encode([TextInstance(p) for p in polygons], size)


def propose(codec, polygons, size=SIZE):
    return codec.propose(codec.ideal([TextInstance(p) for p in polygons], size))["proposals"]


def read_back(codec, polygons, size=SIZE):
    """Through both graphs, of which the second one knows the true boundaries."""
    contours = encode(codec, polygons, size)["contours"]

    def fields(inputs):
        return codec.ideal([TextInstance(p) for p in polygons], size)

    def deform(inputs):
        centres = inputs["proposals"].mean(axis=1)
        nearest = [np.linalg.norm(contours.mean(axis=1) - centre, axis=1).argmin() for centre in centres]
        return {"boundaries": contours[nearest]}

    return codec.decode(run((fields, deform), codec, {}), size)


def best_ious(polygons, found):
    return [max((iou(p, f.polygon) for f in found), default=0.0) for p in polygons]


def test_the_fields_of_a_shape_follow_their_definition():
    polygon = np.array([[6, 8], [40, 4], [46, 20], [24, 17], [8, 26]], dtype=np.float32)
    maps = encode(TextBPN(min_depth=1), [polygon], (32, 56))
    inside = mask_of([polygon], 32, 56)
    outside = np.argwhere(~inside)
    expected, near = np.zeros(inside.shape), {}
    for i, j in np.argwhere(inside):
        steps = outside - [i, j]
        lengths = np.hypot(*steps.T)
        expected[i, j] = lengths.min()
        near[i, j] = steps[np.isclose(lengths, lengths.min())] / lengths.min()
    assert np.array_equal(maps["text"], inside)
    assert np.allclose(maps["distance"], expected / expected.max(), atol=1e-6)
    for (i, j), units in near.items():
        assert np.abs(units - maps["direction"][::-1, i, j]).sum(axis=1).min() < 1e-5
    assert np.array_equal(maps["direction"][:, ~inside], np.zeros((2, len(outside))))
    assert maps["depths"][0] == pytest.approx(expected.max())
    assert np.allclose(maps["weight"][inside], inside.sum() ** -0.5)
    assert np.allclose(maps["weight"][~inside], (~inside).sum() ** -0.5)


@pytest.mark.parametrize("stride", [2, 4])
def test_a_map_pixel_has_the_mean_of_the_view_pixels_under_it(stride):
    polygon = rotated(27, 25, 40, 22, 25)
    fine, coarse = (encode(TextBPN(stride=s), [polygon], (64, 64)) for s in (1, stride))
    for name in ("text", "distance"):
        blocks = fine[name].reshape(64 // stride, stride, 64 // stride, stride)
        assert np.allclose(coarse[name], blocks.mean(axis=(1, 3)), atol=1e-6)
    assert np.linalg.norm(coarse["direction"], axis=0).max() <= 1 + 1e-5
    assert coarse["depths"][0] == pytest.approx(fine["depths"][0] / stride)
    assert np.allclose(bounds(coarse["contours"][0] * stride), bounds(fine["contours"][0]), atol=1e-3)


def test_boundaries_and_proposals_run_clockwise_and_proposals_lie_inside():
    polygons = [rotated(80, 60, 90, 30, 15), arc(200, 200, 50, 30, 120)]
    maps = encode(TextBPN(), polygons)
    order = sorted(polygons, key=lambda p: -signed_area(p))
    assert (maps["depths"] > 0).tolist() == [True, True, *[False] * 62]
    for polygon, contour, proposal in zip(order, maps["contours"], maps["proposals"], strict=False):
        assert iou(contour, polygon) > 0.95
        shrunk = offset_polygon(polygon, -0.4 * maps["depths"][0])[0]
        assert iou(proposal, shrunk) > 0.85
        assert signed_area(contour) > signed_area(proposal) > 0


@settings(deadline=None, max_examples=40)
@given(
    st.floats(100, 220), st.floats(90, 160), st.floats(1.2, 6), st.floats(16, 40), st.floats(-90, 90),
    st.sampled_from([1, 2, 4]),
)  # fmt: skip
def test_a_word_is_proposed_smaller_by_the_threshold(cx, cy, aspect, height, degrees, stride):
    polygon = rotated(cx, cy, aspect * height, height, degrees)
    found = propose(TextBPN(stride=stride), [polygon])
    assert len(found) == 1
    expected = offset_polygon(polygon, -0.3 * height / 2)[0]
    assert iou(found[0] * stride, expected) > 0.82


@pytest.mark.parametrize(
    "name", [name for name in recipe_names() if load_recipe(name).codec["name"] == "textbpn"]
)
@pytest.mark.parametrize("height", [14, 24, 40])
def test_the_codec_of_every_packaged_recipe_finds_words_again(name, height):
    codec = make_codec(load_recipe(name).codec)
    for degrees in (-60, -7, 0, 15, 80):
        polygon = rotated(160.3, 128.7, 3.1 * height, height, degrees)
        assert best_ious([polygon], read_back(codec, [polygon]))[0] > 0.9


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("degrees", [60, 120, 180])
def test_a_curved_word_is_found_again(degrees, stride):
    polygon = arc(160, 170, 60, 26, degrees)
    found = read_back(TextBPN(stride=stride), [polygon])
    assert len(found) == 1
    assert iou(found[0].polygon, polygon) > 0.9
    assert signed_area(found[0].polygon) > 0


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_touching_words_stay_apart(stride):
    polygons = [box_polygon(x, y, x + 60, y + 24) for x in range(10, 310, 60) for y in range(8, 240, 24)]
    codec = TextBPN(stride=stride)
    assert len(propose(codec, polygons)) == len(polygons)
    assert min(best_ious(polygons, read_back(codec, polygons))) > 0.9


def test_no_text_gives_empty_maps_no_proposals_and_no_instances():
    codec = TextBPN()
    maps = encode(codec, [])
    assert maps["text"].max() == maps["distance"].max() == maps["depths"].max() == 0
    assert maps["mask"].min() == 1
    proposed = codec.propose(codec.ideal([], SIZE))
    assert proposed["proposals"].shape == (0, 20, 2)
    assert proposed["scores"].shape == (0,)
    assert codec.decode({"boundaries": proposed["proposals"], "scores": proposed["scores"]}, SIZE) == []


def test_illegible_and_shallow_words_are_masked_out_unless_a_word_that_cares_lies_there():
    flat, unreadable = box_polygon(20, 20, 60, 26), box_polygon(100, 100, 180, 130)
    word = box_polygon(170, 100, 250, 130)
    codec = TextBPN()
    maps = codec.encode(
        [TextInstance(flat), TextInstance(unreadable, legible=False), TextInstance(word)], SIZE
    )
    ignored = mask_of([flat, unreadable], *SIZE) & ~mask_of([word], *SIZE)
    assert np.array_equal(maps["mask"] == 0, ignored)
    assert np.array_equal(maps["text"] > 0, mask_of([word], *SIZE))
    assert (maps["depths"] > 0).sum() == 1


def test_a_word_cut_by_the_border_ends_there():
    polygon = box_polygon(-40, -4, 60, 26)
    codec = TextBPN()
    found = read_back(codec, [polygon])
    assert iou(found[0].polygon, box_polygon(0, 0, 60, 26)) > 0.9
    assert found[0].polygon.min() >= 0


def test_more_words_than_there_is_room_for_leave_out_the_smallest():
    polygons = [box_polygon(10, 10, 60, 30), box_polygon(10, 60, 150, 120), box_polygon(200, 60, 290, 100)]
    maps = encode(TextBPN(max_instances=2), polygons)
    assert maps["contours"].shape == (2, 20, 2)
    assert [iou(c, p) > 0.9 for c, p in zip(maps["contours"], polygons[1:], strict=True)] == [True, True]
    assert maps["text"][20, 30] == 1  # the fields have them all


def blob(text=1.0, distance=1.0, hole=False):
    prior = np.zeros((1, 4, 60, 100), dtype=np.float32)
    prior[0, 0, 10:50, 10:90] = text
    prior[0, 1, 10:50, 10:90] = distance
    if hole:
        prior[0, 1, 20:40, 20:80] = 0
        prior[0, 1, 24:36, 30:70] = distance  # an island in the hole
    return {"prior": prior}


def test_a_hole_is_filled_and_what_lies_in_it_is_no_second_proposal():
    found = TextBPN().propose(blob(hole=True))["proposals"]
    assert len(found) == 1
    assert iou(found[0], box_polygon(10, 10, 90, 50)) > 0.95


@pytest.mark.parametrize(
    ("changes", "prior", "count"),
    [
        ({}, blob(), 1),
        ({}, blob(text=0.8), 0),
        ({"min_score": 0.7}, blob(text=0.8), 1),
        ({"min_area": 4000.0}, blob(), 0),
        ({}, blob(distance=0.2), 0),
        ({"relative": True}, blob(distance=0.2), 1),
        ({"relative": True}, blob(distance=0.0), 0),
        ({"stride": 2, "min_area": 4000.0}, blob(), 1),  # square pixels of the view
    ],
)
def test_a_region_counts_if_it_is_deep_large_and_sure_enough(changes, prior, count):
    proposed = TextBPN(**changes).propose(prior)
    assert len(proposed["proposals"]) == len(proposed["scores"]) == count


def test_the_largest_regions_come_first_and_their_number_is_capped():
    polygons = [box_polygon(10, 10, 60, 30), box_polygon(10, 60, 150, 120), box_polygon(200, 60, 290, 100)]
    found = propose(TextBPN(max_proposals=2), polygons)
    assert len(found) == 2
    assert signed_area(found[0]) > signed_area(found[1]) > 1000


def test_a_boundary_that_crosses_itself_or_leaves_the_view_still_is_a_polygon():
    codec = TextBPN(points=4)
    crossed = np.array([[10, 10], [80, 40], [80, 10], [10, 30]], dtype=np.float32)
    beyond = box_polygon(-20, 60, 40, 90)
    flat = np.zeros((4, 2), dtype=np.float32)
    outputs = {"boundaries": np.stack([crossed, beyond, flat]), "scores": np.float32([0.9, 0.8, 0.7])}
    found = codec.decode(outputs, (100, 100))
    assert [round(f.score, 2) for f in found] == [0.9, 0.8]
    assert all(signed_area(f.polygon) > 0 for f in found)
    assert iou(found[1].polygon, box_polygon(0, 60, 40, 90)) > 0.99


def test_settings_out_of_range_are_refused():
    for wrong in ({"core": 1.0}, {"threshold": 0.0}, {"stride": 0}, {"points": 3}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            build(TextBPN, wrong)
