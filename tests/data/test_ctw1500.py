from __future__ import annotations

import pytest

from datasets import CURVE, joined, write_ctw1500, write_pictures, write_text
from scenetext.data.ctw1500 import ctw1500, parse_ctw1500
from scenetext.errors import DataError

POINTS = [list(point) for point in CURVE]
SEGMENTS = joined(CURVE)

XML = """<?xml version="1.0" encoding="utf-8"?>
<Annotations><image file="0007.jpg">
 <box height="14" left="4" top="4" width="36"><label>{label}</label>
  <segs>{segs}</segs>
  <pts x="18" y="8" /></box>
 <box height="14" left="4" top="4" width="36"><label>###</label><segs>{curve}</segs></box>
</image></Annotations>
"""


def read_xml(root, label="HELLO", segs=SEGMENTS):
    write_pictures(root / "train_images", "0007.jpg")
    text = XML.format(label=label, segs=segs, curve=joined(CURVE))
    write_text(root / "ctw1500_train_labels" / "0007.xml", text)
    (sample,) = ctw1500(root, "train")
    return sample


def test_test_files_have_longer_names_than_their_pictures(tmp_path):
    first, second = ctw1500(tmp_path, write_ctw1500(tmp_path))
    assert (first.name, second.name) == ("1001", "1002")
    word, ignored = first.instances
    assert (word.text, word.polygon.tolist()) == ("ROUND, AND", POINTS)
    assert (ignored.text, ignored.legible) == (None, False)


@pytest.mark.parametrize(
    ("end", "text", "legible"),
    [
        (",####HELLO", "HELLO", True),
        (",HELLO", "HELLO", True),
        (",####1,2,3", "1,2,3", True),
        ("", None, True),
        (",#######", None, False),
        (",###", None, False),
        (",####**", None, True),
        (",*", None, True),
    ],
)
def test_hashes_stand_before_the_text_and_three_more_are_a_dont_care(end, text, legible):
    instance = parse_ctw1500(joined(CURVE) + end)
    assert (instance.text, instance.legible) == (text, legible)
    assert instance.polygon.tolist() == POINTS


def test_points_of_the_first_version_are_offsets_from_the_corner_of_a_box():
    offsets = joined([(x - 4, y - 4) for x, y in CURVE])
    instance = parse_ctw1500(f"4,4,40,18,{offsets}")
    assert instance.polygon.tolist() == POINTS
    assert (instance.text, instance.legible) == (None, True)


@pytest.mark.parametrize(("less", "more"), [(2, ""), (1, ",word"), (0, ",7"), (0, ",7,7,7,7,7")])
def test_another_number_of_coordinates_is_wrong(less, more):
    numbers = joined(CURVE).split(",")
    with pytest.raises(ValueError, match="expected 28 coordinates and a text, or 32 numbers, found"):
        parse_ctw1500(",".join(numbers[: len(numbers) - less]) + more)


def test_the_xml_of_the_training_set_is_read(tmp_path):
    word, ignored = read_xml(tmp_path).instances
    assert (word.text, word.polygon.tolist()) == ("HELLO", POINTS)
    assert (ignored.text, ignored.legible) == (None, False)


@pytest.mark.parametrize(
    ("label", "text"), [("R & B", "R & B"), ("a < b", "a < b"), ("R &amp; B", "R & B"), ("&lt;b&gt;", "<b>")]
)
def test_labels_that_break_xml_are_read(label, text, tmp_path):
    assert read_xml(tmp_path, label).instances[0].text == text


@pytest.mark.parametrize("segs", ["1,2,3", joined(CURVE) + ",5", joined(CURVE[:-1]) + ",5,x"])
def test_a_box_with_other_segments_is_named_by_its_line(segs, tmp_path):
    with pytest.raises(DataError, match=r"0007\.xml:3: expected 28 coordinates in <segs>"):
        read_xml(tmp_path, segs=segs)


def test_a_file_that_is_no_such_xml_is_named(tmp_path):
    write_pictures(tmp_path / "train_images", "0007.jpg")
    write_text(tmp_path / "train_labels" / "0007.xml", "nothing")
    with pytest.raises(DataError, match=r"0007\.xml: expected XML"):
        ctw1500(tmp_path, "train")


def test_the_folders_of_the_first_version_are_known(tmp_path):
    write_pictures(tmp_path / "train" / "text_image", "0001.jpg")
    offsets = joined([(x - 4, y - 4) for x, y in CURVE])
    write_text(tmp_path / "train" / "text_label_curve" / "0001.txt", f"4,4,40,18,{offsets}\r\n")
    assert ctw1500(tmp_path, "train")[0].instances[0].polygon.tolist() == POINTS
