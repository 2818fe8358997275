from __future__ import annotations

import numpy as np
import pytest

from datasets import TOYS, encoded, write_svt
from scenetext.data import DATASETS, open_dataset
from scenetext.data.convert import convert
from scenetext.data.filters import Filters
from scenetext.data.targets import TARGETS
from scenetext.data.words import Word, Words
from scenetext.errors import DataError, SettingsError
from scenetext.geometry import box_polygon, iou
from scenetext.types import Sample, TextInstance

READERS = {  # of each layout
    "lmdb": "lmdb", "tsv": "folder", "jsonl": "folder", "icdar": "icdar", "icdar2015": "icdar2015:test",
    "totaltext": "totaltext:test", "ctw1500": "ctw1500:test", "ppocrlabel": "ppocrlabel", "coco": "coco",
    "textocr": "textocr:train",
}  # fmt: skip
NAMED = ("icdar", "icdar2015")  # layouts in which every legible word has a text
WHOLE = ("icdar2015", "totaltext", "ctw1500")  # layouts of whole pixels

MARKS = ["plain", "back\\slash", "hy-phen", '"quoted"', "zwölf", "two words ", "1,2,3", "###"]


def words_of(*texts, lexicon=None):
    return Words(len(texts), lambda index: Word(f"a/{index}", encoded(), texts[index], lexicon))


def texts(samples):
    return [[instance.text for instance in sample.instances] for sample in samples]


def test_every_layout_has_a_reader():
    assert READERS.keys() == TARGETS.keys()


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_survives_every_layout_that_can_hold_it(name, to, tmp_path):
    samples = open_dataset(f"{name}:{TOYS[name](tmp_path)}", tmp_path)
    words = isinstance(samples, Words)
    out = tmp_path / "out"
    if not (TARGETS[to].words if words else TARGETS[to].scenes):
        with pytest.raises(SettingsError, match=f"{to} cannot hold (word crops|scenes); these can: "):
            convert(samples, to, out)
        return
    kept = [sample for sample in samples if words or not refused(to, sample)]
    if not kept:
        with pytest.raises(DataError, match="is left to write"):
            convert(samples, to, out)
        return
    result = convert(samples, to, out)
    assert (result.read, result.written) == (len(samples), len(kept))
    assert len(result.failures) == len(samples) - len(kept)
    back = open_dataset(READERS[to], out)
    assert len(back) == len(kept)
    by_name = {sample.name.rpartition(".")[0] or sample.name: sample for sample in back}
    for i, sample in enumerate(kept):
        name = sample.name.removesuffix(".png")
        copy = back[i] if to == "lmdb" else by_name[name]
        for a, b in zip(copy.instances, sample.instances, strict=True):
            assert a.legible == b.legible
            assert a.text == (b.text if b.legible or to == "jsonl" else None)
            if to == "ctw1500":  # of fourteen points, in whole pixels
                assert iou(a.polygon, b.polygon) > 0.8
            else:
                np.testing.assert_allclose(a.polygon, b.polygon, atol=0.5 if to in WHOLE else 0.01)
        np.testing.assert_array_equal(copy.image, sample.image)
        assert copy.lexicon == (sample.lexicon if TARGETS[to].lexicon else None)


def test_json_lines_keep_the_outlines_of_characters(tmp_path):
    quads = np.array([box_polygon(x, 0, x + 5, 9) for x in (0, 6)], np.float32)
    word = TextInstance(box_polygon(0, 0, 11, 9), "on", characters=quads)
    convert([Sample("a", encoded(), (word,))], "jsonl", tmp_path / "out")
    (back,) = open_dataset("folder", tmp_path / "out")[0].instances
    np.testing.assert_array_equal(back.characters, quads)


def refused(to, sample):
    """Whether a layout cannot hold a scene."""
    unnamed = any(instance.legible and instance.text is None for instance in sample.instances)
    curved = any(len(instance.polygon) != 4 for instance in sample.instances)
    return (to in NAMED and unnamed) or (to == "icdar2015" and curved)


@pytest.mark.parametrize("to", [name for name, target in TARGETS.items() if target.words])
def test_texts_with_marks_come_back_as_they_are(to, tmp_path):
    assert convert(words_of(*MARKS), to, tmp_path / "out").failures == []
    assert texts(open_dataset(READERS[to], tmp_path / "out")) == [[text] for text in MARKS]


