from __future__ import annotations

import zipfile

import pytest

from scenetext.errors import DataError
from scenetext.evaluate.results import by_image, by_name, image_key, pair, read_results, read_words
from scenetext.formats import tsv_cell
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance

QUAD = "0,0,9,0,9,9,0,9"
CURVE = "0,9,20,0,40,9,40,25,20,16,0,25"


def make_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize(
    ("truth", "prediction"),
    [
        ("gt_img_7.txt", "res_img_7.txt"),
        ("poly_gt_img7.txt", "img7.txt"),
        ("gt_img_7.txt", "img_7.txt"),
        ("gt_img_7.txt", "voc_img_7.txt"),
        ("0001001.txt", "1001.txt"),
        ("truth/gt_img_7.txt", "results/run2/res_img_7.txt"),
    ],
)
def test_the_files_of_one_image_have_one_key(truth, prediction):
    assert image_key(truth) == image_key(prediction)


def test_other_images_have_other_keys():
    assert (
        len({image_key(name) for name in ("gt_img_1.txt", "gt_img_10.txt", "1.txt", "10.txt", "0.txt")}) == 5
    )


def test_a_folder_and_a_zip_of_it_read_alike(tmp_path):
    files = {"gt_img_1.txt": f"\ufeff{QUAD},one\r\n", "gt_img_2.txt": "", "gt_img_10.txt": f"{QUAD},###\n"}
    folder = tmp_path / "truth"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    for source in (folder, make_zip(tmp_path / "truth.zip", files)):
        results = read_results(source, "quad")
        assert {key: [i.text for i in found] for key, found in results.items()} == {
            "img_1": ["one"],
            "img_2": [],
            "img_10": [None],
        }
        assert not results["img_10"][0].legible


def test_a_mac_zip_with_a_folder_inside_is_fine(tmp_path):
    files = {
        "submit/": "",
        "submit/res_img_1.txt": QUAD,
        "__MACOSX/submit/._res_img_1.txt": "\0\0",
        "submit/readme.md": "hello",
    }
    assert list(read_results(make_zip(tmp_path / "submit.zip", files), "quad")) == ["img_1"]


def test_polygons_without_texts_are_all_coordinates(tmp_path):
    path = make_zip(tmp_path / "det.zip", {"1001.txt": f"{CURVE}\n", "1002.txt": f"{QUAD}\n"})
    results = read_results(path, "polygon")
    assert [len(found[0].polygon) for found in results.values()] == [6, 4]


@pytest.mark.parametrize("mark", ["###", "#######"])
def test_a_dont_care_does_not_tell_that_others_have_texts(mark, tmp_path):
    path = make_zip(tmp_path / "gt.zip", {"1.txt": f"{CURVE}\r\n{QUAD}\r\n{CURVE},{mark}\r\n"})
    found = read_results(path, "polygon")["1"]
    assert [(len(i.polygon), i.text, i.legible) for i in found] == [
        (6, None, True), (4, None, True), (6, None, False)
    ]  # fmt: skip
    quads = make_zip(tmp_path / "quads.zip", {"1.txt": f"{QUAD}\n{QUAD},###\n"})
    assert [i.legible for i in read_results(quads, "quad")["1"]] == [True, False]


def test_one_text_in_the_archive_tells_that_numbers_can_be_texts(tmp_path):
    files = {"1001.txt": f"{CURVE},1,200\n", "1002.txt": f"{QUAD},CARE\n"}
    results = read_results(make_zip(tmp_path / "gt.zip", files), "polygon")
    assert results["1001"][0].text == "1,200"
    assert len(results["1001"][0].polygon) == 6


def test_polygons_where_quads_are_due_are_an_error_and_not_a_bad_score(tmp_path):
    path = make_zip(tmp_path / "det.zip", {"res_img_1.txt": f"{CURVE}\n"})
    with pytest.raises(DataError, match="more than 4 points"):
        read_results(path, "quad")


