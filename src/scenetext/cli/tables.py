"""Tables on the terminal and in documents."""

from __future__ import annotations

from collections.abc import Sequence


def plain(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)]
        )
        for row in (header, *rows)
    )


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, of the same alignment."""
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], "|---|" + "--:|" * (len(header) - 1), *lines[1:]])


def turned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The same table with its columns as rows, for a terminal that is not wide enough."""
    columns = [list(column) for column in zip(header, *rows, strict=True)]
    return columns[0], columns[1:]


def with_notes(form: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """A table for "markdown", or turned for a terminal, and lines below it that say what its figures are."""
    if form == "markdown":
        return "\n".join([markdown(header, rows), "", *(f"- {note}" for note in notes)])
    return "\n".join([plain(*turned(header, rows)), "", *notes])
