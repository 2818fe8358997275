"""The recognition benchmark: which lists are found, and the two totals."""

import io

import numpy as np
import pytest
from PIL import Image

from scenetext.benchmark import OWN, SETS, Found, Standing, WordList, find_lists, milliseconds, stand
from scenetext.data.lmdb_words import write_lmdb
from scenetext.errors import DataError, SettingsError

TEN = [
    "IIIT5k_3000",
    "SVT",
    "IC03_860",
    "IC03_867",
    "IC13_857",
    "IC13_1015",
    "IC15_1811",
    "IC15_2077",
    "SVTP",
    "CUTE80",
]

# Baek et al. 2019: percent on the ten lists, the total over the union, and over all entries.
PUBLISHED = {
    "CRNN": ([82.9, 81.6, 93.1, 92.6, 91.1, 89.2, 69.4, 64.2, 70.0, 65.5], 78.42, 79.02),
    "RARE": ([86.2, 85.8, 93.9, 93.7, 92.6, 91.1, 74.5, 68.9, 76.2, 70.4], 82.02, 82.49),
    "R2AM": ([83.4, 82.4, 92.2, 92.0, 90.2, 88.1, 68.9, 63.6, 72.1, 64.9], 78.46, 78.84),
    "STAR-Net": ([87.0, 86.9, 94.4, 94.0, 92.8, 91.5, 76.1, 70.3, 77.5, 71.7], 82.94, 83.43),
    "GRCNN": ([84.2, 83.7, 93.5, 93.0, 90.9, 88.8, 71.4, 65.8, 73.6, 68.1], 79.77, 80.29),
    "Rosetta": ([84.3, 84.7, 93.4, 92.9, 90.9, 89.0, 71.2, 66.0, 73.8, 69.2], 80.00, 80.41),
    "TRBA": ([87.9, 87.5, 94.9, 94.4, 93.6, 92.3, 77.6, 71.8, 79.2, 74.0], 84.02, 84.51),
}


def picture(level: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (40, 32), level).save(buffer, "PNG")
    return buffer.getvalue()


def write_words(folder, texts):
    write_lmdb(folder, [(picture(50 * i), text) for i, text in enumerate(texts)])


class Echo:
    """Reads "a" off everything."""

    def recognize(self, crops):
        return [("a", 1.0) for _ in crops]


def test_the_lists_are_the_papers():
    assert list(SETS) == TEN
    assert sum(entry.words for entry in SETS.values() if entry.union) == 8539
    assert sum(entry.words for entry in SETS.values()) == 12067


@pytest.mark.parametrize("name", PUBLISHED)
def test_both_totals_of_the_published_accuracies_are_the_published_ones(name):
    accuracies, union, lists = PUBLISHED[name]
    words = [entry.words for entry in SETS.values()]
    counts = {key: (accuracy / 100 * n, n) for key, accuracy, n in zip(SETS, accuracies, words, strict=True)}
    standing = Standing(counts, 0.0)
    # the accuracies are printed to one digit, the union was read off a figure
    assert 100 * standing.union == pytest.approx(union, abs=0.025)
    assert 100 * standing.lists == pytest.approx(lists, abs=0.006)


def test_a_total_with_a_missing_list_is_none():
    counts = dict.fromkeys(SETS, (1, 2))
    assert Standing(counts, 0).union == Standing(counts, 0).lists == 0.5
    for name, entry in SETS.items():
        rest = Standing({key: value for key, value in counts.items() if key != name}, 0)
        assert rest.lists is None
        assert rest.union == (None if entry.union else 0.5)
        assert rest.accuracy(name) is None


def test_lists_outside_the_benchmark_count_in_no_total():
    counts = dict.fromkeys(SETS, (1, 1)) | {OWN.name: (0, 100), "folder:mine": (0, 100)}
    assert Standing(counts, 0).union == Standing(counts, 0).lists == 1


