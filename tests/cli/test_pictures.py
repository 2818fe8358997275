from __future__ import annotations

import numpy as np
from PIL import Image

from scenetext.cli.pictures import Pictures

WHITE = np.full((8, 12, 3), 255, np.uint8)


def test_sources_of_one_name_have_pictures_of_their_own(tmp_path):
    pictures = Pictures(tmp_path / "out", ".png", "overlay")
    for name in ("one/a.jpg", "two/a.jpg"):
        assert pictures.write(name, WHITE, 10**6, Image.fromarray) == []
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.png", "a.png"]


def test_what_cannot_be_drawn_is_a_failure_that_names_its_source(tmp_path):
    pictures = Pictures(tmp_path, ".png", "overlay")
    (failure,) = pictures.write("broken.jpg", b"no photo", 10**6, Image.fromarray)
    assert str(failure).startswith("broken.jpg")
    assert "its overlay cannot be written" in str(failure)
