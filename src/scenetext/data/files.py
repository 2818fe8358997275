"""Where data sets lie on disk."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError


def data_folder(root: Path, name: str) -> Path:
    """`root/name` if there is such a folder, otherwise `root`: one `--data` can serve many data sets."""
    folder = root / name if (root / name).is_dir() else root
    if not folder.is_dir():
        raise DataError(f"{root}: no such folder")
    return folder


def split_folder(root: Path, split: str) -> Path:
    """The folder `split` inside `root`, or `root` itself if the split is empty."""
    folder = root / split
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    return folder
