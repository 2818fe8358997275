from __future__ import annotations

from pathlib import Path

import pytest

from toys import write_toy_models


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder for `Reader(model=...)` and `--model`; see toys."""
    return write_toy_models(tmp_path_factory.mktemp("toy") / "model")
