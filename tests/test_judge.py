from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from scenetext.errors import SettingsError
from scenetext.evaluate.lexicons import Lexicons
from scenetext.evaluate.protocols import find_protocol
from scenetext.geometry import box_polygon
from scenetext.judge import judge, judge_by
from scenetext.lexicon import Lexicon
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


class ReadsTheFirstWord:
    """Reads in every crop, and in every scene once, the first word of its lexicon."""

    min_score: float

    def recognize(self, crops: Sequence[np.ndarray], lexicon: Sequence[Lexicon]) -> list[tuple[str, float]]:
        assert len(crops) == len(lexicon)
        return [(words.words[0], 1.0) for words in lexicon]

    def spot(self, image: np.ndarray, lexicon: Lexicon) -> list[TextInstance]:
        return [TextInstance(box_polygon(0, 0, 40, 20), lexicon.words[0])]


def test_every_crop_is_read_with_its_own_lexicon_across_chunks() -> None:
    crops = [sample(str(i), f"w{i}") for i in range(600)]
    lexicons = Lexicons("of each", lambda sample: Lexicon([f"W{sample.name}"]))
    judgement = judge(ReadsTheFirstWord(), crops, find_protocol("word-accuracy"), lexicons=lexicons)
    assert judgement.score.figure == 1
    assert judgement.score.parameters == {"compare": "alphanumeric", "lexicon": "of each"}


def test_every_scene_is_read_with_its_own_lexicon() -> None:
    lexicons = Lexicons("of each", lambda sample: Lexicon([sample.name]))
    scenes, protocol = [sample("red", "red"), sample("x", "y")], find_protocol("icdar2015-end-to-end")
    model = ReadsTheFirstWord()
    judgement = judge(model, scenes, protocol, lexicons=lexicons)
    assert judgement.score.figure == 0.5
    assert judgement.score.parameters["lexicon"] == "of each"
    assert "min_score" not in judgement.score.parameters
    model.min_score = 0.6
    parameters = judge(model, scenes, protocol, lexicons=lexicons).score.parameters
    assert parameters["min_score"] == 0.6, "it decides about the figures as a lexicon does"


def test_a_lexicon_for_a_task_without_texts_is_refused() -> None:
    lexicons = Lexicons("any", lambda sample: Lexicon(["a"]))
    with pytest.raises(SettingsError, match="compares no texts"):
        judge(Reads(), [sample("one", "a")], find_protocol("icdar2015-detection"), lexicons=lexicons)


def test_several_protocols_score_the_same_look() -> None:
    done: list[int] = []
    protocols = [find_protocol("icdar2015-detection"), find_protocol("totaltext-deteval")]
    scores = judge_by(Reads(), [sample("one", "a"), sample("none")], protocols, done.append)
    assert [*scores] == ["icdar2015-detection", "totaltext-deteval"]
    assert [score.values["precision"] for score in scores.values()] == pytest.approx([0.5, 0.5])
    assert sum(done) == 2
