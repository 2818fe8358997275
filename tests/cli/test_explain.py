from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main
from scenetext.codecs.oclip import OCLIP
from scenetext.learn import validate
from scenetext.learn.bag import BagAugment
from scenetext.learn.match import Matcher
from scenetext.learn.nets import make_net
from scenetext.view import SceneResize

SMALL = {
    "name": "oclip", "backbone": "clip-light", "size": 64, "dim": 16, "text_width": 16, "text_heads": 2,
    "text_layers": 1, "heads": 2, "layers": 1,
}  # fmt: skip


def test_a_picture_is_drawn_for_each_photo_and_the_rest_is_listed(tmp_path, monkeypatch, capsys):
    matcher = Matcher(make_net(SMALL, OCLIP()), OCLIP(), SceneResize(multiple=32), BagAugment(size=64))
    monkeypatch.setattr(validate, "load_run", lambda run, threads: (matcher, None))
    Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(tmp_path / "a.png")
    out = tmp_path / "looks"
    command = ["explain", str(tmp_path), str(tmp_path / "a.png"), str(tmp_path / "gone.png")]
    assert main([*command, "--words", "exit,gate", "--out", str(out)]) == 1
    assert [path.name for path in out.iterdir()] == ["a.png"]
    assert "gone.png" in capsys.readouterr().err


def test_words_are_asked_for(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["explain", str(tmp_path), "a.png"])
    assert caught.value.code == 2
    assert "--words" in capsys.readouterr().err
