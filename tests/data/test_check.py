from __future__ import annotations

import numpy as np
import pytest

from datasets import PICTURE, TOYS, encoded
from scenetext.data import DATASETS, open_dataset
from scenetext.data.check import check
from scenetext.data.words import Word, Words
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance


def words_of(*entries):
    """Word crops of (source, text) or (source, text, lexicon)."""
    return Words(len(entries), lambda index: Word(f"w{index}", *entries[index]))


def image(seed):
    return np.random.default_rng(seed).integers(0, 256, (20, 50, 3), dtype=np.uint8)


def scene(name, *instances):
    return Sample(name, np.random.default_rng(len(name)).integers(0, 256, (60, 100, 3), np.uint8), instances)


def found(report):
    return {kind: problem.count for kind, problem in report.problems.items() if problem.count}


def test_tokens_are_counted_as_such_where_the_charset_is_of_tokens():
    entries = (image(0), "C4 D4 E4"), (image(1), "C4 X9")
    report = check(words_of(*entries), charset="pitches", max_length=2)
    assert found(report) == {"missing glyphs": 1, "too long": 1}
    facts = "\n".join(report.facts)
    assert "characters: 4 different: C4 D4 E4 X9" in facts
    assert "not in the charset: 'X9': 1" in facts


def test_a_sound_set_has_no_problems():
    report = check(words_of((image(0), "one"), (image(1), "two")), charset="printable94", max_length=25)
    assert not report.found
    assert found(report) == {}
    assert set(report.problems) == {
        "cannot be decoded",
        "the same picture again",
        "empty label",
        "missing glyphs",
        "too long",
    }


def test_each_problem_names_its_sample():
    report = check(
        words_of(
            (image(0), "fine"),
            (b"no picture", "a"),
            (image(1), " "),
            (image(2), "café"),
            (image(3), "long words"),
            (encoded(), "once"),
            (encoded(), "twice"),
        ),
        charset="printable94",
        max_length=8,
    )
    assert found(report) == {
        "cannot be decoded": 1,
        "the same picture again": 1,
        "empty label": 1,
        "missing glyphs": 3,  # the blank is not among the 94
        "too long": 1,
    }
    text = str(report)
    for line in (
        "7 of 7 samples checked",
        "w1: not an image in a known format",
        "w6 is w5, with another label",
        "w2: ' '",
        "w3: 'é' in 'café'",
        "w4: 10 characters: 'long words'",
        "not in the charset: ' ' (U+0020): 2",
        "not in the charset: 'é' (U+00E9): 1",
    ):
        assert line in text
    assert [index for index, _ in report.problems["missing glyphs"].samples] == [2, 3, 4]


def test_without_charset_and_length_nothing_is_missing_or_too_long():
    report = check(words_of((image(0), "日本 " * 50)))
    assert set(report.problems) == {"cannot be decoded", "the same picture again", "empty label"}
    assert not report.found


def test_case_is_folded_where_the_charset_folds_it():
    assert not check(words_of((image(0), "ABC")), charset="alphanumeric36").found
    assert check(words_of((image(0), "ABC")), charset="abcABD").found


