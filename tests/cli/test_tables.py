from __future__ import annotations

from scenetext.cli.tables import markdown, plain

HEADER = ["name", "value"]
ROWS = [["a", "1.0"], ["longer", "23.45"]]


def test_a_plain_table_is_aligned() -> None:
    assert plain(HEADER, ROWS).splitlines() == ["name    value", "a         1.0", "longer  23.45"]


def test_a_markdown_table_has_a_rule_below_its_header() -> None:
    assert markdown(HEADER, ROWS).splitlines() == [
        "| name | value |",
        "|---|--:|",
        "| a | 1.0 |",
        "| longer | 23.45 |",
    ]
