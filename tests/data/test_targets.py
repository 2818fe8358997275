"""The layouts that data sets are written in: what each refuses, and what its files look like."""

from __future__ import annotations

import json

import pytest

from datasets import encoded
from scenetext.data import open_dataset
from scenetext.data.convert import convert
from scenetext.data.words import Word, Words
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance


def texts(samples):
    return [[instance.text for instance in sample.instances] for sample in samples]


@pytest.mark.parametrize(
    ("to", "word", "reason"),
    [
        ("tsv", Word("a", encoded(), "tab\there"), "tsv cannot hold tabs"),
        ("tsv", Word("a", encoded(), "line\nbreak"), "tsv cannot hold tabs and line breaks"),
        ("lmdb", Word("a", encoded(), "text", ("two words",)), "cannot hold the word 'two words'"),
        ("jsonl", Word("a", encoded(), "half \ud800"), "half a character"),
    ],
)
def test_what_a_layout_cannot_hold_is_refused_and_not_mangled(to, word, reason, tmp_path):
    words = Words(2, lambda index: word if index == 0 else Word("b", encoded(), "fine"))
    result = convert(words, to, tmp_path / "out")
    assert [reason in str(failure) for failure in result.failures] == [True]
    assert texts(open_dataset("lmdb" if to == "lmdb" else "folder", tmp_path / "out")) == [["fine"]]


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "without text; jsonl can"), ("line\nbreak", "cannot hold line breaks")]
)
def test_icdar_files_refuse_what_they_would_mangle(text, reason, tmp_path):
    box = box_polygon(0, 0, 20, 10)
    scenes = [Sample("a", encoded(), (TextInstance(box, text),)), Sample("b", encoded(), ())]
    result = convert(scenes, "icdar", tmp_path / "out")
    assert [reason in str(failure) for failure in result.failures] == [True]
    assert [scene.name for scene in open_dataset("icdar", tmp_path / "out")] == ["b"]
    assert convert(scenes, "jsonl", tmp_path / "lines").failures == []
    assert texts(open_dataset("folder", tmp_path / "lines")) == [[text], []]


def test_scenes_of_one_stem_keep_their_own_labels(tmp_path):
    box = box_polygon(0, 0, 20, 10)
    scenes = [
        Sample("x.png", encoded("PNG"), (TextInstance(box, "png"),)),
        Sample("x.jpg", encoded("JPEG"), (TextInstance(box, "jpg"),)),
    ]
    convert(scenes, "icdar", tmp_path / "out")
    back = open_dataset("icdar", tmp_path / "out")
    assert {scene.source.suffix: scene.instances[0].text for scene in back} == {".png": "png", ".jpg": "jpg"}


def test_rows_of_a_jsonl_are_plain_json(tmp_path):
    words = Words(1, lambda index: Word("a/0", encoded(), "é", ("é", "b")))
    convert(words, "jsonl", tmp_path / "out")
    (line,) = (tmp_path / "out" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"path": "a/0.png", "text": "é", "lexicon": ["é", "b"]}
    assert "é" in line
