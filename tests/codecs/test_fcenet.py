"""FCENet: round trips from polygons to maps and back, and reading against a literal decoder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs import make_codec
from scenetext.codecs.fcenet import FCENet
from scenetext.codecs.fourier import contours, signature
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon, iou, mask_of, min_area_rectangle, signed_area
from scenetext.recipe import load_recipe, recipe_names
from scenetext.settings import build
from scenetext.types import TextInstance

SIZE = (256, 320)
FINE = {"strides": (4, 8, 16), "overlaps": ((96.0, 128.0), (192.0, 256.0)), "relative": False}


def rotated(cx: float, cy: float, width: float, height: float, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (box_polygon(-width / 2, -height / 2, width / 2, height / 2) @ turn.T + [cx, cy]).astype(
        np.float32
    )


def band(centre: np.ndarray, height: float) -> np.ndarray:
    """A text of a height along a centre line (n, 2)."""
    along = np.gradient(centre, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    upper, lower = centre + normal * height / 2, centre - normal * height / 2
    return np.concatenate([upper, lower[::-1]]).astype(np.float32)


def arc(degrees: float, height: float = 30, length: float = 150, *, below: bool = False) -> np.ndarray:
    """Text bent around a centre below it, or above it."""
    radius = length / np.deg2rad(degrees)
    angles = np.deg2rad(np.linspace(-90 - degrees / 2, -90 + degrees / 2, 13))
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    if below:
        line[:, 1] *= -1
    return band(line - line.mean(axis=0) + [160, 128], height)


def wave(height: float = 30, swing: float = 16) -> np.ndarray:
    x = np.linspace(-80, 80, 17)
    return band(np.stack([x + 160, 128 + swing * np.sin(x / 80 * np.pi)], axis=1), height)


def as_outputs(codec: FCENet, targets: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a network that has learnt the targets by heart puts out."""
    outputs = {}
    for stride in codec.strides:
        outputs[f"classes_{stride}"] = targets[f"classes_{stride}"][None, :2]
        outputs[f"contour_{stride}"] = targets[f"contour_{stride}"][None]
    return outputs


def round_trip(codec: FCENet, polygons: list[np.ndarray], size: tuple[int, int] = SIZE) -> list[TextInstance]:
    return codec.decode(as_outputs(codec, codec.encode([TextInstance(p) for p in polygons], size)), size)


def best_ious(polygons: list[np.ndarray], found: list[TextInstance]) -> list[float]:
    return [max((iou(p, f.polygon) for f in found), default=0.0) for p in polygons]


CURVED = {
    "arch": arc(60),
    "high arch": arc(120),
    "half circle": arc(180, height=34),
    "bowl": arc(90, below=True),
    "wave": wave(),
    "steep wave": wave(swing=24),
}


@pytest.mark.parametrize("start", ["top", "right"])
@pytest.mark.parametrize("settings", [{}, FINE], ids=["paper", "fine"])
@pytest.mark.parametrize("name", CURVED)
def test_a_curved_word_is_recovered(name, settings, start):
    polygon = CURVED[name]
    found = round_trip(FCENet(start=start, **settings), [polygon])
    assert len(found) == 1
    assert iou(found[0].polygon, polygon) > 0.9
    assert iou(min_area_rectangle(polygon), polygon) < 0.9  # what a quadrilateral would lose


@pytest.mark.parametrize("start", ["top", "right"])
@settings(deadline=None, max_examples=25)
@given(st.floats(100, 200), st.floats(100, 156), st.floats(1, 6), st.floats(14, 30), st.floats(-90, 90))
def test_a_rotated_word_is_recovered(start, cx, cy, aspect, height, degrees):
    polygon = rotated(cx, cy, aspect * height, height, degrees)
    found = round_trip(FCENet(start=start, **FINE), [polygon])
    assert len(found) == 1
    assert iou(found[0].polygon, polygon) > 0.9
    assert signed_area(found[0].polygon) > 0


@pytest.mark.parametrize(
    "name", [name for name in recipe_names() if load_recipe(name).codec["name"] == "fcenet"]
)
@pytest.mark.parametrize("height", [16, 24, 40])
def test_the_codec_of_every_packaged_recipe_recovers_words(name, height):
    codec = make_codec(load_recipe(name).codec)
    # a rectangle around a contour of few waves is larger than the one that the waves stand for
    least = 0.9 if codec.shape == "polygon" else 0.85
    for degrees in (-60, -7, 0, 15, 80):
        polygon = rotated(160.3, 128.7, 3.1 * height, height, degrees)
        assert best_ious([polygon], round_trip(codec, [polygon]))[0] > least


