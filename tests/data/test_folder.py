from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from scenetext.data.folder import folder
from scenetext.errors import DataError
from scenetext.geometry import signed_area

BOX = [[0, 0], [20, 0], [20, 10], [0, 10]]


@pytest.fixture
def place(tmp_path):
    Image.new("RGB", (40, 12)).save(tmp_path / "a.png")
    (tmp_path / "sub").mkdir()
    Image.new("RGB", (60, 20)).save(tmp_path / "sub" / "b.png")
    return tmp_path


def write_jsonl(place, *rows):
    (place / "labels.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def test_a_tsv_holds_words(place):
    (place / "labels.tsv").write_bytes('\ufeffa.png\t"Café", 1,50\r\nsub/b.png\t two words \r\n'.encode())
    words = folder(place, "")
    assert [word.name for word in words] == ["a.png", "sub/b.png"]
    assert [word.instances[0].text for word in words] == ['"Café", 1,50', " two words "]
    assert words[1].image.shape == (20, 60, 3)


def test_a_jsonl_holds_words(place):
    write_jsonl(place, {"path": "a.png", "text": "tab\there"})
    assert folder(place, "")[0].instances[0].text == "tab\there"


def test_a_jsonl_holds_scenes(place):
    write_jsonl(
        place,
        {"path": "a.png", "instances": [{"polygon": BOX, "text": "one"}, {"polygon": BOX, "legible": False}]},
        {"path": "sub/b.png", "instances": []},
    )
    first, second = folder(place, "")
    assert [(i.text, i.legible) for i in first.instances] == [("one", True), (None, False)]
    assert second.instances == ()


def test_a_scene_of_a_jsonl_may_know_where_its_characters_are(place):
    quads = [BOX, [[5, 5], [6, 5], [6, 7], [5, 7]]]
    instances = [{"polygon": BOX, "text": "on", "characters": quads}, {"polygon": BOX, "text": "x"}]
    write_jsonl(place, {"path": "a.png", "instances": instances})
    first, second = folder(place, "")[0].instances
    np.testing.assert_array_equal(first.characters, np.array(quads, np.float32))
    assert second.characters is None


def test_a_row_of_a_jsonl_may_have_a_lexicon(place):
    write_jsonl(
        place, {"path": "a.png", "text": "one", "lexicon": ["one", "two"]}, {"path": "a.png", "text": "x"}
    )
    assert [word.lexicon for word in folder(place, "")] == [("one", "two"), None]
    write_jsonl(place, {"path": "a.png", "instances": [], "lexicon": ["one"]})
    assert folder(place, "")[0].lexicon == ("one",)


def test_points_are_turned_clockwise(place):
    write_jsonl(place, {"path": "a.png", "instances": [{"polygon": BOX[::-1]}]})
    polygon = folder(place, "")[0].instances[0].polygon
    assert signed_area(polygon) == 200
    np.testing.assert_array_equal(polygon[0], BOX[-1])


def test_a_split_is_a_folder(place):
    (place / "sub" / "labels.tsv").write_text("b.png\tword\n")
    assert folder(place, "sub")[0].instances[0].text == "word"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a.png word\n", r"labels\.tsv:1: expected 2 columns \(path <TAB> text\), found 1"),
        (b"a.png\tone\na.png\ttwo\tthree\n", r"labels\.tsv:2: expected 2 columns .*, found 3"),
        (b"a.png\tone\n\nc.png\ttwo\n", r"labels\.tsv:3: no such picture: c\.png"),
        (b"a.png\tcaf\xe9\n", r"labels\.tsv:1: not UTF-8"),
    ],
)
def test_a_wrong_line_of_a_tsv_is_named(place, data, reason):
    (place / "labels.tsv").write_bytes(data)
    with pytest.raises(DataError, match=reason):
        folder(place, "")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"path": "a.png", "text": ', "not JSON"),
        ('["a.png"]', 'expected an object with a "path"'),
        ('{"path": "a.png"}', 'expected either a "text" or a list of "instances"'),
        ('{"path": "a.png", "text": "a", "instances": []}', 'either a "text" or'),
        ('{"path": "a.png", "text": null}', 'either a "text" or'),
        ('{"path": "c.png", "text": "a"}', "no such picture"),
        ('{"path": "a.png", "text": "a", "lexicon": "a b"}', "a lexicon is a list of words"),
        ('{"path": "a.png", "text": "a", "lexicon": ["a", 7]}', "a lexicon is a list of words"),
        ('{"path": "a.png", "instances": [{"polygon": [[1, 2], [3, 4]]}]}', "instance 0: a polygon is"),
        (
            '{"path": "a.png", "instances": [{"polygon": [[1, 2], [3, 4], [5, NaN]]}]}',
            "instance 0: a polygon is",
        ),
        ('{"path": "a.png", "instances": [{"polygon": [1, 2, 3, 4, 5, 6]}]}', "instance 0: a polygon is"),
        ('{"path": "a.png", "instances": [{"polgyon": []}]}', "no such key 'polgyon'"),
        (
            '{"path": "a.png", "instances": [{"polygon": [[0,0],[1,0],[1,1]], "text": 7}]}',
            "a text is a string",
        ),
        ('{"path": "a.png", "instances": [{"polygon": [[0,0],[1,0],[1,1]], "legible": 1}]}', "true or false"),
        (
            '{"path": "a.png", "instances": [{"polygon": [[0,0],[1,0],[1,1]], "text": "a", '
            '"characters": []}]}',
            "one outline for each of the text 'a'",
        ),
        (
            '{"path": "a.png", "instances": [{"polygon": [[0,0],[1,0],[1,1]], "text": "a", '
            '"characters": [[[0,0],[1,0],[1,1]]]}]}',
            "outline of a character is a list of 4",
        ),
        ('{"path": "sub/b.png", "instances": []}', "word crops and scenes in one file"),
    ],
)
def test_a_wrong_line_of_a_jsonl_is_named(place, row, reason):
    (place / "labels.jsonl").write_text('{"path": "a.png", "text": "fine"}\n' + row + "\n")
    with pytest.raises(DataError, match=rf"labels\.jsonl:2: .*{reason}"):
        folder(place, "")


def test_two_label_files_are_one_too_many(place):
    (place / "labels.tsv").write_text("a.png\tword\n")
    write_jsonl(place, {"path": "a.png", "text": "word"})
    with pytest.raises(DataError, match="both"):
        folder(place, "")


def test_no_label_file_is_an_error(place):
    with pytest.raises(DataError, match=r"neither labels\.tsv nor labels\.jsonl"):
        folder(place, "")
