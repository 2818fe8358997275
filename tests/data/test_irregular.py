from __future__ import annotations

import pytest

from datasets import write_cute80, write_pictures, write_svtp
from scenetext.data.irregular import cute80, svtp
from scenetext.errors import DataError, SettingsError


def texts(words):
    return [(word.name, word.instances[0].text) for word in words]


def test_svtp_finds_its_pictures_beside_the_list_or_in_par1(tmp_path):
    assert texts(svtp(tmp_path, write_svtp(tmp_path))) == [("13_15_0_par", "WYND"), ("13_15_1_par", "HOTEL")]
    write_pictures(tmp_path / "flat", "a.jpg")
    (tmp_path / "flat" / "gt.txt").write_text("a.jpg word\n")
    assert texts(svtp(tmp_path / "flat", "test")) == [("a", "word")]


def test_cute80_needs_no_more_than_two_columns(tmp_path):
    assert texts(cute80(tmp_path, write_cute80(tmp_path))) == [("001", "RONDO"), ("002", "7")]
    write_pictures(tmp_path / "cute80", "timage/001.jpg")
    (tmp_path / "cute80" / "gt.txt").write_text("timage/001.jpg word\n")
    assert texts(cute80(tmp_path, "test")) == [("001", "word")]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ("OPEN NOW", "OPEN NOW"),
        ("WORD 1 WORD", "WORD"),
        ("WORD 2 OTHER WORD", "WORD"),
        ("NUMBER 1 HIT", "NUMBER 1 HIT"),
        ("WORD 3 WORD OTHER", "WORD 3 WORD OTHER"),
    ],
)
@pytest.mark.parametrize("reader", [svtp, cute80])
def test_a_text_keeps_its_blanks_and_a_lexicon_behind_it_does_not_count(reader, columns, text, tmp_path):
    write_pictures(tmp_path, "a.jpg")
    (tmp_path / "gt.txt").write_text(f"a.jpg {columns}\n")
    assert texts(reader(tmp_path, "test")) == [("a", text)]


@pytest.mark.parametrize(
    ("line", "reason"), [("a.jpg", "expected 'path text'"), ("b.jpg word", r"no such picture: b\.jpg")]
)
@pytest.mark.parametrize("reader", [svtp, cute80])
def test_a_wrong_line_is_named(reader, line, reason, tmp_path):
    write_pictures(tmp_path, "a.jpg")
    (tmp_path / "gt.txt").write_text(f"a.jpg word\n\n{line}\n")
    with pytest.raises(DataError, match=rf"gt\.txt:3: {reason}"):
        reader(tmp_path, "test")


@pytest.mark.parametrize("reader", [svtp, cute80])
def test_there_is_no_training_part(reader, tmp_path):
    with pytest.raises(SettingsError, match="known: test"):
        reader(tmp_path, "train")
