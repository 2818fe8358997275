from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from datasets import write_mlt2017, write_mlt2019, write_pictures, write_text
from scenetext.data.icdar import (
    icdar,
    icdar2013,
    icdar2015,
    icdar2015_words,
    mlt2017,
    mlt2019,
    write_icdar,
)
from scenetext.errors import DataError, SettingsError
from scenetext.types import TextInstance

OFFICIAL = ("ch4_training_images", "ch4_training_localization_transcription_gt")
SHORT = ("train_images", "train_gts")


def make_icdar2015(root, folders=SHORT, numbers=range(901, 1001)):
    """Tiny scenes, each with the word `w<number>` and an illegible one."""
    images, labels = (root / folder for folder in folders)
    images.mkdir(parents=True)
    labels.mkdir()
    Image.new("RGB", (32, 16), "white").save(root / "picture.jpg")
    for number in numbers:
        (images / f"img_{number}.jpg").hardlink_to(root / "picture.jpg")
        lines = f"2,2,20,2,20,12,2,12,w{number}\r\n0,0,5,0,5,5,0,5,###\r\n"
        (labels / f"gt_img_{number}.txt").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    return root


@pytest.fixture(scope="module")
def scenes_root(tmp_path_factory):
    return make_icdar2015(tmp_path_factory.mktemp("icdar2015"), numbers=range(1, 1001))


def test_the_last_hundred_images_are_the_validation_split(scenes_root):
    names = {
        split: [sample.name for sample in icdar2015(scenes_root, split)] for split in ("train", "val", "all")
    }
    assert names["train"] == [f"img_{n}" for n in range(1, 901)]
    assert names["val"] == [f"img_{n}" for n in range(901, 1001)]
    assert names["all"] == names["train"] + names["val"]


def test_a_scene_brings_its_words_and_its_illegible_ones(scenes_root):
    sample = icdar2015(scenes_root, "val")[0]
    assert [instance.text for instance in sample.instances] == ["w901", None]
    assert [instance.legible for instance in sample.instances] == [True, False]
    assert sample.image.shape == (16, 32, 3)


def test_the_official_folder_names_are_known(tmp_path):
    make_icdar2015(tmp_path, OFFICIAL)
    assert len(icdar2015(tmp_path, "val")) == 100


def test_a_folder_of_data_sets_will_do(tmp_path):
    make_icdar2015(tmp_path / "icdar2015")
    assert len(icdar2015(tmp_path, "val")) == 100


def test_the_words_are_cut_out_of_the_scenes(scenes_root):
    words = icdar2015_words(scenes_root, "val")
    assert len(words) == 100
    assert [words[i].instances[0].text for i in (0, 99)] == ["w901", "w1000"]


def test_an_unknown_split_lists_the_known(scenes_root):
    with pytest.raises(SettingsError, match="all, test, train, val"):
        icdar2015(scenes_root, "tset")


def test_the_test_scenes_are_those_in_their_folder(tmp_path):
    make_icdar2015(tmp_path, ("ch4_test_images", "Challenge4_Test_Task1_GT"), numbers=(2, 10))
    assert [sample.name for sample in icdar2015(tmp_path, "test")] == ["img_10", "img_2"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('61 17 149 52 "Bakery"', "Bakery"),
        ('61, 17, 149, 52, "Bakery"', "Bakery"),
        ('61, 17, 149, 52, "say, \\"hi\\" \\\\o/, 1, 2"', 'say, "hi" \\o/, 1, 2'),
        ('61 17 149 52 ""quoted""', '"quoted"'),
        ("61.0, 17, 149, 52, bare, 5", "bare, 5"),
        ("61,17,149,52", None),
    ],
)
def test_a_box_of_icdar_2013_is_four_numbers_and_a_text_in_quotes(line, text, tmp_path):
    write_pictures(tmp_path / "train_images", "100.jpg")
    write_text(tmp_path / "train_gts" / "gt_100.txt", line + "\r\n\r\n", "utf-8-sig")
    (sample,) = icdar2013(tmp_path, "train")
    (instance,) = sample.instances
    assert (instance.text, instance.legible) == (text, True)
    assert instance.polygon.tolist() == [[61, 17], [149, 17], [149, 52], [61, 52]]


