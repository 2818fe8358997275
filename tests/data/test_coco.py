from __future__ import annotations

import json

import numpy as np
import pytest

from datasets import BOX, CURVE, flat, write_coco, write_pictures, write_text
from scenetext.data.coco import coco
from scenetext.errors import DataError
from scenetext.geometry import iou

POINTS = [list(point) for point in BOX]


def content(*annotations, name="a.png"):
    return json.dumps(
        {
            "images": [{"id": 7, "file_name": name}],
            "annotations": [{"image_id": 7} | annotation for annotation in annotations],
        }
    )


def read(root, *annotations):
    write_pictures(root, "a.png")
    write_text(root / "labels.json", content(*annotations))
    return coco(root, "")[0].instances


def test_an_export_of_cvat_is_read(tmp_path):
    first, second = coco(tmp_path, write_coco(tmp_path))
    assert (first.name, second.name) == ("a", "b")
    assert (first.instances[0].text, len(first.instances[0].polygon)) == ("round", len(CURVE))
    box, ignored = second.instances
    assert (box.text, box.polygon.tolist()) == ("box", [[2, 2], [32, 2], [32, 10], [2, 10]])
    assert not ignored.legible


@pytest.mark.parametrize(
    ("labels", "picture"),
    [
        ("annotations/instances_train.json", "images/train/a.png"),
        ("annotations/instances_train.json", "images/a.png"),
        ("annotations/instances_train.json", "train/a.png"),
        ("train.json", "a.png"),
        ("train/labels.json", "train/a.png"),
        ("train/annotations/instances_default.json", "train/images/default/a.png"),
    ],
)
def test_files_lie_where_tools_put_them(labels, picture, tmp_path):
    write_pictures(tmp_path, picture)
    write_text(tmp_path / labels, content())
    assert coco(tmp_path, "train")[0].source == tmp_path / picture


@pytest.mark.parametrize("key", ["text", "transcription", "utf8_string"])
def test_the_text_is_an_attribute_or_a_key(key, tmp_path):
    outline = {"segmentation": [flat(BOX)]}
    instances = read(tmp_path, outline | {"attributes": {key: "A"}}, outline | {key: "B"}, outline)
    assert [(i.text, i.legible) for i in instances] == [("A", True), ("B", True), (None, True)]


@pytest.mark.parametrize(
    "mark",
    [
        {"iscrowd": 1, "text": "A"},
        {"ignore": 1, "text": "A"},
        {"attributes": {"illegible": True, "text": "A"}},
        {"attributes": {"text": "###"}},
    ],
)
def test_what_is_marked_is_a_dont_care(mark, tmp_path):
    (instance,) = read(tmp_path, {"segmentation": [flat(BOX)]} | mark)
    assert (instance.text, instance.legible) == (None, False)


def test_a_turned_box_of_cvat_is_turned(tmp_path):
    (instance,) = read(tmp_path, {"bbox": [10, 10, 20, 4], "attributes": {"rotation": 90.0}})
    np.testing.assert_allclose(instance.polygon, [[22, 2], [22, 22], [18, 22], [18, 2]], atol=1e-4)


def test_a_word_in_parts_is_the_rectangle_around_them(tmp_path):
    parts = [[2, 2, 10, 2, 10, 20, 2, 20], [20, 2, 40, 2, 40, 20, 20, 20]]
    (instance,) = read(tmp_path, {"segmentation": parts, "text": "A"})
    assert iou(instance.polygon, np.array(BOX)) == pytest.approx(1)


def test_a_mask_of_a_crowd_is_its_box(tmp_path):
    mask = {"counts": [1, 2], "size": [3, 1]}
    (instance,) = read(tmp_path, {"segmentation": mask, "iscrowd": 1, "bbox": [2, 2, 38, 18]})
    assert (instance.polygon.tolist(), instance.legible) == (POINTS, False)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"segmentation": {"counts": [1]}}, "a segmentation as a mask; export polygons"),
        ({"segmentation": [[1, 2, 3]]}, '"segmentation" has the coordinates of 3 points'),
        ({"image_id": 8}, "no image has the id 8"),
        ({"image_id": []}, "an id is a number or a string, not []"),
        ({"bbox": [1, 2, 3, 4], "attributes": {"rotation": float("inf")}}, "a box without end"),
        ({"bbox": [1, 2, 3, 4], "attributes": {"rotation": "steep"}}, '"rotation" is an angle in degrees'),
        ({"bbox": [1, 2, 3, 4], "attributes": [1]}, "expected an object, found [1]"),
    ],
)
def test_a_wrong_annotation_is_named(annotation, reason, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, annotation)
    assert str(caught.value).startswith(f"{tmp_path / 'labels.json'}: annotation 0: ")
    assert reason in str(caught.value)


def test_a_missing_picture_is_named(tmp_path):
    write_text(tmp_path / "labels.json", content())
    with pytest.raises(DataError, match=r"labels\.json: image 0: no such picture: a\.png"):
        coco(tmp_path, "")


def test_one_file_of_several_is_not_chosen(tmp_path):
    write_text(tmp_path / "a.json", content())
    write_text(tmp_path / "b.json", content())
    with pytest.raises(DataError, match=r"expected one JSON file, .* found a\.json, b\.json"):
        coco(tmp_path, "")


@pytest.mark.parametrize("text", ["[]", "{}", '{"images": [], "annotations": {}}'])
def test_a_file_of_something_else_is_named(text, tmp_path):
    write_text(tmp_path / "a.json", text)
    with pytest.raises(DataError, match=r'a\.json: expected an object with lists "images" and "annotations"'):
        coco(tmp_path, "")
