from __future__ import annotations

import time

import numpy as np
import pytest

from scenetext.errors import SettingsError
from scenetext.evaluate.lexicons import choose_lexicons
from scenetext.evaluate.protocols import find_protocol
from scenetext.geometry import box_polygon
from scenetext.lexicon import Lexicon
from scenetext.spotter import Cascade
from scenetext.spotting_benchmark import FREELY, PROTOCOLS, Photos, find_protocols, looks, stand
from scenetext.types import Sample, TextInstance

WORD = box_polygon(4, 4, 40, 16)
BOTH = find_protocols(PROTOCOLS)
LOCATED, READ = PROTOCOLS


class SlowSpotter:
    """Finds WORD in every photo, takes its time, and reads "cat" unless it may choose."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.calls = seconds, 0

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        return [TextInstance(WORD)]

    def spot(
        self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        self.calls += 1
        time.sleep(self.seconds)
        if seconds is not None:
            for stage in ("find", "read"):
                seconds[stage] = seconds.get(stage, 0.0) + self.seconds / 2
        return [TextInstance(WORD, lexicon.words[0] if lexicon else "cat")]


class Reads:
    """The recogniser of a cascade, which reads nothing."""

    def recognize(self, crops: list[np.ndarray], lexicon: Lexicon | None = None) -> list[tuple[str, float]]:
        return [("", 0.0) for _ in crops]


def photos(*texts: str) -> list[Sample]:
    image = np.zeros((60, 80, 3), np.uint8)
    return [Sample(str(i), image, (TextInstance(WORD, text),)) for i, text in enumerate(texts)]


def test_what_is_located_and_what_is_read_are_scored_by_each_protocol_and_lexicon(tmp_path):
    (tmp_path / "words.txt").write_text("dog\n")
    samples, done = photos("cat", "dog"), []
    sets = {"set": Photos(samples, {"generic": choose_lexicons("generic", samples, tmp_path)})}
    model = SlowSpotter()
    protocols = [*BOTH, find_protocol("icdar2015-word-spotting")]
    standing = stand(model, sets, protocols, done.append)
    figures = {key[1:]: score.figure for key, score in standing.scores.items()}
    assert figures == {
        (LOCATED, FREELY): 1,
        **dict.fromkeys([(READ, FREELY), ("icdar2015-word-spotting", FREELY)], 0.5),
        **dict.fromkeys([(READ, "generic"), ("icdar2015-word-spotting", "generic")], 0.5),
    }
    told = standing.scores["set", "icdar2015-word-spotting", "generic"].parameters["lexicon"]
    assert told == sets["set"].lexicons["generic"].description
    assert model.calls == 2 + 1 + 2  # each protocol scores the same findings, and one photo warms up
    assert sum(done) == looks(sets, protocols) == 2 * 3


def test_milliseconds_are_those_of_all_stages_of_reading_a_photo_freely(tmp_path):
    (tmp_path / "words.txt").write_text("dog\n")
    samples = photos("cat", "dog")
    lexicons = {"generic": choose_lexicons("generic", samples, tmp_path)}
    standing = stand(SlowSpotter(0.02), {"set": Photos(samples, lexicons)}, BOTH)
    assert standing.milliseconds["set"] == pytest.approx(20)


def test_a_cascade_locates_what_its_detector_finds_whether_it_can_be_read_or_not():
    standing = stand(Cascade(SlowSpotter(), Reads()), {"set": Photos(photos("cat"))}, BOTH)
    assert standing.scores["set", LOCATED, FREELY].figure == 1
    assert standing.scores["set", READ, FREELY].counts["predictions"] == 0


def test_an_empty_set_has_a_standing():
    standing = stand(SlowSpotter(), {"none": Photos([])}, BOTH)
    assert standing.milliseconds == {"none": 0.0}
    assert standing.scores["none", READ, FREELY].figure == 0


def test_without_a_protocol_of_detection_nothing_is_looked_at_to_locate():
    sets = {"set": Photos(photos("cat", "dog"))}
    standing = stand(SlowSpotter(), sets, find_protocols([READ]))
    assert [*standing.scores] == [("set", READ, FREELY)]
    assert looks(sets, find_protocols([READ])) == 2


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([READ, "word-accuracy"], "word-accuracy scores recognition"),
        ([LOCATED], "a protocol for spotting, too, such as icdar2015-end-to-end"),
    ],
)
def test_protocols_that_make_no_table_of_spotters_are_refused(names, message):
    with pytest.raises(SettingsError, match=message):
        find_protocols(names)
