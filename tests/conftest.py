from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from toys import write_toy_models

# The same examples on every run, so that a change is never blamed for another one's rare case; with
# HYPOTHESIS_PROFILE=search each run draws new ones.
hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.register_profile("search", derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder for `Reader(model=...)` and `--model`; see toys."""
    return write_toy_models(tmp_path_factory.mktemp("toy") / "model")
