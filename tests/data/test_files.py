from __future__ import annotations

import pytest

from scenetext.data.files import data_folder, split_folder
from scenetext.errors import DataError


def test_a_data_set_lies_in_the_root_or_in_a_folder_of_its_name(tmp_path):
    assert data_folder(tmp_path, "iiit5k") == tmp_path
    (tmp_path / "iiit5k").mkdir()
    assert data_folder(tmp_path, "iiit5k") == tmp_path / "iiit5k"


def test_a_missing_root_or_split_is_an_error(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        data_folder(tmp_path / "nowhere", "iiit5k")
    with pytest.raises(DataError, match="val: no such folder"):
        split_folder(tmp_path, "val")
