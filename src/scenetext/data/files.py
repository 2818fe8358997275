"""Where data sets lie on disk."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".jp2", ".avif"}
)


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


def list_images(folder: Path) -> list[Path]:
    """The pictures in a folder and below, by their suffix, sorted by path; hidden ones left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
