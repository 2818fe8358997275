from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import QUAD, write_pictures, write_text
from scenetext.data.icdar import parse_quad
from scenetext.data.scenes import labelled_scenes, line_reader, pairs_of, truth
from scenetext.errors import DataError, strict
from scenetext.geometry import signed_area, valid_shape

BOX = [(2.0, 3.5), (40.0, 2.0), (40.0, 20.25), (2.0, 20.0)]

points = st.lists(st.tuples(*[st.integers(-50, 2000)] * 2), min_size=1, max_size=14)


def test_an_outline_in_order_stays_as_it_is_with_its_fractions():
    instance = truth(BOX, "word")
    assert instance.polygon.tolist() == [list(point) for point in BOX]
    assert (instance.text, instance.legible) == ("word", True)


def test_an_outline_is_turned_clockwise_about_its_first_point():
    assert truth(BOX[:1] + BOX[:0:-1], "word").polygon.tolist() == [list(point) for point in BOX]


@pytest.mark.parametrize(
    "given", [[*BOX, BOX[0]], [BOX[0], *BOX], [*BOX[:2], *BOX[1:]], [*BOX, BOX[-1], BOX[0]]]
)
def test_repeated_points_go_and_the_first_stays_first(given):
    assert truth(given, "word").polygon.tolist() == [list(point) for point in BOX]


def test_a_triangle_gets_a_fourth_point():
    polygon = truth([(0, 0), (30, 0), (0, 10)], "word").polygon
    assert len(polygon) == 4
    assert signed_area(polygon) == 150


@pytest.mark.parametrize(
    "given",
    [
        [(5, 5)],
        [(5, 5), (5, 5), (5, 5), (5, 5)],
        [(5, 5), (9, 5), (5, 5), (9, 5)],
        [(0, 0), (10, 10), (20, 20), (30, 30)],
        [(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)],
    ],
)
def test_what_has_no_area_is_a_dont_care_without_text(given):
    instance = truth(given, "word")
    assert (instance.text, instance.legible) == (None, False)
    assert len(instance.polygon) >= 4


def test_an_outline_that_crosses_itself_stays_and_counts_though_its_loops_cancel_out():
    crossed = [(0, 0), (20, 20), (20, 0), (0, 20)]
    instance = truth(crossed, "word")
    assert signed_area(instance.polygon) == 0
    assert instance.legible
    assert instance.polygon.tolist() == [list(point) for point in crossed]


def test_a_dont_care_has_no_text():
    assert truth(BOX, "word", legible=False).text is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [([], "without points"), ([(0, float("nan"))] * 4, "out of range"), ([(0, 1e30)] * 4, "out of range")],
)
def test_what_is_no_outline_is_wrong(given, reason):
    with pytest.raises(ValueError, match=reason):
        truth(given, "word")


@settings(deadline=None, max_examples=100)
@given(points)
def test_whatever_is_legible_has_an_area_and_runs_clockwise(outline):
    instance = truth(outline, "word")
    assert (np.linalg.norm(np.diff(instance.polygon, axis=0), axis=1) > 0).all() or not instance.legible
    assert signed_area(instance.polygon) >= 0
    assert instance.legible == (valid_shape(np.array(instance.polygon)).area >= 1)


def test_an_x_without_a_y_is_wrong():
    assert pairs_of([1, 2, 3, 4]) == [(1, 2), (3, 4)]
    with pytest.raises(ValueError, match="3 coordinates"):
        pairs_of([1, 2, 3])


def scenes(root, wrong=strict):
    return labelled_scenes(
        [root / "a", root / "b"], [root / "gts"], ("gt_{}.txt", "{}.txt"), line_reader(parse_quad), wrong
    )


def test_pictures_meet_their_label_files_by_name_and_in_their_folders(tmp_path):
    write_pictures(tmp_path, "a/1.jpg", "a/deep/1.png", "b/2.jpg")
    write_text(tmp_path / "gts/gt_1.txt", f"{QUAD},one\n")
    write_text(tmp_path / "gts/deep/1.txt", f"{QUAD},deep\n")
    write_text(tmp_path / "gts/2.txt", "")
    found = {scene.name: [instance.text for instance in scene.instances] for scene in scenes(tmp_path)}
    assert found == {"1": ["one"], "deep/1": ["deep"], "2": []}


def test_a_picture_without_labels_and_labels_without_a_picture_are_wrong(tmp_path):
    write_pictures(tmp_path, "a/1.jpg", "a/2.jpg", "b/3.jpg")
    for name in ("1", "3", "4"):
        write_text(tmp_path / f"gts/gt_{name}.txt", f"{QUAD},one\n")
    with pytest.raises(DataError, match=r"2\.jpg: no label file gt_2\.txt or 2\.txt in .*gts"):
        scenes(tmp_path)
    wrong = []
    assert [scene.name for scene in scenes(tmp_path, wrong.append)] == ["1", "3"]
    assert len(wrong) == 2
    assert "gt_4.txt: labels of a picture that is not in" in str(wrong[1])


def test_a_line_that_is_not_utf_8_is_one_wrong_line(tmp_path):
    write_pictures(tmp_path, "a/1.jpg")
    (tmp_path / "b").mkdir()
    write_text(tmp_path / "gts/1.txt", f"{QUAD},é\n{QUAD},fine\n", "latin-1")
    wrong = []
    (scene,) = scenes(tmp_path, wrong.append)
    assert [instance.text for instance in scene.instances] == ["fine"]
    assert [
        str(error).endswith("1.txt:1: not UTF-8 (unexpected end of data); convert the file")
        for error in wrong
    ]


def test_folders_without_any_labelled_picture_are_an_error(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(DataError, match="holds no pictures with labels"):
        scenes(tmp_path, [].append)
