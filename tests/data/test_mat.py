from __future__ import annotations

import numpy as np
import pytest
import scipy.io

from scenetext.data.mat import load_mat, strings
from scenetext.errors import DataError


def test_only_the_named_variables_are_read(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"one": np.arange(3), "two": np.arange(2)})
    found = load_mat(tmp_path / "a.mat", "two")
    assert found["two"].ravel().tolist() == [0, 1]
    assert "one" not in found


def test_a_missing_variable_or_file_is_named(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"one": np.arange(3)})
    with pytest.raises(DataError, match=r"a\.mat: holds no variable 'two'"):
        load_mat(tmp_path / "a.mat", "one", "two")
    with pytest.raises(DataError, match=r"b\.mat: missing"):
        load_mat(tmp_path / "b.mat", "one")


@pytest.mark.parametrize("data", [b"", b"word", b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_a_file_of_something_else_is_an_error(data, tmp_path):
    (tmp_path / "a.mat").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.mat: (not a MATLAB file|holds no variable)"):
        load_mat(tmp_path / "a.mat", "one")


def test_strings_of_cells_keep_their_blanks(tmp_path):
    cell = np.empty((1, 2), dtype=object)
    cell[0] = ["one two ", "three"]
    scipy.io.savemat(tmp_path / "a.mat", {"cell": cell, "single": "word", "many": np.array(["a", "bc "])})
    found = load_mat(tmp_path / "a.mat", "cell", "single", "many")
    assert strings(found["cell"]) == ["one two ", "three"]
    assert strings(found["single"]) == ["word"]
    assert [text.strip() for text in strings(found["many"])] == ["a", "bc"]