def test_a_dont_care_of_icdar_2013_may_stand_in_quotes(tmp_path):
    write_pictures(tmp_path / "train_images", "100.jpg")
    write_text(tmp_path / "train_gts" / "gt_100.txt", '61 17 149 52 "###"\n')
    assert not icdar2013(tmp_path, "train")[0].instances[0].legible


def test_a_text_of_mlt_begins_behind_the_ninth_comma(tmp_path):
    first, second = mlt2017(tmp_path, write_mlt2017(tmp_path))
    assert (first.name, second.name) == ("img_1", "img_2")
    word, ignored = first.instances
    assert (word.text, word.legible) == ("Café, Bar", True)
    assert (ignored.text, ignored.legible) == (None, False)


@pytest.mark.parametrize("line", ["2,2,40,2,40,20,2,20,word", "2,2,40,2,40,20,2,Latin,word,word"])
def test_a_line_of_mlt_without_a_script_or_a_coordinate_is_wrong(line, tmp_path):
    split = write_mlt2019(tmp_path)
    write_text(tmp_path / "mlt2019/train_gt_t13/tr_img_05001.txt", f"\n{line}\n")
    with pytest.raises(DataError, match=r"tr_img_05001\.txt:2: expected 8 coordinates, a script and a text"):
        mlt2019(tmp_path, split)


def test_a_missing_picture_is_named(tmp_path):
    make_icdar2015(tmp_path)
    (tmp_path / "train_images" / "img_950.jpg").unlink()
    with pytest.raises(DataError, match=r"img_950\.jpg: missing"):
        icdar2015(tmp_path, "val")


def test_a_wrong_line_is_named(tmp_path):
    make_icdar2015(tmp_path)
    (tmp_path / "train_gts" / "gt_img_901.txt").write_text("2,2,20,2,20,12,2,12,fine\n1,2,3\n")
    with pytest.raises(DataError, match=r"gt_img_901\.txt:2: expected 8 coordinates"):
        icdar2015(tmp_path, "val")


def test_a_folder_without_the_data_set_says_what_it_looked_for(tmp_path):
    with pytest.raises(DataError, match="ch4_training_images or train_images"):
        icdar2015(tmp_path, "val")


def test_scenes_written_to_a_folder_are_read_back(tmp_path):
    curve = np.array([[0, 9], [10, 2], [20, 9], [20, 15], [10, 8], [0, 15]], dtype=np.float32)
    wanted = [TextInstance(curve, "1,000,000"), TextInstance(curve, None, legible=False)]
    Image.new("RGB", (32, 16)).save(tmp_path / "scene7.png")
    write_icdar(tmp_path, "scene7", wanted)
    (sample,) = icdar(tmp_path, "")
    assert sample.name == "scene7"
    assert [(instance.text, instance.legible) for instance in sample.instances] == [
        ("1,000,000", True),
        (None, False),
    ]
    np.testing.assert_array_equal(sample.instances[0].polygon, curve)


def test_labels_may_lie_beside_the_pictures_and_a_split_is_a_folder(tmp_path):
    (tmp_path / "train").mkdir()
    Image.new("RGB", (32, 16)).save(tmp_path / "train" / "a.jpg")
    (tmp_path / "train" / "gt_a.txt").write_text("0,0,9,0,9,9,0,9,word\n")
    (sample,) = icdar(tmp_path, "train")
    assert sample.instances[0].text == "word"


def test_a_picture_without_labels_is_named(tmp_path):
    Image.new("RGB", (32, 16)).save(tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"a\.jpg: no label file gt_a\.txt"):
        icdar(tmp_path, "")


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(DataError, match="holds no pictures"):
        icdar(tmp_path, "")
