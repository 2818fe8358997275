from __future__ import annotations

from scenetext.cli.tables import markdown, plain, with_notes

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


def test_notes_stand_below_a_table_which_a_terminal_sees_turned() -> None:
    notes = ["all of it", "is made up"]
    assert with_notes("text", HEADER, ROWS, notes).splitlines() == [
        *plain(["name", "a", "longer"], [["value", "1.0", "23.45"]]).splitlines(),
        *("", "all of it", "is made up"),
    ]
    assert with_notes("markdown", HEADER, ROWS, notes).splitlines() == [
        *markdown(HEADER, ROWS).splitlines(),
        *("", "- all of it", "- is made up"),
    ]
