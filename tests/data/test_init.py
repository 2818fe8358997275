from __future__ import annotations

import operator
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets import DAMAGES, TOYS
from scenetext.data import DATASETS, open_dataset, parse_name
from scenetext.errors import DataError, ScenetextError, SettingsError
from scenetext.types import Sample

WITHOUT_TEXTS = ("td500", "tr400")  # words are outlined and not read


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """Another process, started anew."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def facts(sample: Sample) -> tuple[object, ...]:
    instances = [(i.text, i.score, i.legible, i.polygon.tolist()) for i in sample.instances]
    return sample.name, instances, sample.lexicon, sample.image.shape, sample.image.tobytes()


def test_every_data_set_has_a_toy() -> None:
    assert TOYS.keys() == DATASETS.keys()


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_is_a_sequence_of_samples_that_other_processes_can_read(
    name: str, tmp_path: Path, elsewhere: ProcessPoolExecutor
) -> None:
    samples = open_dataset(f"{name}:{TOYS[name](tmp_path)}", tmp_path)
    count = len(samples)
    assert count >= 2
    assert len({sample.name for sample in samples}) == count
    for sample in (samples[0], samples[-1]):
        assert sample.image.dtype == np.uint8
        height, width = sample.image.shape[:2]
        assert sample.instances
        assert any(instance.text for instance in sample.instances) or name in WITHOUT_TEXTS
        for instance in sample.instances:
            assert instance.polygon.dtype == np.float32
            assert (instance.polygon >= 0).all()
            assert (instance.polygon <= [width, height]).all()
    assert facts(samples[-1]) == facts(samples[count - 1])
    assert [facts(sample) for sample in samples[:2]] == [facts(samples[0]), facts(samples[1])]
    with pytest.raises(IndexError):
        samples[count]
    copy = pickle.loads(pickle.dumps(samples))
    assert len(copy) == count
    assert facts(copy[1]) == facts(samples[1])
    assert facts(elsewhere.submit(operator.getitem, samples, 1).result(60)) == facts(samples[1])


@pytest.mark.parametrize("name", [name for name in DATASETS if name.endswith("-words")])
def test_a_data_set_of_words_has_one_instance_a_sample(name: str, tmp_path: Path) -> None:
    samples = open_dataset(f"{name}:{TOYS[name](tmp_path)}", tmp_path)
    assert {len(sample.instances) for sample in samples} == {1}


def test_a_name_has_a_data_set_and_a_split():
    assert parse_name("icdar2015:val") == ("icdar2015", "val")
    assert parse_name("lmdb:mj/train") == ("lmdb", "mj/train")
    assert parse_name("folder") == ("folder", "")


def test_an_unknown_data_set_lists_the_known():
    with pytest.raises(SettingsError, match=r"did you mean 'icdar2015'\?.*iiit5k"):
        parse_name("icdar2051:val")


def test_a_data_set_is_opened_by_name(tmp_path):
    (tmp_path / "mine").mkdir()
    Image.new("RGB", (40, 12)).save(tmp_path / "mine" / "a.png")
    (tmp_path / "mine" / "labels.tsv").write_text("a.png\tword\n")
    assert open_dataset("folder:mine", tmp_path)[0].instances[0].text == "word"
    assert open_dataset("folder:mine", str(tmp_path))[-1].image.shape == (12, 40, 3)


@pytest.mark.parametrize("name", DATASETS)
def test_every_reader_describes_itself_and_refuses_an_empty_folder(name, tmp_path):
    reader = DATASETS[name]
    assert (reader.__doc__ or "").splitlines()[0]
    with pytest.raises(ScenetextError):
        reader(tmp_path, "")
    with pytest.raises(ScenetextError):
        reader(tmp_path, "train")


def test_only_sets_that_do_not_look_at_every_label_at_once_have_no_damaged_toy() -> None:
    lazy = {"lmdb", "mjsynth", "union14m", "synthtext", "synthtext-words"}
    assert DAMAGES.keys() == DATASETS.keys() - lazy


@pytest.mark.parametrize("name", DAMAGES)
def test_a_wrong_entry_is_named_in_one_line_and_can_be_left_out(name: str, tmp_path: Path) -> None:
    full = f"{name}:{TOYS[name](tmp_path)}"
    sound = open_dataset(full, tmp_path)
    path, old, new, reason = DAMAGES[name]
    file = tmp_path / path
    data = file.read_bytes()
    assert old.encode() in data
    file.write_bytes(data.replace(old.encode(), new.encode(), 1))
    with pytest.raises(DataError) as caught:
        open_dataset(full, tmp_path)
    message = str(caught.value)
    assert Path(message.partition(":")[0]).resolve() == file
    assert reason in message
    assert "\n" not in message
    wrong: list[DataError] = []
    rest = open_dataset(full, tmp_path, wrong.append)
    assert [str(error) for error in wrong] == [message]
    lost = sum(len(s.instances) for s in sound) - sum(len(s.instances) for s in rest)
    assert lost in (0, 1, 2)  # what was put in, one instance, or a whole picture
    assert 0 < len(rest) <= len(sound)
