from __future__ import annotations

import json

import numpy as np
import pytest

from datasets import CURVE, encoded
from scenetext.data import open_dataset
from scenetext.data.convert import convert
from scenetext.data.scene_layouts import SCENE_LAYOUTS
from scenetext.errors import DataError
from scenetext.geometry import box_polygon, iou
from scenetext.types import Sample, TextInstance

READERS = {
    "icdar2015": "icdar2015:test", "totaltext": "totaltext:test", "ctw1500": "ctw1500:test",
    "ppocrlabel": "ppocrlabel", "coco": "coco", "textocr": "textocr:train",
}  # fmt: skip

MARKS = [
    "plain", "back\\slash", "back\\\\", '"quoted"', "it's", "both ' and \"", "two words ", "1,2,3", "1",
    "**a", "$%#", "[a], b]", "zwölf", "阳光", "tab\there", "x: [[", "&amp; <b>", "u'a'",
]  # fmt: skip


def scene(*texts, polygon=None, name="a/b", legible=True):
    shapes = [box_polygon(0, 2 * i, 40, 2 * i + 9) if polygon is None else polygon for i in range(len(texts))]
    words = (TextInstance(shape, text, legible=legible) for shape, text in zip(shapes, texts, strict=True))
    return Sample(name, encoded(), tuple(words))


def through(to, sample, tmp_path):
    """The one scene, written and read again."""
    result = convert([sample], to, tmp_path / to)
    assert result.failures == []
    (back,) = open_dataset(READERS[to], tmp_path / to)
    return back


@pytest.mark.parametrize("to", SCENE_LAYOUTS)
def test_texts_with_marks_come_back_as_they_are(to, tmp_path):
    back = through(to, scene(*MARKS), tmp_path)
    assert [instance.text for instance in back.instances] == MARKS
    assert back.name == "a/b"


@pytest.mark.parametrize("to", SCENE_LAYOUTS)
def test_a_dont_care_comes_back_without_its_text(to, tmp_path):
    (instance,) = through(to, scene("lost", legible=False), tmp_path).instances
    assert (instance.text, instance.legible) == (None, False)


@pytest.mark.parametrize("to", [name for name in SCENE_LAYOUTS if name != "icdar2015"])
def test_a_word_that_nobody_read_comes_back(to, tmp_path):
    (instance,) = through(to, scene(None), tmp_path).instances
    assert (instance.text, instance.legible) == (None, True)


@pytest.mark.parametrize("to", SCENE_LAYOUTS)
def test_a_scene_without_words_comes_back(to, tmp_path):
    assert through(to, scene(), tmp_path).instances == ()


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("icdar2015", "###"), ("icdar2015", None), ("icdar2015", "line\nbreak"),
        ("totaltext", "#"), ("totaltext", ""),
        ("ctw1500", "###"), ("ctw1500", "**"), ("ctw1500", "line\nbreak"),
        ("ppocrlabel", "*"), ("ppocrlabel", "###"), ("coco", "###"), ("textocr", "."), ("textocr", ""),
    ],
)  # fmt: skip
def test_a_text_that_would_be_read_as_something_else_is_refused(to, text, tmp_path):
    result = convert([scene("fine", name="kept"), scene("fine", text)], to, tmp_path / to)
    (failure,) = result.failures
    assert str(failure).startswith(f"a/b: {to} ")
    assert [sample.name for sample in open_dataset(READERS[to], tmp_path / to)] == ["kept"]


def test_a_quadrilateral_of_icdar_2015_has_four_points(tmp_path):
    with pytest.raises(DataError, match="none of 1 samples"):
        convert([scene("round", polygon=np.array(CURVE))], "icdar2015", tmp_path / "out")


def test_a_word_that_whole_pixels_cannot_hold_is_refused(tmp_path):
    tiny = box_polygon(0.6, 0.6, 1.4, 20)
    result = convert([scene("fine", name="kept"), scene("i", polygon=tiny)], "totaltext", tmp_path / "out")
    assert "would make a don't-care of the text 'i'" in str(result.failures[0])


@pytest.mark.parametrize(
    "points", [CURVE, CURVE[::2] + CURVE[-1:], [CURVE[0], CURVE[6], CURVE[7], CURVE[13]]], ids=len
)
def test_ctw1500_outlines_have_fourteen_points_and_nearly_the_same_area(points, tmp_path):
    polygon = 20 * np.array(points, dtype=np.float32)
    (instance,) = through("ctw1500", scene("round", polygon=polygon), tmp_path).instances
    assert len(instance.polygon) == 14
    assert iou(instance.polygon, polygon) > 0.9
    if len(points) == 14:
        np.testing.assert_array_equal(instance.polygon, polygon)
    np.testing.assert_array_equal(instance.polygon[0], polygon[0])


@pytest.mark.parametrize("to", ["coco", "textocr", "ppocrlabel"])
def test_json_keeps_fractions(to, tmp_path):
    polygon = np.array(CURVE, dtype=np.float32) + np.float32(0.25)
    (instance,) = through(to, scene("round", polygon=polygon), tmp_path).instances
    np.testing.assert_array_equal(instance.polygon, polygon)


def test_files_are_what_other_tools_expect(tmp_path):
    sample = scene("it's", "ab", name="x")
    for to in SCENE_LAYOUTS:
        through(to, sample, tmp_path)
    read = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert (
        read["icdar2015/test_gts/gt_x.txt"].read_text() == "0,0,40,0,40,9,0,9,it's\n0,2,40,2,40,11,0,11,ab\n"
    )
    first, _ = read["totaltext/test_gts/poly_gt_x.txt"].read_text().splitlines()
    assert first == "x: [[0 40 40 0]], y: [[0 0 9 9]], ornt: [u'm'], transcriptions: [u\"it's\"]"
    line = read["ctw1500/test_gts/x.txt"].read_text().splitlines()[1]
    assert line.startswith("0,2,7,2,13,2,20,2,")
    assert line.endswith(",####ab")
    found = json.loads(read["coco/annotations/instances_default.json"].read_text())
    assert found["images"] == [{"id": 1, "file_name": "x.png", "width": 60, "height": 24}]
    assert found["annotations"][1] == {
        "id": 2, "image_id": 1, "category_id": 1, "segmentation": [[0, 2, 40, 2, 40, 11, 0, 11]],
        "bbox": [0, 2, 40, 9], "area": 360, "iscrowd": 0, "attributes": {"text": "ab"},
    }  # fmt: skip
    found = json.loads(read["textocr/TextOCR_0.1_train.json"].read_text())
    assert found["imgToAnns"] == {"x": ["x_1", "x_2"]}
    assert found["anns"]["x_1"]["points"] == [0, 0, 40, 0, 40, 9, 0, 9]
    path, _, entries = read["ppocrlabel/Label.txt"].read_text().splitlines()[0].partition("\t")
    assert path == "x.png"
    assert json.loads(entries)[1] == {
        "transcription": "ab", "points": [[0, 2], [40, 2], [40, 11], [0, 11]], "difficult": False,
    }  # fmt: skip
