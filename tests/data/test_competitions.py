from __future__ import annotations

import pytest

from datasets import write_ic03, write_ic13, write_ic15, write_pictures
from scenetext.data.competitions import ic03, ic13, ic15
from scenetext.errors import DataError, SettingsError


def texts(words):
    return [(word.name, word.instances[0].text) for word in words]


def test_ic03_reads_word_xml_in_its_encoding(tmp_path):
    assert texts(ic03(tmp_path, write_ic03(tmp_path))) == [("word/1/1", "self"), ("word/1/2", "£5 & é")]


def test_ic13_undoes_quotes_and_escapes(tmp_path):
    assert texts(ic13(tmp_path, write_ic13(tmp_path))) == [("word_1", "Tired"), ("word_2", '"a\\b, c"')]


def test_ic15_reads_past_the_byte_order_mark(tmp_path):
    assert texts(ic15(tmp_path, write_ic15(tmp_path))) == [("word_1", "Genaxis"), ("word_2", "Café")]


@pytest.mark.parametrize("reader", [ic13, ic15])
@pytest.mark.parametrize("split", ["train", "test"])
def test_plain_folders_with_a_gt_will_do(reader, split, tmp_path):
    write_pictures(tmp_path / split, "word_1.png")
    (tmp_path / split / "gt.txt").write_text('word_1.png, "a, b"\n')
    assert texts(reader(tmp_path, split)) == [("word_1", "a, b")]


def test_the_labels_of_the_test_pictures_may_lie_among_them(tmp_path):
    folder = tmp_path / "ch4_test_word_images_gt"
    write_pictures(folder, "word_1.png")
    (folder / "Challenge4_Test_Task3_GT.txt").write_text('word_1.png, "inside"\n')
    (tmp_path / "Challenge4_Test_Task3_GT.txt").write_text('word_1.png, "beside"\n')
    assert texts(ic15(tmp_path, "test")) == [("word_1", "inside")]
    (folder / "Challenge4_Test_Task3_GT.txt").unlink()
    assert texts(ic15(tmp_path, "test")) == [("word_1", "beside")]


def test_a_text_may_end_in_a_backslash_or_stand_without_quotes(tmp_path):
    write_pictures(tmp_path / "train", "1.png", "2.png", "3.png")
    (tmp_path / "train" / "gt.txt").write_text('1.png, "a\\\\"\n2.png, plain\n3.png, "C:\\dir"\n')
    assert [text for _, text in texts(ic13(tmp_path, "train"))] == ["a\\", "plain", "C:\\dir"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("word_1.png", r"gt\.txt:2: expected 'word_1\.png"), ('word_9.png, "a"', "gt.txt:2: no such picture")],
)
def test_a_wrong_line_is_named(line, reason, tmp_path):
    write_pictures(tmp_path / "train", "word_1.png")
    (tmp_path / "train" / "gt.txt").write_text(f'word_1.png, "a"\n{line}\n')
    with pytest.raises(DataError, match=reason):
        ic15(tmp_path, "train")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('<image tag="a"/>', "has a file and a tag"),
        ('<image file="1.jpg"/>', "has a file and a tag"),
        ('<image file="9.jpg" tag="a"/>', r"no such picture: 9\.jpg"),
    ],
)
def test_a_wrong_entry_is_named(entry, reason, tmp_path):
    write_pictures(tmp_path / "train", "1.jpg")
    (tmp_path / "train" / "word.xml").write_text(f"<imagelist>{entry}</imagelist>")
    with pytest.raises(DataError, match=reason):
        ic03(tmp_path, "train")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match="Challenge2_Test_Task3_Images or test"):
        ic13(tmp_path, "test")
    (tmp_path / "test").mkdir()
    with pytest.raises(DataError, match=r"gt\.txt or Challenge2_Test_Task3_GT\.txt"):
        ic13(tmp_path, "test")
    with pytest.raises(SettingsError, match="split of ic13 named 'val'.*test, train"):
        ic13(tmp_path, "val")