def test_a_picture_damaged_behind_its_header_is_found():
    data = encoded("PNG")
    report = check(words_of((data[: len(data) // 2], "half")))
    assert found(report) == {"cannot be decoded": 1}


def test_a_missing_file_is_found(tmp_path):
    report = check(words_of((tmp_path / "gone.png", "a"), (image(0), "b")))
    assert found(report) == {"cannot be decoded": 1}
    assert "No such file" in str(report)


def test_only_the_first_samples_of_many_are_named():
    report = check(words_of(*[(image(i), "") for i in range(9)]))
    assert report.problems["empty label"].count == 9
    assert "and 4 more" in str(report)


def test_histograms_count_aspects_and_lengths():
    crops = [np.full((20, width, 3), i, dtype=np.uint8) for i, width in enumerate((10, 20, 50, 400))]
    lines = str(check(words_of(*zip(crops, ("a", "bb", "c" * 30, "dd"), strict=True)))).splitlines()
    rows = {line.split("#")[0].strip(): line.rsplit(" ", 1)[1] for line in lines if "#" in line}
    assert rows["0.5 to 1"] == "1"
    assert rows["1 to 2"] == "1"
    assert rows["2 to 3"] == "1"
    assert rows["12 and more"] == "1"
    assert rows["2"] == "2"
    assert rows["26 and more"] == "1"


def test_lexicons_are_counted_and_labels_outside_them():
    report = check(
        words_of(
            (image(0), "It's", ("its", "other")),
            (image(1), "absent", ("its", "other", "third")),
            (image(2), "none"),
        )
    )
    line = "lexicons: 2 samples have one, of 2 to 3 words; 1 labels are not in theirs"
    assert line in report.facts


def test_a_limit_looks_at_samples_spread_evenly():
    seen = []

    def fetch(index):
        seen.append(index)
        return Word(str(index), image(index), "a")

    steps = []
    report = check(Words(100, fetch), limit=4, progress=steps.append)
    assert seen == [0, 25, 50, 75]
    assert (report.total, report.checked, sum(steps)) == (100, 4, 4)
    assert check(Words(3, fetch), limit=4).checked == 3


def test_scenes_count_their_instances_and_wrong_polygons():
    report = check(
        [
            scene(
                "a",
                TextInstance(box_polygon(10, 10, 50, 20), "fine"),
                TextInstance(box_polygon(10, 30, 50, 50), None),
                TextInstance(box_polygon(0, 0, 5, 5), None, legible=False),
                TextInstance(box_polygon(90, 10, 120, 20), "leaving"),
                TextInstance(box_polygon(200, 10, 220, 20), "outside"),
                TextInstance(box_polygon(10, 10, 10, 20), "flat"),
            ),
            scene("bb"),
        ],
        charset="abcdefghijklmnopqrstuvwxyz",
    )
    assert found(report) == {"polygon without area": 1, "polygon outside the picture": 1}
    assert "instances: 6; in a scene 0 to 6 (median 3); 1 scenes have none" in report.facts
    assert "legible: 5 (83%), 1 of them without text" in report.facts
    assert "polygons that reach out of the picture: 1" in report.facts
    heights = report.facts[report.facts.index("height of legible text, pixels") + 1 :]
    assert heights[2].strip().startswith("8 to 12 #")
    assert heights[2].endswith(" 3")
    assert heights[4].endswith(" 1")


def test_labels_of_illegible_words_are_nobodys_problem():
    report = check(
        [scene("a", TextInstance(box_polygon(0, 0, 9, 9), "é" * 99, legible=False))], charset="abc"
    )
    assert not report.found


def test_an_unknown_charset_is_an_error():
    with pytest.raises(SettingsError, match="printable94"):
        check(words_of((image(0), "a")), charset="printabel94")


def test_an_empty_set_can_be_checked():
    assert "0 of 0 samples checked" in str(check(words_of()))
    assert "instances: 0" in str(check([]))


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_can_be_checked(name, tmp_path):
    report = check(open_dataset(f"{name}:{TOYS[name](tmp_path)}", tmp_path), charset="printable94")
    assert report.checked == report.total >= 2
    assert report.problems["cannot be decoded"].count == 0
    height = 0 if name.endswith("words") else PICTURE.height
    assert f"height {height or ''}" in str(report)


def test_an_outline_that_crosses_itself_is_a_problem_even_if_its_loops_cancel_out():
    crossed = np.array([[10, 10], [30, 30], [30, 10], [10, 30]])
    lopsided = np.array([[10, 10], [60, 30], [60, 10], [10, 20]])
    report = check([scene("a", TextInstance(crossed, "x"), TextInstance(lopsided, "y"))])
    assert found(report) == {"polygon crosses itself": 2}
    assert "a: 'x' at (10, 10)" in str(report)
