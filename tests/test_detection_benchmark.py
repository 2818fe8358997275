from __future__ import annotations

import time

import numpy as np
import pytest

from scenetext.detection_benchmark import find_protocols, stand
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.types import Sample, TextInstance

WORD = box_polygon(4, 4, 40, 16)


class SlowDetector:
    """Finds WORD in every photo, and takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, 0

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        self.calls += 1
        time.sleep(self.seconds)
        return [TextInstance(WORD)]


def photos(*words: np.ndarray) -> list[Sample]:
    image = np.zeros((60, 80, 3), np.uint8)
    return [Sample(str(i), image, (TextInstance(word, "w"),)) for i, word in enumerate(words)]


def test_each_photo_is_looked_at_once_for_all_protocols_after_one_to_warm_up():
    detector, done = SlowDetector(0.0), []
    sets = {"right": photos(WORD, WORD, WORD), "half": photos(WORD, WORD + 30)}
    protocols = find_protocols(["icdar2015-detection", "totaltext-deteval"])
    standing = stand(detector, sets, protocols, done.append)
    assert detector.calls == 3 + 1 + 2 + 1
    assert sum(done) == 5
    assert set(standing.scores) == {(name, protocol.name) for name in sets for protocol in protocols}
    assert standing.scores["right", "totaltext-deteval"].figure == pytest.approx(1)
    assert standing.scores["half", "icdar2015-detection"].figure == pytest.approx(0.5)


def test_milliseconds_are_those_of_a_photo_without_the_first_look():
    standing = stand(SlowDetector(0.02), {"set": photos(WORD, WORD)}, find_protocols(["icdar2015-detection"]))
    assert standing.milliseconds["set"] >= 20  # sleeping may take longer, and never less


def test_an_empty_set_has_a_standing():
    standing = stand(SlowDetector(0.0), {"none": []}, find_protocols(["icdar2015-detection"]))
    assert standing.milliseconds == {"none": 0.0}
    assert standing.scores["none", "icdar2015-detection"].figure == 0


def test_protocols_of_other_tasks_are_refused():
    with pytest.raises(SettingsError, match="word-accuracy scores recognition, not detection"):
        find_protocols(["icdar2015-detection", "word-accuracy"])