def test_scenes_with_marks_come_back_as_they_are(tmp_path):
    instances = tuple(TextInstance(box_polygon(0, i, 30, i + 1), text) for i, text in enumerate(MARKS))
    for to in ("jsonl", "icdar"):
        convert([Sample("a", encoded(), instances)], to, tmp_path / to)
        assert texts(open_dataset(READERS[to], tmp_path / to)) == [MARKS]


@pytest.mark.parametrize("to", ["lmdb", "tsv", "jsonl"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_bytes_of_a_picture_stay_what_they_are(to, kind, tmp_path):
    data = encoded(kind)
    convert(Words(1, lambda index: Word("a.b", data, "text")), to, tmp_path / "out")
    source = open_dataset(READERS[to], tmp_path / "out")[0].source
    assert (source if isinstance(source, bytes) else source.read_bytes()) == data
    if to != "lmdb":
        assert source.name == {"PNG": "a.b.png", "JPEG": "a.b.jpg", "WEBP": "a.b.webp"}[kind]


def test_filters_say_what_they_drop_one_after_the_other(tmp_path):
    words = words_of("ab", "abc", "a-b", "-", "abcdef", "abcd")
    result = convert(words, "tsv", tmp_path / "out", Filters(alphanumeric=True, min_length=3, max_length=5))
    assert result.dropped == {"alphanumeric": 2, "min-length 3": 1, "max-length 5": 1}
    assert (result.read, result.written) == (6, 2)
    assert texts(open_dataset("folder", tmp_path / "out")) == [["abc"], ["abcd"]]


def test_one_failure_is_told_and_the_rest_is_written(tmp_path):
    sources = [encoded(), b"no picture", encoded()[:100], tmp_path / "gone.png", encoded("JPEG")]
    told = []
    words = Words(5, lambda index: Word(f"w{index}", sources[index], "text"))
    result = convert(words, "lmdb", tmp_path / "out", progress=told.append)
    assert (result.read, result.written) == (5, 2)
    assert [failure is None for failure in told] == [True, False, False, False, True]
    assert [str(failure).partition(":")[0] for failure in result.failures] == ["w1", "w2", "w3"]
    assert len(open_dataset("lmdb", tmp_path / "out")) == 2


def test_lexicons_that_are_lost_are_counted(tmp_path):
    write_svt(tmp_path)
    words = open_dataset("svt-words:test", tmp_path)
    assert convert(words, "tsv", tmp_path / "a").lexicons_lost == 3
    assert convert(words, "lmdb", tmp_path / "b").lexicons_lost == 0


@pytest.mark.parametrize("to", ["lmdb", "tsv", "jsonl"])
def test_what_is_interrupted_leaves_nothing_that_looks_whole(to, tmp_path):
    def fetch(index):
        if index == 3:
            raise KeyboardInterrupt
        assert not (tmp_path / "out").exists()
        return Word(str(index), encoded(), "text")

    with pytest.raises(KeyboardInterrupt):
        convert(Words(5, fetch), to, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_conversion_left_is_neither_taken_nor_written_over(tmp_path):
    (tmp_path / "out.partial").mkdir()
    with pytest.raises(
        SettingsError, match=r"out\.partial: another conversion is writing, or was interrupted"
    ):
        convert(words_of("a"), "lmdb", tmp_path / "out")
    assert list((tmp_path / "out.partial").iterdir()) == []


def test_an_empty_folder_may_be_written_to_but_no_other(tmp_path):
    (tmp_path / "empty").mkdir()
    assert convert(words_of("a"), "jsonl", tmp_path / "empty").written == 1
    with pytest.raises(SettingsError, match="empty: already there"):
        convert(words_of("a"), "jsonl", tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file: already there"):
        convert(words_of("a"), "jsonl", tmp_path / "file")


def test_a_set_of_which_nothing_is_left_is_not_written(tmp_path):
    with pytest.raises(DataError, match="none of 1 samples is left"):
        convert(words_of("ab"), "lmdb", tmp_path / "out", Filters(min_length=3))
    assert list(tmp_path.iterdir()) == []


def test_filters_are_for_words(tmp_path):
    with pytest.raises(SettingsError, match="filters are for word crops"):
        convert([Sample("a", encoded(), ())], "jsonl", tmp_path / "out", Filters(min_length=3))


def test_an_unknown_layout_lists_the_known(tmp_path):
    with pytest.raises(SettingsError, match="did you mean 'lmdb'.*icdar, icdar2015, jsonl, lmdb, ppocrlabel"):
        convert(words_of("a"), "lmbd", tmp_path / "out")
