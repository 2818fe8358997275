"""MATLAB files, read with scipy, which is part of the extra "train"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, MissingExtraError


def load_mat(path: Path, *names: str) -> dict[str, np.ndarray]:
    """The named variables of a MATLAB file, as scipy gives them: cells are object arrays.

    Raises DataError for a missing or foreign file or variable, MissingExtraError without scipy.
    """
    try:
        from scipy.io import loadmat  # optional: part of the extra "train"
    except ImportError:
        raise MissingExtraError("scipy", "train") from None
    if not path.is_file():
        raise DataError(f"{path}: missing")
    try:
        found: dict[str, np.ndarray] = loadmat(path, variable_names=list(names))
    except Exception as error:  # damaged files end in whatever the parser meets first
        raise DataError(f"{path}: not a MATLAB file that scipy can read ({error})") from None
    for name in names:
        if name not in found:
            raise DataError(f"{path}: holds no variable {name!r}")
    return found


def strings(cell: Any) -> list[str]:
    """The strings of a cell array, or of a single one, with their blanks."""
    return [
        str(text)
        for entry in np.asarray(cell).ravel()
        for text in (entry.ravel() if isinstance(entry, np.ndarray) else [entry])
    ]
