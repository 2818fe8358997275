"""PSENet: kernels of known size, round trips from polygons to maps and back."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs import make_codec
from scenetext.codecs.psenet import PSENet
from scenetext.errors import SettingsError
from scenetext.geometry import bounds, box_polygon, iou, mask_of, signed_area
from scenetext.recipe import load_recipe, recipe_names
from scenetext.settings import build
from scenetext.types import TextInstance

SIZE = (256, 320)
RECIPES = [name for name in recipe_names() if load_recipe(name).codec["name"] == "psenet"]


def rotated(cx: float, cy: float, width: float, height: float, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    box = box_polygon(-width / 2, -height / 2, width / 2, height / 2)
    return (box @ turn.T + [cx, cy]).astype(np.float32)


def arc(cx: float, cy: float, radius: float, height: float, degrees: float, points: int = 9) -> np.ndarray:
    """Text bent upwards around a centre below it: top edge left to right, bottom edge back."""
    angles = np.deg2rad(np.linspace(-90 - degrees / 2, -90 + degrees / 2, points))
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outer, inner = ring * (radius + height), ring[::-1] * radius
    return (np.concatenate([outer, inner]) + [cx, cy]).astype(np.float32)


def outputs(maps: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a perfect network puts out."""
    return {"kernels": maps["kernels"][None].astype(np.float32) / 255}


def round_trip(codec: PSENet, polygons: list[np.ndarray], size: tuple[int, int] = SIZE) -> list[TextInstance]:
    return codec.decode(outputs(codec.encode([TextInstance(p) for p in polygons], size)), size)


def best_ious(polygons: list[np.ndarray], found: list[TextInstance]) -> list[float]:
    return [max((iou(p, f.polygon) for f in found), default=0.0) for p in polygons]


# --- targets ------------------------------------------------------------------------------------------


def test_kernels_are_shrunk_by_the_whole_pixels_of_the_authors_code():
    # A = 4000, L = 280: d = A (1 - r^2) / L = 2.71, 5.14, 7.29, 9.14, 10.71, 12.00 for r = 0.9 ... 0.4
    kernels = PSENet().shrink(box_polygon(0, 0, 100, 40))
    expected = [0, 3, 5, 7, 9, 11, 12]
    assert [bounds(k) for k in kernels] == [(d, d, 100 - d, 40 - d) for d in expected]


def test_kernels_of_the_paper_are_shrunk_by_the_exact_distance():
    kernels = PSENet(offsets="paper", min_scale=0.5, kernels=6).shrink(box_polygon(0, 0, 100, 40))
    for kernel, rate in zip(kernels, (1, 0.9, 0.8, 0.7, 0.6, 0.5), strict=True):
        distance = 4000 * (1 - rate**2) / 280
        assert np.allclose(bounds(kernel), (distance, distance, 100 - distance, 40 - distance), atol=0.02)


def test_the_authors_code_shrinks_by_20_pixels_at_most():
    box = box_polygon(0, 0, 400, 200)  # A (1 - 0.4^2) / L = 56
    assert bounds(PSENet().shrink(box)[-1]) == (20, 20, 380, 180)
    assert bounds(PSENet(offsets="paper").shrink(box)[-1])[0] == pytest.approx(56, abs=0.02)


def test_a_kernel_of_which_nothing_is_left_is_the_whole_word():
    thin = box_polygon(0, 0, 40, 2)  # shrunk by one pixel it is gone
    kernels = PSENet().shrink(thin)
    assert [bounds(kernel) for kernel in kernels] == 7 * [(0, 0, 40, 2)]
    assert min(best_ious([thin + 20], round_trip(PSENet(), [thin + 20]))) > 0.9


def test_of_a_kernel_in_parts_the_largest_part_stays():
    dumbbell = np.array(
        [[0, 0], [60, 0], [60, 18], [90, 18], [90, 4], [120, 4], [120, 36], [90, 36], [90, 22], [60, 22],
         [60, 40], [0, 40]], np.float32,
    )  # fmt: skip
    kernel = PSENet().shrink(dumbbell)[-1]
    assert bounds(kernel)[2] < 60
    assert signed_area(kernel) > 300


