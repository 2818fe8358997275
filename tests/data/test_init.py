from __future__ import annotations

import pytest
from PIL import Image

from scenetext.data import DATASETS, open_dataset, parse_name
from scenetext.errors import ScenetextError, SettingsError


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
