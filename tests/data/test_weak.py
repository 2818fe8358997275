from __future__ import annotations

import pickle

from datasets import write_pictures
from scenetext.data.weak import Weak, WeakScenes


def test_texts_without_a_place_have_the_whole_picture_and_no_detector_learns_from_them(tmp_path):
    write_pictures(tmp_path, "a.png")
    scenes = WeakScenes([Weak("a", str(tmp_path / "a.png"), ("one", "two"))])
    (scene,) = pickle.loads(pickle.dumps(scenes))
    height, width = scene.image.shape[:2]
    assert [(each.text, each.legible) for each in scene.instances] == [("one", False), ("two", False)]
    for instance in scene.instances:
        assert instance.polygon.tolist() == [[0, 0], [width, 0], [width, height], [0, height]]