@pytest.mark.parametrize("height", [3, 5, 8])
def test_a_word_thinner_than_a_pixel_of_the_map_is_recovered(height):
    for degrees in (0, 33, 90):
        polygon = rotated(150.3, 120.7, 40, height, degrees)
        assert best_ious([polygon], round_trip(FCENet(), [polygon]))[0] > 0.88


def test_touching_words_stay_apart():
    polygons = [box_polygon(x, y, x + 60, y + 24) for x in range(10, 310, 60) for y in range(8, 240, 24)]
    found = round_trip(FCENet(**FINE), polygons)
    assert len(found) == len(polygons)
    assert min(best_ious(polygons, found)) > 0.9


def test_a_word_cut_by_the_border_is_recovered_inside_it():
    found = round_trip(FCENet(**FINE), [box_polygon(-40, -4, 60, 26)])
    assert iou(found[0].polygon, box_polygon(0, 0, 60, 26)) > 0.9
    assert found[0].polygon.min() >= 0


def test_a_word_on_two_maps_is_found_once():
    codec = FCENet(**FINE)
    polygon = rotated(160, 120, 110, 30, 0)
    targets = codec.encode([TextInstance(polygon)], SIZE)
    assert [targets[f"classes_{s}"][0].any() for s in (4, 8, 16)] == [True, True, False]
    assert len(round_trip(codec, [polygon])) == 1


@pytest.mark.parametrize(
    ("length", "levels"),
    [
        *[(20, [0]), (60, [0]), (70, [0, 1]), (80, [1]), (120, [1]), (130, [1, 2]), (140, [2])],
        *[(200, [2]), (380, [2])],  # as long as the view is high, and longer
    ],
)
def test_the_length_as_a_share_of_the_height_decides_on_the_maps(length, levels):
    # 60, 80, 120, 140 are the bounds 0.3, 0.4, 0.6, 0.7 of 200
    targets = FCENet().encode([TextInstance(box_polygon(10, 90, 10 + length, 102))], (200, 400))
    assert [i for i, s in enumerate((8, 16, 32)) if targets[f"classes_{s}"][0].any()] == levels


def test_lengths_in_pixels_do_not_depend_on_the_view():
    word = TextInstance(box_polygon(10, 10, 110, 40))
    for size in ((256, 256), (352, 352), (736, 1280)):
        targets = FCENet(**FINE).encode([word], size)
        assert [bool(targets[f"classes_{s}"][0].any()) for s in (4, 8, 16)] == [True, True, False]
    shares = [FCENet().encode([word], (side, side))["classes_8"][0].any() for side in (128, 256, 1024)]
    assert shares == [False, True, True]


def test_the_targets_have_fixed_shapes():
    for polygons in ([], [box_polygon(10, 10, 100, 40)], list(CURVED.values())):
        targets = FCENet().encode([TextInstance(p) for p in polygons], SIZE)
        assert {key: value.shape for key, value in targets.items()} == {
            "classes_8": (3, 32, 40), "contour_8": (22, 32, 40),
            "classes_16": (3, 16, 20), "contour_16": (22, 16, 20),
            "classes_32": (3, 8, 10), "contour_32": (22, 8, 10),
        }  # fmt: skip
        assert all(value.dtype == np.float32 for value in targets.values())


def test_every_pixel_of_a_text_holds_its_signature_as_seen_from_there():
    polygon = CURVED["bowl"]
    targets = FCENet(**FINE).encode([TextInstance(polygon)], SIZE)
    classes, contour = targets["classes_8"], targets["contour_8"]
    expected = signature(polygon / 8, 5)
    assert np.array_equal(classes[0] > 0, mask_of([polygon / 8], 32, 40) | (classes[1] > 0))
    for i, j in zip(*np.nonzero(classes[0]), strict=True):
        seen = expected.copy()
        seen[5] -= j + 0.5 + 1j * (i + 0.5)
        assert contour[:11, i, j] == pytest.approx(seen.real, abs=1e-4)
        assert contour[11:, i, j] == pytest.approx(seen.imag, abs=1e-4)
    assert not contour[:, classes[0] == 0].any()


def test_the_centre_band_has_its_share_of_the_height_and_is_cut_at_the_ends():
    codec = FCENet(strides=(1,), overlaps=())
    text, centre, trained = codec.encode([TextInstance(box_polygon(50, 50, 250, 90))], SIZE)["classes_1"]
    assert trained.all()
    assert text.sum() == 200 * 40
    rows, columns = np.nonzero(centre)
    # a quarter of the height of 40 off each end, and 0.3 of it in width, around the middle
    assert (columns.min(), columns.max()) == (60, 239)
    assert (rows.min(), rows.max()) == (64, 75)
    assert centre.sum() == 180 * 12