def test_lists_are_found_as_databases_and_as_data_sets(tmp_path):
    write_words(tmp_path / "SVT", ["a"])
    write_words(tmp_path / "evaluation" / "CUTE80", ["a", "b"])
    (tmp_path / "iiit5k").mkdir()
    (tmp_path / "iiit5k" / "1.png").write_bytes(picture(0))
    (tmp_path / "iiit5k" / "test.tags").write_text("1.png A\n")
    found = {f.entry.name: f for f in find_lists([], tmp_path)}
    assert list(found) == [*TEN, OWN.name]
    sizes = {name: len(f.samples) for name, f in found.items() if f.samples is not None}
    assert sizes == {"IIIT5k_3000": 1, "SVT": 1, "CUTE80": 2}


def test_the_words_of_a_competition_are_filtered_down_to_its_lists(tmp_path):
    folder = tmp_path / "ic13" / "Challenge2_Test_Task3_Images"
    folder.mkdir(parents=True)
    texts = ["Open", "it's", "no", "24h"]
    for i in range(len(texts)):
        (folder / f"word_{i}.png").write_bytes(picture(0))
    lines = [f'word_{i}.png, "{text}"' for i, text in enumerate(texts)]
    (folder / "gt.txt").write_text("\n".join(lines), encoding="utf-8")
    lists = find_lists(["IC13_857", "IC13_1015"], tmp_path)
    assert [[s.instances[0].text for s in f.samples] for f in lists] == [
        ["Open", "24h"],
        ["Open", "no", "24h"],
    ]


def test_a_list_of_another_size_than_published_differs():
    samples = [object()] * 645
    assert not Found(SETS["SVTP"], samples).differs
    assert Found(SETS["SVTP"], samples[1:]).differs
    assert not Found(SETS["SVTP"], None).differs
    assert not Found(WordList("folder:mine"), samples).differs


def test_any_data_set_of_words_can_be_a_list(tmp_path):
    write_words(tmp_path / "mine", ["a", "b", "c"])
    (found,) = find_lists(["lmdb:mine"], tmp_path)
    assert len(found.samples) == 3
    assert len(find_lists(["lmdb:mine"], tmp_path, limit=2)[0].samples) == 2


def test_an_unknown_list_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(SettingsError, match="did you mean 'SVT'"):
        find_lists(["SVTT"], tmp_path)


def test_a_folder_without_any_list_is_an_error(tmp_path):
    with pytest.raises(DataError, match="holds none of the lists"):
        find_lists([], tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        find_lists([], tmp_path / "nowhere")


def test_a_standing_counts_the_words_that_were_read(tmp_path):
    write_words(tmp_path / "SVT", ["A", "b", "a"])
    write_words(tmp_path / "SVTP", ["x"])
    done = []
    standing = stand(Echo(), find_lists([], tmp_path), done.append)
    assert standing.counts == {"SVT": (2, 3), "SVTP": (0, 1)}
    assert standing.accuracy("SVT") == pytest.approx(2 / 3)
    assert standing.milliseconds > 0
    assert sum(done) == 4


def test_every_list_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr("scenetext.benchmark.TIMED", 4)
    timed = set()

    class Model(Echo):
        def recognize(self, crops):
            if len(crops) == 1:
                timed.add(int(crops[0][0, 0, 0]))
            return super().recognize(crops)

    for i, name in enumerate(("SVT", "SVTP", "CUTE80")):
        write_lmdb(tmp_path / name, [(picture(50 * i), "a")] * 5)
    stand(Model(), find_lists(["SVT", "SVTP", "CUTE80"], tmp_path))
    assert timed == {0, 50, 100}


def test_milliseconds_are_of_one_crop_at_a_time():
    sizes = []

    class Model:
        def recognize(self, crops):
            sizes.append(len(crops))

    crops = [np.zeros((32, 64, 3), np.uint8)] * 4
    assert milliseconds(Model(), crops) < 5
    assert sizes == [1] * (1 + 3 * 4)
