from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.errors import DataError
from scenetext.geometry import signed_area
from scenetext.labels import (
    format_line,
    parse_labels,
    parse_line,
    parse_lines,
    read_file,
    read_labels,
    write_labels,
)
from scenetext.types import TextInstance

QUAD = np.array([[10, 10], [50, 12], [50, 30], [10, 28]], dtype=np.float32)
CURVE = np.array([[0, 9], [20, 0], [40, 9], [40, 25], [20, 16], [0, 25]], dtype=np.float32)


def test_a_quad_keeps_everything_after_the_eighth_comma():
    instance = parse_line("10,10,50,12,50,30,10,28,1,200, and so on ")
    assert instance.text == "1,200, and so on "
    np.testing.assert_array_equal(instance.polygon, QUAD)


def test_a_quad_keeps_its_quotes():
    assert parse_line('10,10,50,12,50,30,10,28,"SCAN"').text == '"SCAN"'


def test_a_quad_without_text_is_located_but_not_read():
    instance = parse_line("10,10,50,12,50,30,10,28")
    assert instance.text is None
    assert instance.legible


def test_an_empty_text_is_not_a_missing_one():
    assert parse_line("10,10,50,12,50,30,10,28,").text == ""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('10 12 50 30 "SCAN"', "SCAN"),
        ('10,12,50,30,"say ""hi"", 1, 2"', 'say ""hi"", 1, 2'),
        ("10, 12, 50, 30, 2015", "2015"),
        ("10,12,50,30", None),
        ('10,12,50,12,50,30,10,30,"SCAN"', "SCAN"),
    ],
)
def test_a_box_is_two_corners_or_four(line, text):
    instance = parse_line(line, "box")
    assert (instance.text, instance.legible) == (text, True)
    assert instance.polygon.tolist() == [[10, 12], [50, 12], [50, 30], [10, 30]]


def test_a_dont_care_of_boxes_may_stand_in_quotes():
    assert not parse_line('10 12 50 30 "###"', "box").legible


@pytest.mark.parametrize("layout", ["quad", "polygon"])
def test_three_hashes_mean_illegible(layout):
    instance = parse_line("10,10,50,12,50,30,10,28,###", layout)
    assert not instance.legible
    assert instance.text is None


def test_coordinates_may_be_floats_with_blanks_and_signs():
    polygon = parse_line(" 1.5, -2, 3e1,+4., 50 ,60,.5,70,x").polygon
    np.testing.assert_allclose(polygon, [[1.5, -2], [30, 4], [50, 60], [0.5, 70]])


@pytest.mark.parametrize("points", [QUAD, QUAD[::-1]])
def test_points_are_turned_clockwise(points):
    line = ",".join(str(v) for v in points.ravel()) + ",word"
    polygon = parse_line(line).polygon
    assert signed_area(polygon) > 0
    np.testing.assert_array_equal(polygon[0], points[0])


@pytest.mark.parametrize(
    ("rest", "points", "text"),
    [
        ("word", 6, "word"),
        ("12", 6, "12"),
        ("1,200", 6, "1,200"),
        ("one, two", 6, "one, two"),
        ('"1,000,000"', 6, "1,000,000"),
        (r'"say \"hi\", \\"', 6, 'say "hi", \\'),
        ("####word", 6, "word"),
        ("", 6, ""),
    ],
)
def test_a_polygon_ends_where_its_text_begins(rest, points, text):
    line = ",".join(str(int(v)) for v in CURVE.ravel()) + "," + rest
    instance = parse_line(line, "polygon")
    assert len(instance.polygon) == points
    assert instance.text == text


def test_the_seven_hashes_of_ctw1500_mean_illegible():
    assert not parse_line("0,0,9,0,9,9,0,9,#######", "polygon").legible


def test_a_polygon_of_numbers_alone_is_all_coordinates_if_the_file_has_no_text():
    line = ",".join(str(int(v)) for v in CURVE.ravel())
    instance = parse_line(line, "polygon", with_text=False)
    np.testing.assert_array_equal(instance.polygon, CURVE)
    assert instance.text is None


def test_a_triangle_gets_a_fourth_point_on_its_outline():
    instance = parse_line("0,0,10,0,0,10,A", "polygon")
    assert len(instance.polygon) == 4
    assert signed_area(instance.polygon) == pytest.approx(50)


