"""Union14M-L (Jiang et al. 2023): four million real words of many sets, and its benchmarks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import BadImageError, DataError, OnWrong, strict, unknown_name
from .files import Lines, data_folder
from .words import Word, Words, chain

LEVELS = ("easy", "medium", "normal", "hard", "challenging")
BENCHMARKS = (
    "artistic", "contextless", "curve", "general", "incomplete", "incomplete_ori", "multi_oriented",
    "multi_words", "salient",
)  # fmt: skip
SPLITS = ("train", *LEVELS, "val", *BENCHMARKS)


def union14m(root: Path, split: str, wrong: OnWrong = strict) -> Words:
    """Union14M-L, real words: train or one of its levels (easy ... challenging), val, or a benchmark.

    root   the folder that holds `train_annos`, `full_images` and `Union14M-Benchmarks`; or one that holds
           such a folder `union14m` or `Union14M-L`.

    Annotations are lines {"filename": ..., "text": ...} in `train_annos/mmocr-0.x/train_easy.jsonl`,
    `val_annos.jsonl` or `Union14M-Benchmarks/curve/annotation.jsonl`; where these are missing, a file with
    {"data_list": [{"img_path": ..., "instances": [{"text": ...}]}]} in `train_annos/mmocr1.0/train_easy.json`
    and so on, which is read into memory as a whole. Paths are relative to the folder of the annotations, to
    `full_images`, to the root or to `Union14M-Benchmarks`: to the one in which the first picture is found.
    Whether the others are there is not asked before their turn comes, and neither are the lines looked at, so
    that `wrong` has nothing to do here. Raises DataError.
    """
    if split not in SPLITS:
        raise unknown_name("split of union14m", split, SPLITS)
    folder = data_folder(root, "union14m", ("Union14M-L",))
    return chain([_part(folder, part) for part in (LEVELS if split == "train" else (split,))])


def _part(folder: Path, split: str) -> Words:
    """One annotation file."""
    if split in BENCHMARKS:
        patterns = [f"Union14M-Benchmarks/{split}/annotation.json{end}" for end in ("l", "")]
    else:
        stem = "val_annos" if split == "val" else f"train_{split}"
        patterns = [f"train_annos/mmocr-0.x/{stem}.jsonl", f"train_annos/mmocr1.0*/{stem}.json"]
    file = next((file for pattern in patterns for file in sorted(folder.glob(pattern))), None)
    if file is None:
        raise DataError(f"{folder}: holds no {' or '.join(patterns)}")
    rows: Sequence[Any] = Lines(file) if file.suffix == ".jsonl" else _data_list(file)
    parse = _parse_line if file.suffix == ".jsonl" else _parse_entry
    if not rows:
        raise DataError(f"{file}: holds no words")
    try:
        first, _ = parse(rows[0])
    except ValueError as error:
        raise DataError(f"{file}: the first entry: {error}") from None
    for place in (file.parent, folder / "full_images", folder, folder / "Union14M-Benchmarks"):
        if (place / first).is_file():
            return Words(len(rows), partial(_word, file, place, rows, parse))
    raise DataError(f"{file}: no such picture: {first} (looked for in {folder} and its folders)")


def _data_list(file: Path) -> list[Any]:
    try:
        rows = json.loads(file.read_bytes())["data_list"]
    except (ValueError, KeyError, TypeError):
        rows = None
    if not isinstance(rows, list):
        raise DataError(f'{file}: expected JSON with a list "data_list"')
    return rows


def _parse_line(line: str) -> tuple[str, str]:
    row = json.loads(line)
    if isinstance(row, dict) and isinstance(row.get("filename"), str) and isinstance(row.get("text"), str):
        return row["filename"], row["text"]
    raise ValueError('expected an object with "filename" and "text"')


def _parse_entry(row: Any) -> tuple[str, str]:
    try:
        path, text = row["img_path"], row["instances"][0]["text"]
    except (KeyError, IndexError, TypeError):
        path = text = None
    if not (isinstance(path, str) and isinstance(text, str)):
        raise ValueError('expected an object with "img_path" and one instance with a "text"')
    return path, text


def _word(
    file: Path, place: Path, rows: Sequence[Any], parse: Callable[[Any], tuple[str, str]], index: int
) -> Word:
    try:
        path, text = parse(rows[index])
    except ValueError as error:
        raise BadImageError(f"{file}, entry {index + 1}", str(error)) from None
    return Word(path.rpartition(".")[0], place / path, text)