def test_the_band_of_a_short_word_keeps_half_of_its_line():
    codec = FCENet(strides=(1,), overlaps=())
    centre = codec.encode([TextInstance(box_polygon(50, 50, 82, 100))], SIZE)["classes_1"][1]
    _, columns = np.nonzero(centre)
    assert (columns.min(), columns.max()) == (58, 73)


def test_the_band_of_a_high_quadrilateral_runs_downwards():
    codec = FCENet(strides=(1,), overlaps=())
    centre = codec.encode([TextInstance(box_polygon(100, 40, 130, 220))], SIZE)["classes_1"][1]
    rows, columns = np.nonzero(centre)
    assert rows.max() - rows.min() > 140
    assert columns.max() - columns.min() < 12


def test_no_text_gives_empty_maps_and_no_instances():
    targets = FCENet().encode([], SIZE)
    assert all(targets[f"classes_{s}"][:2].max() == 0 for s in (8, 16, 32))
    assert all(targets[f"classes_{s}"][2].min() == 1 for s in (8, 16, 32))
    assert round_trip(FCENet(), []) == []


def test_illegible_and_small_words_are_masked_on_their_own_maps():
    unreadable, small = box_polygon(100, 100, 180, 130), box_polygon(20, 20, 60, 25)
    codec = FCENet(min_size=6, **FINE)
    targets = codec.encode([TextInstance(unreadable, legible=False), TextInstance(small)], SIZE)
    masked = targets["classes_4"][2] == 0
    assert np.array_equal(masked, mask_of([unreadable / 4, small / 4], 64, 80))
    assert targets["classes_4"][:2].max() == 0
    assert targets["classes_8"][2].min() == targets["classes_16"][2].min() == 1


def test_of_overlapping_words_the_later_one_is_predicted():
    first, second = box_polygon(20, 20, 100, 60), box_polygon(60, 30, 140, 70)
    targets = FCENet(**FINE).encode([TextInstance(first), TextInstance(second)], SIZE)
    values = targets["contour_4"][:, 10, 20] @ np.eye(22)
    coefficients = values[:11] + 1j * values[11:]
    coefficients[5] += 20.5 + 10.5j
    assert iou(contours(coefficients, 50) * 4, second) > 0.9