def test_a_wrong_line_names_archive_file_and_line(tmp_path):
    path = make_zip(tmp_path / "det.zip", {"a/res_img_1.txt": f"{QUAD}\n0,0,word\n"})
    with pytest.raises(DataError, match=r"det\.zip/a/res_img_1\.txt:2: expected 8 coordinates"):
        read_results(path, "quad")


def test_two_files_of_one_image_are_an_error(tmp_path):
    path = make_zip(tmp_path / "det.zip", {"res_img_1.txt": QUAD, "img_1.txt": QUAD})
    with pytest.raises(DataError, match="a second file for the image 'img_1'"):
        read_results(path, "quad")


def test_what_is_no_archive_is_an_error(tmp_path):
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no such folder or zip"):
        read_results(tmp_path / "nothing.zip", "quad")
    with pytest.raises(DataError, match="neither a folder nor a zip"):
        read_results(tmp_path / "text.zip", "quad")
    with pytest.raises(DataError, match=r"holds no \.txt files"):
        read_results(tmp_path / "empty", "quad")


def test_pairs_come_in_the_order_of_the_truth_and_missing_ones_are_named():
    truth, predictions = {"b": [1], "a": [2], "c": [3]}, {"a": [20], "b": [10]}
    assert pair(truth, predictions, []) == ([[1], [2], [3]], [[10], [20], []], ["c"])


def test_predictions_of_unknown_images_are_an_error():
    with pytest.raises(DataError, match="hold 'x' and 1 more, which the truth does not"):
        pair({"a": 1}, {"a": 1, "x": 2, "y": 3}, 0)


@pytest.mark.parametrize(
    ("sample", "file"),
    [
        ("img_7", "res_img_7.txt"),
        ("day1/img_7", "img_7.txt"),  # the folders of the pictures need not be repeated
        ("0001001", "1001.txt"),
        ("shots/a.PNG", "a.txt"),  # a folder's names have suffixes
        ("v1.2", "res_v1.2.txt"),
    ],
)
def test_a_picture_of_a_data_set_meets_its_result_file(sample, file):
    instance = TextInstance(box_polygon(0, 0, 9, 9), "word")
    assert by_image([Sample(sample, b"", (instance,))]) == {image_key(file): [instance]}


def test_two_pictures_with_one_key_are_an_error():
    with pytest.raises(DataError, match="b/img_7: a second picture for the image 'img_7'"):
        by_image([Sample("a/img_7", b""), Sample("b/img_7", b"")])


def test_words_are_read_with_or_without_a_score(tmp_path):
    path = tmp_path / "words.tsv"
    path.write_bytes("\ufeffa.png\tword\t0.98\r\nsub/b.png\t, two\r\n\r\n".encode())
    assert read_words(path) == {"a.png": "word", "sub/b.png": ", two"}


def test_what_recognize_prints_is_unescaped_and_labels_are_not(tmp_path):
    text = "a\\b\\t\tc"
    (tmp_path / "read.tsv").write_text(f"a.png\t{tsv_cell(text)}\t0.5\n")
    (tmp_path / "labels.tsv").write_text("a.png\tC:\\temp\n")
    assert read_words(tmp_path / "read.tsv") == {"a.png": text}
    assert read_words(tmp_path / "labels.tsv") == {"a.png": "C:\\temp"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.png word\n", ":1: expected path <TAB> text"),
        ("a.png\tword\na.png\tother\n", r":2: a\.png appears a second time"),
        ("\n", "holds no words"),
    ],
)
def test_wrong_words_are_an_error(tmp_path, text, reason):
    path = tmp_path / "words.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason):
        read_words(path)
    with pytest.raises(DataError, match="no such file"):
        read_words(tmp_path / "nothing.tsv")


def test_words_can_be_known_by_their_file_name():
    assert by_name({"x/a.png": "one", "b.png": "two"}) == {"a.png": "one", "b.png": "two"}
    with pytest.raises(DataError, match=r"2 pictures are called a\.png"):
        by_name({"x/a.png": "one", "y/a.png": "two"})
