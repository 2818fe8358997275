from __future__ import annotations

import importlib
import pickle

import pytest

from scenetext.data.files import Lines, data_folder, one_of, read_xml, split_folder
from scenetext.errors import BadImageError, DataError


def test_a_data_set_lies_in_the_root_or_in_a_folder_of_its_name(tmp_path):
    assert data_folder(tmp_path, "iiit5k") == tmp_path
    (tmp_path / "iiit5k").mkdir()
    assert data_folder(tmp_path, "iiit5k") == tmp_path / "iiit5k"


def test_a_missing_root_or_split_is_an_error(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        data_folder(tmp_path / "nowhere", "iiit5k")
    with pytest.raises(DataError, match="val: no such folder"):
        split_folder(tmp_path, "val")


def test_a_folder_that_an_archive_unpacks_into_is_entered(tmp_path):
    (tmp_path / "svt" / "svt1").mkdir(parents=True)
    assert data_folder(tmp_path, "svt", ["svt1"]) == tmp_path / "svt" / "svt1"
    assert data_folder(tmp_path / "svt", "svt", ["svt1"]) == tmp_path / "svt" / "svt1"
    assert data_folder(tmp_path, "svt", ["other"]) == tmp_path / "svt"


def test_one_of_several_names_is_found_or_all_are_named(tmp_path):
    (tmp_path / "b").mkdir()
    assert one_of(tmp_path, ["a", "b"]) == tmp_path / "b"
    with pytest.raises(DataError, match="holds no a or c"):
        one_of(tmp_path, ["a", "c"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", []),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"one\r\n\r\ntwo\r\n", ["one", "two"]),
        (b"\xef\xbb\xbfone\n\n\ntwo", ["one", "two"]),
        ("zwölf\u2028\x0c Wörter\nb\n".encode(), ["zwölf\u2028\x0c Wörter", "b"]),
    ],
)
@pytest.mark.parametrize("scan", [2, 2**24])
def test_lines_are_found_by_index(data, expected, scan, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.import_module("scenetext.data.files"), "_SCAN", scan)
    (tmp_path / "file").write_bytes(data)
    lines = Lines(tmp_path / "file")
    assert list(lines) == expected
    assert [lines[i - len(expected)] for i in range(len(expected))] == expected
    assert lines[:1] == expected[:1]
    with pytest.raises(IndexError):
        lines[len(expected)]


def test_lines_travel_as_a_path(tmp_path):
    (tmp_path / "file").write_bytes(b"word\n" * 10000)
    data = pickle.dumps(Lines(tmp_path / "file"))
    assert len(data) < 1000
    assert pickle.loads(data)[9999] == "word"


def test_a_line_knows_its_number_in_the_file(tmp_path):
    (tmp_path / "file").write_bytes(b"one\n\ntwo\ncaf\xe9\n")
    lines = Lines(tmp_path / "file")
    assert lines.where(1).endswith("file:3")
    with pytest.raises(BadImageError, match="file:4: not UTF-8"):  # one sample is lost, not the set
        lines[2]


def test_files_that_are_missing_or_of_another_kind_are_errors(tmp_path):
    with pytest.raises(DataError, match=r"none\.txt: cannot be read \(No such file"):
        Lines(tmp_path / "none.txt")
    with pytest.raises(DataError, match=r"none\.xml: cannot be read"):
        read_xml(tmp_path / "none.xml")
    (tmp_path / "wrong.xml").write_text("<a><b></a>")
    with pytest.raises(DataError, match=r"wrong\.xml: not XML \(mismatched tag: line 1"):
        read_xml(tmp_path / "wrong.xml")
    (tmp_path / "odd.xml").write_text("<?xml version='1.0' encoding='klingon'?><a/>")
    with pytest.raises(DataError, match=r"odd\.xml: not XML"):
        read_xml(tmp_path / "odd.xml")
