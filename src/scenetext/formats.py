"""Writers: a Reading as text, one entry in WRITERS a format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .types import Reading

Writer = Callable[[Reading], str]
"""A reading in one format: whole lines, or nothing. The outputs of several readings concatenate."""


def write_text(reading: Reading) -> str:
    """The words, one line of text a line."""
    return f"{reading.text}\n" if reading.text else ""


def write_json(reading: Reading) -> str:
    """One JSON object, laid out for people: one instance a line."""
    fields = reading.to_dict()
    rows = ",\n".join(f"    {_dump(row)}" for row in fields["instances"])
    parts = [f'  "{key}": {_dump(value)}' for key, value in fields.items() if key != "instances"]
    parts.insert(-1, f'  "instances": [\n{rows}\n  ]' if rows else '  "instances": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def write_jsonl(reading: Reading) -> str:
    """The same object on one line."""
    return _dump(reading.to_dict()) + "\n"


def write_tsv(reading: Reading) -> str:
    """A line an instance: name, line number, text, score, polygon as "x,y x,y ...". No header.

    Backslash, tab and line breaks within a name or a text are written as \\\\, \\t, \\n and \\r.
    """
    rows = []
    numbers = reading.line_numbers or range(len(reading.instances))
    for number, instance in zip(numbers, reading.instances, strict=True):
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in instance.polygon.tolist())
        cells = (
            tsv_cell(reading.name),
            str(number),
            tsv_cell(instance.text or ""),
            f"{instance.score:.4f}",
            points,
        )
        rows.append("\t".join(cells) + "\n")
    return "".join(rows)


WRITERS: dict[str, Writer] = {
    "text": write_text,
    "json": write_json,
    "jsonl": write_jsonl,
    "tsv": write_tsv,
}


def tsv_cell(text: str) -> str:
    """A text without tabs and line breaks, which are written as escapes."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
