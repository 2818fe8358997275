from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from datasets import CURVE, write_pictures, write_polygt, write_text, write_totaltext
from scenetext.data.totaltext import totaltext
from scenetext.errors import DataError
from scenetext.geometry import signed_area

SQUARE = "x: [[0 9 9 0]], y: [[0 0 9 9]]"


def read(root, text, name="poly_gt_img1.txt", picture="img1.jpg"):
    """The instances of one label file."""
    write_pictures(root / "train_images", picture)
    write_text(root / "train_gts" / name, text)
    (sample,) = totaltext(root, "train")
    return sample.instances


def test_text_files_and_mat_files_may_lie_side_by_side(tmp_path):
    first, second = totaltext(tmp_path, write_totaltext(tmp_path))
    assert [(i.text, i.legible) for i in first.instances] == [("it's", True), (None, False)]
    assert [(i.text, i.legible) for i in second.instances] == [("ROUND", True)]
    for sample in (first, second):
        assert sample.instances[0].polygon.tolist() == [list(point) for point in CURVE]


def test_entries_may_run_over_lines_and_numbers_stand_as_they_like(tmp_path):
    text = "x: [[ 310 402 404\n  311]], y: [[90   92\n 118 117]], ornt: [u'h'], transcriptions: [u'TWO']\r\n"
    first, second = read(tmp_path, f"\ufeff{text}{text}")
    assert first.polygon.tolist() == second.polygon.tolist() == [[310, 90], [402, 92], [404, 118], [311, 117]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("u'HARBOUR'", "HARBOUR"),
        ("'plain'", "plain"),
        ('u"it\'s"', "it's"),
        ("u'it's'", "it's"),
        ("u'1, 2], [3'", "1, 2], [3"),
        ("u'caf\\xe9'", "café"),
        ("u'Café'", "Café"),
        ("u''", None),
        ("u'x: y:'", "x: y:"),
    ],
)
def test_a_transcription_is_a_literal_that_may_hold_commas_brackets_and_quotes(cell, text, tmp_path):
    (instance,) = read(tmp_path, f"{SQUARE}, ornt: [u'h'], transcriptions: [{cell}]\n")
    assert (instance.text, instance.legible) == (text, True)


@pytest.mark.parametrize(("orientation", "text"), [("#", "#"), ("#", "WORD"), ("c", "#")])
def test_one_mark_of_the_two_makes_a_dont_care(orientation, text, tmp_path):
    (instance,) = read(tmp_path, f"{SQUARE}, ornt: [u'{orientation}'], transcriptions: [u'{text}']\n")
    assert (instance.text, instance.legible) == (None, False)


@pytest.mark.parametrize("name", ["polygt", "gt"])
def test_both_kinds_of_mat_are_read_and_an_empty_text_is_none(name, tmp_path):
    write_pictures(tmp_path / "train_images", "img1.jpg")
    far = [(30000, 30000), (32000, 30000), (32000, 32000), (30000, 32000)]  # areas that 16 bits do not hold
    rows = [(CURVE, "it's", "c"), (far, "", "h"), (CURVE[::-1], "#", "#")]
    write_polygt(tmp_path / "train_gts" / "gt_img1.mat", rows, name)
    (sample,) = totaltext(tmp_path, "train")
    assert [(i.text, i.legible) for i in sample.instances] == [("it's", True), (None, True), (None, False)]
    assert signed_area(sample.instances[1].polygon) == 4_000_000
    assert signed_area(sample.instances[2].polygon) > 0


def test_plain_polygon_lines_are_read_too(tmp_path):
    word, ignored = read(tmp_path, "0,0,9,0,9,9,5,9,0,9,it's, so\n0,0,9,0,9,9,0,9,###\n")
    assert (word.text, len(word.polygon), ignored.legible) == ("it's, so", 5, False)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("x: [[0 9 9]], y: [[0 0 9 9]], ornt: [u'h'], transcriptions: [u'A']", "3 x and 4 y"),
        ("x: [[0 9 9 z]], y: [[0 0 9 9]], ornt: [u'h'], transcriptions: [u'A']", "could not convert"),
        ("x: [[]], y: [[]], ornt: [u'h'], transcriptions: [u'A']", "an outline without points"),
        (f"{SQUARE}, transcriptions: [u'A']", "expected x, y, ornt and transcriptions"),
    ],
)
def test_a_wrong_entry_is_named_by_its_first_line(entry, reason, tmp_path):
    good = f"{SQUARE}, ornt: [u'h'],\n transcriptions: [u'A']\n"
    with pytest.raises(DataError, match=rf"poly_gt_img1\.txt:3: .*{reason}"):
        read(tmp_path, good + entry + "\n")


def test_a_mat_of_something_else_is_named(tmp_path):
    write_pictures(tmp_path / "train_images", "img1.jpg")
    write_polygt(tmp_path / "train_gts" / "gt_img1.mat", [(CURVE, "a", "c")], "other")
    with pytest.raises(DataError, match=r"gt_img1\.mat: holds no variable 'gt'"):
        totaltext(tmp_path, "train")


@pytest.mark.parametrize("turn", range(1, 9))
def test_annotations_follow_the_picture_that_exif_turns(turn, tmp_path):
    stored = np.zeros((24, 60, 3), dtype=np.uint8)
    stored[4:12, 6:40] = 255
    picture = Image.fromarray(stored)
    exif = picture.getexif()
    exif[0x0112] = turn
    place = tmp_path / "train_images" / "img1.png"
    place.parent.mkdir()
    picture.save(place, exif=exif)
    write_text(tmp_path / "train_gts/gt_img1.txt", "6,4,40,4,40,12,6,12,word\n")
    (sample,) = totaltext(tmp_path, "train")
    polygon = sample.instances[0].polygon
    rows, columns = np.nonzero(sample.image[..., 0] > 128)
    assert polygon.min(axis=0).tolist() == [columns.min(), rows.min()]
    assert polygon.max(axis=0).tolist() == [columns.max() + 1, rows.max() + 1]
    assert signed_area(polygon) == 34 * 8