@pytest.mark.parametrize(
    ("line", "layout"),
    [
        ("10,10,50,12,50,30,10,word", "quad"),
        ("10 10 50 12 50 30 10 28 word", "quad"),
        ("word", "polygon"),
        ("1,2,3,4,word", "polygon"),
        ("1e999,2,3,4,5,6,7,8,word", "quad"),
        ("nan,2,3,4,5,6,7,8,word", "quad"),
        ("10 12 50", "box"),
        ("10,12,50,word", "box"),
        (f"{'9' * 400},2,3,4", "box"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(line, layout):
    with pytest.raises(ValueError, match=r"coordinate"):
        parse_line(line, layout)


def test_a_file_may_have_a_byte_order_mark_windows_line_ends_and_empty_lines():
    data = b"\xef\xbb\xbf" + b"0,0,9,0,9,9,0,9,one\r\n\r\n0,0,9,0,9,9,0,9,two\r\n"
    assert [instance.text for instance in parse_labels(data, "gt.txt")] == ["one", "two"]


def test_a_unicode_line_separator_does_not_break_a_line():
    data = "0,0,9,0,9,9,0,9,a\u2028b\x0cc\n".encode()
    assert [instance.text for instance in parse_labels(data, "gt.txt")] == ["a\u2028b\x0cc"]


def test_an_error_names_file_line_and_reason(tmp_path):
    path = tmp_path / "gt_img_1.txt"
    path.write_text("0,0,9,0,9,9,0,9,one\n\n0,0,9,0,word\n")
    with pytest.raises(DataError, match=r"gt_img_1\.txt:3: expected 8 coordinates, found 4"):
        read_labels(path)


def test_another_encoding_is_an_error_with_its_line():
    with pytest.raises(DataError, match=r"gt\.txt:2: not UTF-8"):
        parse_labels(b"0,0,9,0,9,9,0,9,one\n0,0,9,0,9,9,0,9,caf\xe9\n", "gt.txt")


def test_a_missing_file_is_an_error_with_its_name(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.txt: cannot be read"):
        read_labels(tmp_path / "nothing.txt")


def test_a_curve_cannot_be_written_as_a_quad():
    with pytest.raises(ValueError, match="polygon layout"):
        format_line(TextInstance(CURVE, "word"))


def test_coordinates_are_written_as_short_as_they_are():
    polygon = np.array([[-0.001, 0], [10, 0.25], [10.004, 5], [0, 5.5]])
    assert format_line(TextInstance(polygon, "a")) == "0,0,10,0.25,10,5,0,5.5,a"


def test_a_line_break_in_a_text_becomes_a_blank():
    assert format_line(TextInstance(QUAD, "a\r\nb")).endswith(",a b")


texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=12)
awkward = st.sampled_from(
    ["1,2", "1,000,000", "###", "####x", '"', '""', '"a"', "\\", '"\\"', ",", "7,a", "-"]
)


@given(st.lists(st.tuples(st.sampled_from([QUAD, CURVE]), texts | awkward), max_size=4))
@settings(deadline=None, max_examples=200)
def test_what_is_written_as_polygons_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("labels") / "gt.txt"
    write_labels(path, [TextInstance(polygon, text) for polygon, text in rows], "polygon")
    read = read_labels(path, "polygon")
    assert [instance.text for instance in read] == [text for _, text in rows]
    assert all(instance.legible for instance in read)
    for instance, (polygon, _) in zip(read, rows, strict=True):
        np.testing.assert_array_equal(instance.polygon, polygon)


@given(texts.filter(lambda text: text != "###"))
@settings(deadline=None, max_examples=100)
def test_what_is_written_as_a_quad_is_read_back(text):
    assert parse_line(format_line(TextInstance(QUAD, text))).text == text


def test_illegible_instances_stay_illegible(tmp_path):
    path = tmp_path / "gt.txt"
    write_labels(path, [TextInstance(QUAD, "secret", legible=False)])
    (read,) = read_labels(path)
    assert not read.legible
    assert read.text is None


def test_wrong_lines_can_be_collected_and_the_rest_read():
    lines = b"10,10,50,12,50,30,10,28,fine\n1,2\n\xff\n10,10,50,12,50,30,10,28,too\n"
    wrong: list[DataError] = []
    instances = parse_lines(lines, "gt.txt", parse_line, wrong.append)
    assert [instance.text for instance in instances] == ["fine", "too"]
    assert [str(error).partition(": ")[0] for error in wrong] == ["gt.txt:3", "gt.txt:2"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.txt: cannot be read \(No such file"):
        read_file(tmp_path / "gone.txt")
