from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from scenetext.errors import SettingsError
from scenetext.evaluate.protocols import find_protocol
from scenetext.geometry import box_polygon
from scenetext.judge import judge
from scenetext.types import Sample, TextInstance

PICTURE = np.full((20, 40, 3), 255, np.uint8)


class Reads:
    """Reads and finds the same in everything."""

    def recognize(self, crops: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        return [("a", 1.0)] * len(crops)

    def detect(self, image: np.ndarray) -> list[TextInstance]:
        return [TextInstance(box_polygon(0, 0, 40, 20))]


def sample(name: str, *texts: str) -> Sample:
    return Sample(name, PICTURE, tuple(TextInstance(box_polygon(0, 0, 40, 20), text) for text in texts))


def test_word_crops_are_scored_and_progress_told() -> None:
    done: list[int] = []
    crops = [sample(str(i), "a" if i % 4 else "b") for i in range(300)]
    judgement = judge(Reads(), crops, find_protocol("word-accuracy"), done.append)
    assert judgement.score.figure == pytest.approx(0.75)
    assert sum(done) == 300
    assert judgement.examples(2) == ["0  truth: 'b'  found: 'a'", "150  truth: 'a'  found: 'a'"]


@pytest.mark.parametrize("texts", [[], ["a", "b"]], ids=["no word", "two words"])
def test_scenes_are_refused_where_word_crops_are_scored(texts: list[str]) -> None:
    with pytest.raises(
        SettingsError, match=rf"img_7 holds {len(texts)} instances.*icdar2015-words"
    ) as caught:
        judge(Reads(), [sample("crop", "a"), sample("img_7", *texts)], find_protocol("word-accuracy"))
    assert "\n" not in str(caught.value)


def test_scenes_are_scored_for_what_is_found_in_them() -> None:
    protocol = find_protocol("icdar2015-detection")
    judgement = judge(Reads(), [sample("one", "a"), sample("none")], protocol)
    assert judgement.score.values == pytest.approx({"precision": 0.5, "recall": 1, "hmean": 2 / 3})


def test_a_model_that_cannot_do_the_task_is_refused() -> None:
    with pytest.raises(SettingsError, match="Reads cannot do that"):
        judge(Reads(), [sample("one", "a")], find_protocol("icdar2015-end-to-end"))