def test_the_maps_hold_each_kernel_in_the_one_before_it():
    polygons = [rotated(100, 80, 120, 40, 20), arc(200, 200, 60, 26, 120)]
    maps = PSENet().encode([TextInstance(p) for p in polygons], SIZE)
    assert maps["kernels"].shape == (7, *SIZE)
    assert set(np.unique(maps["kernels"])) == {0, 255}
    assert np.array_equal(maps["kernels"][0] == 255, mask_of(polygons, *SIZE))
    for larger, smaller in zip(maps["kernels"], maps["kernels"][1:], strict=False):
        assert (smaller <= larger).all()
        assert smaller.sum() < larger.sum()
    assert maps["mask"].all()


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_soft_targets_hold_the_area_of_the_kernels_at_every_stride(stride):
    codec = PSENet(stride=stride, soft_targets=True)
    polygon = rotated(150, 120, 130, 37, 17)
    maps = codec.encode([TextInstance(polygon)], SIZE)
    assert maps["kernels"].shape == (7, -(-SIZE[0] // stride), -(-SIZE[1] // stride))
    for kernel, shrunk in zip(maps["kernels"], codec.shrink(polygon), strict=True):
        assert kernel.sum() / 255 * stride**2 == pytest.approx(signed_area(shrunk), rel=0.02)


def test_illegible_and_small_words_are_masked_out_and_have_no_kernels():
    small, unreadable = box_polygon(20, 20, 60, 25), box_polygon(100, 100, 180, 130)
    instances = [TextInstance(small), TextInstance(unreadable, legible=False)]
    maps = PSENet(min_size=6).encode(instances, SIZE)
    assert maps["kernels"].max() == 0
    assert np.array_equal(~maps["mask"], mask_of([small, unreadable], *SIZE))
    assert PSENet().encode(instances, SIZE)["mask"][22, 40]  # the code trains on the smallest words too


def test_a_word_cut_by_the_border_is_recovered_inside_it():
    found = round_trip(PSENet(), [box_polygon(-40, -4, 60, 26)])
    assert iou(found[0].polygon, box_polygon(0, 0, 60, 26)) > 0.95
    assert found[0].polygon.min() >= 0


def test_a_word_outside_leaves_no_trace():
    maps = PSENet().encode([TextInstance(box_polygon(-90, 10, -20, 40))], SIZE)
    assert maps["kernels"].max() == 0
    assert maps["mask"].all()


# --- round trips --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    st.floats(100, 220), st.floats(90, 160), st.floats(1.2, 6), st.floats(14, 30), st.floats(-90, 90),
    st.sampled_from([1, 2, 4]), st.sampled_from(["quad", "polygon"]),
)  # fmt: skip
def test_a_rotated_word_is_recovered(cx, cy, aspect, height, degrees, stride, shape):
    height = max(height, 6 * stride)  # the smallest kernel of a lower one is thinner than a pixel, and breaks
    polygon = rotated(cx, cy, aspect * height, height, degrees)
    # the mean over a low word in a coarse map is not much more than the half of its border pixels
    found = round_trip(PSENet(stride=stride, soft_targets=True, shape=shape, min_score=0.6), [polygon])
    assert len(found) == 1
    assert iou(found[0].polygon, polygon) > 0.95 - 0.05 * (stride - 1)
    assert signed_area(found[0].polygon) > 0
    assert 0.6 <= found[0].score <= 1


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("height", [12, 16, 24, 40])
def test_the_codec_of_every_packaged_recipe_recovers_words(name, height):
    codec = make_codec(load_recipe(name).codec)
    for degrees in (-60, -7, 0, 15, 80):
        polygon = rotated(160.3, 128.7, 3.1 * height, height, degrees)
        assert best_ious([polygon], round_trip(codec, [polygon]))[0] > 0.85


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("degrees", [60, 120, 180])
def test_a_curved_word_is_recovered_as_a_polygon(degrees, stride):
    polygon = arc(160, 170, 60, 26, degrees)
    found = round_trip(PSENet(shape="polygon", stride=stride, soft_targets=True), [polygon])
    assert len(found) == 1
    assert len(found[0].polygon) > 4
    assert iou(found[0].polygon, polygon) > 0.93


@pytest.mark.parametrize(("stride", "soft"), [(1, False), (2, True), (4, True)])
def test_words_three_pixels_apart_stay_apart(stride, soft):
    polygons = [box_polygon(x, y, x + 57, y + 23) for x in range(10, 300, 60) for y in range(9, 220, 26)]
    codec = PSENet(stride=stride, soft_targets=soft)
    found = round_trip(codec, polygons)
    assert len(found) == len(polygons)
    assert min(best_ious(polygons, found)) > (0.9 if stride < 4 else 0.8)


def test_words_that_touch_are_parted_where_they_touch():
    polygons = [box_polygon(20, 40, 120, 80), box_polygon(120, 40, 260, 80), box_polygon(120, 80, 260, 110)]
    found = round_trip(PSENet(), polygons)
    assert len(found) == 3
    assert (
        min(best_ious(polygons, found)) > 0.9
    )  # at a corner of three, who comes first depends on the shapes


def test_no_text_gives_no_instances():
    assert round_trip(PSENet(), []) == []
    assert PSENet().decode({"kernels": np.zeros((1, 7, 32, 64), np.float32)}, (32, 64)) == []


# --- reading ------------------------------------------------------------------------------------------


def drawn(*boxes: tuple[int, int, int, int, int, float]) -> np.ndarray:
    """Three maps (1, 3, 60, 120); each box is (map, left, top, right, bottom, value)."""
    maps = np.zeros((1, 3, 60, 120), np.float32)
    for index, left, top, right, bottom, value in boxes:
        maps[0, index, top:bottom, left:right] = value
    return maps


def test_a_result_is_the_text_around_its_smallest_kernel_with_the_mean_of_the_text():
    maps = drawn(*((i, 10 + 4 * i, 10 + 4 * i, 90 - 4 * i, 40 - 4 * i, 0.9) for i in range(3)))
    (found,) = PSENet(kernels=3).decode({"kernels": maps}, (60, 120))
    # where 0.9 inside and 0 outside cross 0.5: 0.056 pixels within the outermost edge
    assert np.allclose(bounds(found.polygon), (10, 10, 90, 40), atol=0.06)
    assert found.score == pytest.approx(0.9, abs=1e-5)


def test_kernels_outside_the_text_do_not_count():
    maps = drawn((0, 10, 10, 50, 40, 1), (1, 10, 10, 110, 40, 1), (2, 20, 20, 100, 30, 1))
    (found,) = PSENet(kernels=3).decode({"kernels": maps}, (60, 120))
    assert np.allclose(bounds(found.polygon), (10, 10, 50, 40))


def test_two_kernels_make_two_instances_of_one_text():
    maps = drawn((0, 10, 10, 110, 40, 1), (1, 12, 15, 108, 35, 1), (2, 15, 20, 55, 30, 1))
    maps[0, 2, 20:30, 65:105] = 1
    found = PSENet(kernels=3).decode({"kernels": maps}, (60, 120))
    assert sorted(bounds(f.polygon) for f in found) == [(10, 10, 60, 40), (60, 10, 110, 40)]


@pytest.mark.parametrize(
    ("change", "count"),
    [({}, 1), ({"min_kernel_area": 41}, 0), ({"min_area": 401}, 0), ({"min_score": 0.95}, 0),
     ({"threshold": 0.92}, 0), ({"max_instances": 0}, 0)],
)  # fmt: skip
@pytest.mark.parametrize("stride", [1, 2])
def test_small_and_faint_results_are_left_out(change, count, stride):
    change = {k: v * stride**2 if k.endswith("area") else v for k, v in change.items()}
    maps = drawn((0, 20, 20, 60, 30, 0.9), (1, 20, 20, 60, 30, 0.9), (2, 30, 24, 50, 26, 0.9))
    codec = PSENet(stride=stride, kernels=3, **change)
    assert len(codec.decode({"kernels": maps}, (60 * stride, 120 * stride))) == count


def test_outlines_follow_the_probability_to_a_fraction_of_a_pixel():
    maps = np.repeat(drawn((0, 20, 20, 60, 40, 1))[:, :1], 3, axis=1)
    maps[0, :, 20:40, 60] = 0.4
    (found,) = PSENet(kernels=3).decode({"kernels": maps}, (60, 120))
    right = 60 - 0.5 + (1 - 0.5) / (1 - 0.4)  # between the centres of columns 59 and 60
    assert np.allclose(bounds(found.polygon), (20, 20, right, 40), atol=1e-4)


def test_holes_do_not_make_a_second_result():
    maps = drawn((0, 10, 10, 110, 50, 1), (1, 12, 12, 108, 48, 1), (2, 15, 14, 105, 20, 1))
    maps[0, :, 25:35, 40:80] = 0
    for shape in ("quad", "polygon"):
        (found,) = PSENet(kernels=3, shape=shape).decode({"kernels": maps}, (60, 120))
        assert iou(found.polygon, box_polygon(10, 10, 110, 50)) > 0.98


def test_the_largest_come_first_and_the_number_is_capped():
    polygons = [box_polygon(10, 10, 40, 30), box_polygon(10, 60, 150, 120), box_polygon(200, 60, 290, 100)]
    found = round_trip(PSENet(max_instances=2), polygons)
    assert len(found) == 2
    assert min(best_ious(polygons[1:], found)) > 0.95
    assert signed_area(found[0].polygon) > signed_area(found[1].polygon)


def test_sixty_words_of_a_photo_are_found_without_loops_over_pixels():
    words = [rotated(108 + 212 * (i % 6), 37 + 73 * (i // 6), 150, 30, 8 - 2 * (i % 9)) for i in range(60)]
    codec = PSENet()
    maps = outputs(codec.encode([TextInstance(p) for p in words], (736, 1280)))
    spent = []
    for _ in range(3):
        start = time.process_time()
        found = codec.decode(maps, (736, 1280))
        spent.append(time.process_time() - start)
    assert len(found) == 60
    assert min(spent) < 0.3  # about 0.04 on an idle core; pixel by pixel it is seconds


@pytest.mark.parametrize(
    ("change", "match"),
    [({"stride": 0}, "stride"), ({"kernels": 1}, "kernels"), ({"min_scale": 1.0}, "min_scale"),
     ({"threshold": 0.0}, "threshold"), ({"offsets": "exact"}, "offsets")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(change, match):
    with pytest.raises(SettingsError, match=match):
        build(PSENet, change)