def literal_decode(codec: FCENet, outputs: dict[str, np.ndarray]) -> list[tuple[np.ndarray, float]]:
    """Section by section as published: regions, the outline of each pixel, suppression three times."""

    def suppressed(found: list[tuple[np.ndarray, float]]) -> list[tuple[np.ndarray, float]]:
        kept: list[tuple[np.ndarray, float]] = []
        for polygon, score in sorted(found, key=lambda one: -one[1]):
            if all(iou(polygon, other) <= codec.overlap for other, _ in kept):
                kept.append((polygon, score))
        return kept

    everything = []
    for stride in codec.strides:
        region, centre = outputs[f"classes_{stride}"][0]
        contour = outputs[f"contour_{stride}"][0]
        height, width = region.shape
        score = region.astype(float) ** codec.alpha * centre.astype(float) ** codec.beta
        todo = {(i, j) for i in range(height) for j in range(width) if score[i, j] > codec.threshold}
        of_level = []
        while todo:
            stack, here = [todo.pop()], []
            while stack:
                i, j = stack.pop()
                here.append((i, j))
                for near in [(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                    if near in todo:
                        todo.remove(near)
                        stack.append(near)
            found = []
            for i, j in here:
                points = np.zeros((codec.points, 2))
                for n in range(codec.points):
                    value = (j + 0.5) + 1j * (i + 0.5)
                    for k in range(-codec.degree, codec.degree + 1):
                        c = contour[k + codec.degree, i, j] + 1j * contour[k + 3 * codec.degree + 1, i, j]
                        value += c * np.exp(2j * np.pi * k * n / codec.points)
                    points[n] = value.real * stride, value.imag * stride
                found.append((points, score[i, j]))
            of_level += suppressed(found)
        everything += suppressed(of_level)
    return suppressed(everything)


@pytest.mark.parametrize(("noise", "alpha", "beta"), [(0.05, 1.0, 2.0), (0.3, 1.0, 2.0), (0.8, 1.2, 1.0)])
def test_decoding_equals_a_literal_decoder(noise, alpha, beta):
    codec = FCENet(alpha=alpha, beta=beta)
    polygons = [
        rotated(60, 50, 90, 22, 8),
        rotated(70, 76, 80, 20, 4),
        arc(100),
        box_polygon(220, 30, 310, 60),
    ]
    outputs = as_outputs(codec, codec.encode([TextInstance(p) for p in polygons], SIZE))
    rng = np.random.default_rng(4)
    for key, value in outputs.items():
        if key.startswith("classes"):
            # no holes: what a region encloses is decoded beyond the published pixels
            outputs[key] = (value * rng.uniform(0.85, 0.99, value.shape)).astype(np.float32)
        else:
            outputs[key] = (value + rng.normal(0, noise, value.shape)).astype(np.float32)
    expected = literal_decode(codec, outputs)
    found = codec.decode(outputs, SIZE)
    assert len(expected) >= len(polygons)
    assert [one.score for one in found] == pytest.approx([score for _, score in expected])
    for one, (polygon, _) in zip(found, expected, strict=True):
        inside = np.clip(polygon, 0, [SIZE[1], SIZE[0]])
        assert iou(one.polygon, inside) > 0.999


def test_counter_clockwise_outlines_are_turned_round():
    codec = FCENet(**FINE)
    polygon = rotated(150, 120, 90, 30, 10)
    outputs = as_outputs(codec, codec.encode([TextInstance(polygon)], SIZE))
    for stride in codec.strides:
        maps = outputs[f"contour_{stride}"]
        outputs[f"contour_{stride}"] = maps.reshape(1, 2, 11, *maps.shape[2:])[:, :, ::-1].reshape(maps.shape)
    found = codec.decode(outputs, SIZE)
    assert len(found) == 1
    assert signed_area(found[0].polygon) > 0
    assert iou(found[0].polygon, polygon) > 0.9


def test_quadrilaterals_are_the_rectangles_around_outlines():
    polygon = rotated(150, 120, 120, 30, 20)
    outline, quad = (round_trip(FCENet(shape=shape), [polygon])[0].polygon for shape in ("polygon", "quad"))
    assert len(outline) == 50
    assert len(quad) == 4
    assert iou(quad, min_area_rectangle(outline)) > 0.99
    assert np.linalg.norm(quad[0] - polygon[0]) < 12


def test_fitted_shapes_are_rectangles_of_straight_words_and_outlines_of_bent_ones():
    straight, bent = rotated(150, 120, 120, 30, 20), CURVED[next(iter(CURVED))]
    for polygon, shape in ((straight, "quad"), (bent, "polygon")):
        fitted, same = (round_trip(FCENet(shape=s), [polygon])[0].polygon for s in ("fitted", shape))
        np.testing.assert_array_equal(fitted, same)


def test_a_polygon_begins_where_reading_does():
    for degrees in (-40, 0, 40):
        polygon = rotated(150, 120, 120, 30, degrees)
        found = round_trip(FCENet(), [polygon])[0].polygon
        assert np.linalg.norm(found[0] - polygon[0]) < 12


def test_pixels_below_the_threshold_find_nothing():
    codec = FCENet()
    outputs = as_outputs(codec, codec.encode([TextInstance(box_polygon(20, 20, 120, 50))], SIZE))
    faint = {key: value * 0.6 if key.startswith("classes") else value for key, value in outputs.items()}
    assert codec.decode(faint, SIZE) == []  # 0.6 x 0.36
    assert len(FCENet(threshold=0.2).decode(faint, SIZE)) == 1
    assert len(FCENet(beta=1.0).decode(faint, SIZE)) == 1


def test_noise_everywhere_is_cut_short():
    rng = np.random.default_rng(0)
    codec = FCENet(strides=(8,), overlaps=(), max_candidates=50)
    outputs = {
        "classes_8": np.ones((1, 2, 32, 40), np.float32),
        "contour_8": rng.normal(0, 0.4, (1, 22, 32, 40)).astype(np.float32),
    }
    assert len(codec.decode(outputs, SIZE)) <= 50
    nothing = {key: np.zeros_like(value) if key == "contour_8" else value for key, value in outputs.items()}
    assert codec.decode(nothing, SIZE) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"degree": 0}, "degree"),
        ({"points": 8}, "points"),
        ({"strides": [16, 8], "overlaps": [[0.3, 0.4]]}, "strides"),
        ({"strides": [8, 16]}, "overlaps"),
        ({"overlaps": [[0.4, 0.3], [0.6, 0.7]]}, "overlaps"),
        ({"overlaps": [[0.3, 0.65], [0.6, 0.7]]}, "overlaps"),
        ({"threshold": 1.0}, "threshold"),
        ({"start": "left"}, "start"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        build(FCENet, settings)


def test_every_length_has_a_map():
    codec = FCENet(**FINE)
    for length in (7.0, 96.0, 100.0, 128.0, 192.0, 256.0, 300.0):
        targets = codec.encode([TextInstance(box_polygon(4, 4, 4 + length, 24))], SIZE)
        assert any(targets[f"classes_{s}"][0].any() for s in codec.strides)
