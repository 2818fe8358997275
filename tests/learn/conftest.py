"""A folder of toy data: one font, three photographs, a few words and scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scenery import write_fonts, write_photos
from scenetext.data.icdar import write_icdar
from scenetext.synth.scenes import SceneSynth
from scenetext.synth.score_sheets import ScoreSynth
from scenetext.synth.words import WordSynth

TEXTS = ("Open", "exit", "42", "SALE", "Cafe", "to")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `--data` names: fonts, backgrounds, and the data sets `folder:words`, `folder:scores` and
    `icdar:scenes`."""
    root = tmp_path_factory.mktemp("data")
    write_fonts(root / "fonts")
    write_photos(root / "backgrounds")
    words = WordSynth(str(root / "fonts"), str(root / "backgrounds"))
    scores = ScoreSynth(augmented=0.0, max_notes=5)
    for folder, synth, count in (("words", words, 8), ("scores", scores, 4)):
        (root / folder).mkdir()
        lines = []
        for seed in range(count):
            sample = synth.sample(seed)
            Image.fromarray(np.asarray(sample.source)).save(root / folder / f"{seed}.png")
            lines.append(f"{seed}.png\t{sample.instances[0].text}")
        (root / folder / "labels.tsv").write_text("\n".join(lines), encoding="utf-8")
    scenes = SceneSynth(str(root / "fonts"), str(root / "backgrounds"), size=192)
    (root / "scenes").mkdir()
    for seed in range(3):
        sample = scenes.sample(seed)
        Image.fromarray(np.asarray(sample.source)).save(root / "scenes" / f"{sample.name}.png")
        write_icdar(root / "scenes", sample.name, sample.instances)
    return root
