from __future__ import annotations

import json

import numpy as np
import pytest

from scenetext.formats import WRITERS
from scenetext.geometry import box_polygon
from scenetext.types import Reading, TextInstance

READING = Reading(
    "a\tb.jpg",
    640,
    480,
    (
        TextInstance(box_polygon(1, 2, 30, 12), 'He said "Ü"', 0.912345),
        TextInstance(box_polygon(40, 2, 60, 12), "tab\there", 0.5),
        TextInstance(box_polygon(1, 20, 30, 32), "below\\", 0.25),
    ),
    (0, 0, 1),
    {"load": 0.01, "total": 0.25},
)
EMPTY = Reading("empty.jpg", 1, 1, (), (), {"total": 0.1})


def test_text_is_a_line_a_line() -> None:
    assert WRITERS["text"](READING) == 'He said "Ü" tab\there\nbelow\\\n'
    assert WRITERS["text"](EMPTY) == ""


@pytest.mark.parametrize("name", ["json", "jsonl"])
@pytest.mark.parametrize("reading", [READING, EMPTY], ids=["words", "no words"])
def test_json_is_one_object_that_becomes_the_reading_again(name: str, reading: Reading) -> None:
    text = WRITERS[name](reading)
    assert text.endswith("}\n")
    fields = json.loads(text)
    assert list(fields) == ["name", "width", "height", "text", "instances", "seconds"]
    assert fields == reading.to_dict()
    back = Reading.from_dict(fields)
    assert back.text == reading.text
    for a, b in zip(back.instances, reading.instances, strict=True):
        assert np.allclose(a.polygon, b.polygon)
    if name == "jsonl":
        assert text.count("\n") == 1


def test_tsv_is_five_cells_an_instance_whatever_the_text() -> None:
    rows = [line.split("\t") for line in WRITERS["tsv"](READING).splitlines()]
    assert [len(row) for row in rows] == [5, 5, 5]
    assert rows[0] == [
        "a\\tb.jpg",
        "0",
        'He said "Ü"',
        "0.9123",
        "1.00,2.00 30.00,2.00 30.00,12.00 1.00,12.00",
    ]
    assert rows[1][2] == "tab\\there"
    assert rows[2][1:3] == ["1", "below\\\\"]
    assert WRITERS["tsv"](EMPTY) == ""


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_writer_describes_itself_and_leaves_the_reading_alone(name: str) -> None:
    assert WRITERS[name].__doc__
    before = READING.to_dict()
    assert WRITERS[name](READING) == WRITERS[name](READING)
    assert READING.to_dict() == before


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_what_every_writer_writes_ends_its_line(name: str) -> None:
    for reading in (READING, EMPTY):
        text = WRITERS[name](reading)
        assert text == "" or text.endswith("\n")
