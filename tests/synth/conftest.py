from __future__ import annotations

from pathlib import Path

import pytest

from scenetext.synth.fonts import Face, FontLibrary, plain_font


@pytest.fixture(scope="session")
def font_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one font, the one that Pillow carries."""
    folder = tmp_path_factory.mktemp("fonts")
    (folder / "plain.ttf").write_bytes(plain_font())
    return folder


@pytest.fixture(scope="session")
def face(font_folder: Path) -> Face:
    """That font at 48 pixels."""
    library = FontLibrary(font_folder)
    return library.face(library.paths[0], 48)
