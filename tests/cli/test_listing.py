from __future__ import annotations

import pytest

from scenetext.bundle import available
from scenetext.cli.listing import TABLES
from scenetext.cli.main import COMMANDS, main
from scenetext.data import DATASETS
from scenetext.evaluate.protocols import PROTOCOLS
from scenetext.recipe import recipe_names

NAMES = {"models": available(), "recipes": recipe_names(), "datasets": DATASETS, "protocols": PROTOCOLS}


@pytest.mark.parametrize("table", sorted(NAMES))
def test_each_entry_is_a_line_that_begins_with_its_name(table: str, capsys: pytest.CaptureFixture) -> None:
    assert main([table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(NAMES[table])
    assert all(len(line.split()) > 2 for line in lines)


def test_every_listing_is_a_command() -> None:
    assert set(TABLES) == {name for name, (module, _) in COMMANDS.items() if module == "listing"}
