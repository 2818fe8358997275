"""The codec of Li, Wang and Shen: round trips from texts to targets, proposals, boxes and texts again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs.boxes import overlaps
from scenetext.codecs.li2017 import CLASSES, END, IGNORED, NOTHING, TEXT, Li2017, text_classes
from scenetext.errors import SettingsError
from scenetext.geometry import box_polygon
from scenetext.lexicon import Lexicon
from scenetext.runtime import run
from scenetext.types import Graph, TextInstance

SIZE = (256, 320)


def word(text: str | None, left: float, top: float, right: float, bottom: float) -> TextInstance:
    return TextInstance(box_polygon(left, top, right, bottom), text)


def log_probs(codec: Li2017, texts: list[str], sure: float = 0.9) -> np.ndarray:
    """What a recogniser puts out that is this sure of each class."""
    rest = (1 - sure) / (CLASSES - 1)
    rows = np.full((len(texts), codec.length + 1, CLASSES), np.log(rest), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for step, kind in enumerate([*text_classes(text), END]):
            row[step, kind] = np.log(sure)
    return rows


def perfect(codec: Li2017, words: list[TextInstance]) -> tuple[Graph, Graph, Graph]:
    """The three graphs of a network that makes no mistake."""
    truth = np.array([[*w.polygon[0], *w.polygon[2]] for w in words], dtype=np.float32).reshape(-1, 4)
    ideal = codec.ideal(words, SIZE)

    def read(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        match = overlaps(inputs["boxes"], truth).argmax(axis=1) if len(inputs["boxes"]) else []
        return {"log_probs": log_probs(codec, [words[i].text or "" for i in match])}

    return (
        lambda inputs: {name: ideal[name] for name in ("objectness", "offsets")},
        lambda inputs: {"scores": 0.81 * ideal["scores"], "moves": ideal["moves"]},
        read,
    )


WORDS = [word("Open", 20, 30, 120, 62), word("24h", 150, 40, 200, 60), word("don't", 30, 150, 260, 210)]


def test_three_graphs_and_the_codec_give_boxes_and_texts_back() -> None:
    codec = Li2017()
    found = codec.decode(run(perfect(codec, WORDS), codec, {}), SIZE)
    assert sorted(w.text or "" for w in found) == ["24h", "dont", "open"]
    for instance in found:
        assert max(np.abs(instance.polygon - w.polygon).max() for w in WORDS) > 1
        assert min(np.abs(instance.polygon - w.polygon).max() for w in WORDS) < 1e-2
        assert instance.score == pytest.approx((0.81 * 0.9) ** 0.5, abs=1e-3)


def test_where_nothing_is_proposed_nothing_is_found() -> None:
    codec = Li2017()
    outputs = run(perfect(codec, []), codec, {})
    assert outputs["proposals"].shape == (0, 4)
    assert outputs["boxes"].shape == (0, 4)
    assert codec.decode(outputs, SIZE) == []


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 250), st.floats(0, 200), st.floats(5, 300), st.floats(5, 120))
def test_every_box_has_an_anchor_that_leads_to_it(
    left: float, top: float, width: float, height: float
) -> None:
    instance = word("a", left, top, min(left + width, 320), min(top + height, 256))
    codec = Li2017()
    ideal = codec.ideal([instance], SIZE)
    (proposal,) = codec.proposals_of(ideal["objectness"][0], ideal["offsets"][0])
    assert proposal == pytest.approx([*instance.polygon[0], *instance.polygon[2]], abs=0.05)


def test_proposals_are_the_best_first_and_none_is_found_twice() -> None:
    codec = Li2017(proposals=40)
    rng = np.random.default_rng(0)
    outputs = {
        "objectness": rng.random((1, 24, 16, 20), dtype=np.float32),
        "offsets": 0.3 * rng.standard_normal((1, 96, 16, 20), dtype=np.float32),
    }
    proposals = codec.propose(outputs)["proposals"]
    assert proposals.shape == (40, 4)
    assert (np.triu(overlaps(proposals, proposals), 1) <= codec.proposal_overlap).all()
    assert proposals.min() >= 0
    assert (proposals <= [160, 128, 160, 128]).all()
    # from the anchor that scores highest
    anchor, y, x = np.unravel_index(outputs["objectness"].argmax(), (24, 16, 20))
    moved = outputs["offsets"].reshape(24, 4, 16, 20)[anchor, :, y, x]
    box = codec.anchors_over(16, 20).reshape(24, 16, 20, 4)[anchor, y, x]
    width, height = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2 + moved[:2] * [width, height]
    half = np.exp(moved[2:]) * [width, height] / 2
    expected = np.clip([*(centre - half), *(centre + half)], 0, [160, 128, 160, 128])
    assert proposals[0] == pytest.approx(expected, abs=1e-3)


def test_targets_tell_texts_from_what_does_not_count() -> None:
    codec = Li2017(length=5, max_instances=3, min_side=6)
    instances = [
        word("Open", 10, 10, 90, 40),
        word("###", 100, 10, 190, 40).replace(legible=False),
        word("tiny", 10, 60, 40, 64),
        word("toolong", 10, 80, 150, 110),
        word(None, 10, 120, 100, 160),
        word("outside", 400, 10, 500, 40),
    ]
    targets = codec.encode(instances, SIZE)
    assert targets["boxes"].shape == (6, 4)
    assert targets["kinds"].tolist() == [TEXT, TEXT, TEXT, IGNORED, IGNORED, NOTHING]
    assert targets["boxes"][:3].tolist() == [[10, 80, 150, 110], [10, 120, 100, 160], [10, 10, 90, 40]]
    assert (targets["texts"][:2] == -1).all(), "too long, unknown"
    assert targets["texts"][2].tolist() == [*text_classes("open"), END, -1]
    assert {name: value.dtype.name for name, value in targets.items()} == {
        "boxes": "float32",
        "kinds": "int64",
        "texts": "int64",
    }


@pytest.mark.parametrize(("turn", "read"), [(0, True), (1, False), (2, False), (3, False)])
def test_only_texts_that_run_to_the_right_are_learnt(turn: int, read: bool) -> None:
    polygon = np.roll(box_polygon(40, 40, 140, 80), turn, axis=0)
    targets = Li2017().encode([TextInstance(polygon, "word")], SIZE)
    assert targets["kinds"][0] == TEXT
    assert (targets["texts"][0, 0] >= 0) == read


def test_there_are_38_classes_and_all_punctuation_is_one() -> None:
    assert CLASSES == 38
    assert text_classes("aZ09") == text_classes("Az09")
    assert len({*text_classes("0123456789abcdefghijklmnopqrstuvwxyz")}) == 36
    assert text_classes("?!-'中") == [0] * 5
    assert text_classes("Café") == text_classes("cafe")
    assert text_classes("a b") == text_classes("ab")


def outputs_of(codec: Li2017, boxes: list[list[float]], textness: list[float], texts: list[str]) -> dict:
    return {
        "boxes": np.array(boxes, dtype=np.float32),
        "textness": np.array(textness, dtype=np.float32),
        "log_probs": log_probs(codec, texts),
    }


def test_of_boxes_that_overlap_the_one_that_looks_most_like_text_stays() -> None:
    codec = Li2017()
    boxes = [[10, 10, 100, 40], [12, 10, 104, 41], [200, 10, 300, 40]]
    outputs = outputs_of(codec, boxes, [0.7, 0.9, 0.8], ["one", "two", "three"])
    assert [w.text for w in codec.decode(outputs, SIZE)] == ["two", "three"]


def test_a_lexicon_corrects_a_text_and_its_score_tells_by_how_much() -> None:
    codec = Li2017()
    outputs = outputs_of(codec, [[10, 10, 100, 40]], [1.0], ["l1brary"])
    (free,) = codec.decode(outputs, SIZE)
    (near,) = codec.decode(outputs, SIZE, Lexicon(["Library", "Harbour"]))
    (far,) = codec.decode(outputs, SIZE, Lexicon(["Harbour"]))
    assert (free.text, near.text, far.text) == ("l1brary", "Library", "Harbour")
    assert free.score > near.score > far.score
    (kept,) = codec.decode(outputs, SIZE, Lexicon(["Harbour", "Canal"], small=0, delta=2))
    assert (kept.text, kept.score) == (free.text, free.score)


def explained(codec: Li2017, boxes: list, texts: list[str], columns: int = 12) -> dict[str, np.ndarray]:
    """Outputs of a view of SIZE whose attention at step i lies on columns i and 11."""
    outputs = outputs_of(codec, boxes, [0.9] * len(boxes), texts)
    attention = np.zeros((len(boxes), codec.length + 1, 35), np.float32)
    steps = np.arange(codec.length + 1)
    attention[:, steps, np.minimum(steps, columns - 2)] = 0.75
    attention[:, :, columns - 1] = 0.25
    view = {"objectness": np.zeros((1, 24, SIZE[0] // 8, SIZE[1] // 8)), "attention": attention}
    return outputs | codec.looked(outputs | view)


def test_each_letter_is_explained_by_the_columns_that_its_step_looked_at() -> None:
    codec = Li2017()
    outputs = explained(codec, [[10, 10, 100, 40], [200, 10, 300, 40]], ["don't", "no"])
    looks = codec.explain(outputs, SIZE)
    found = codec.decode(outputs, SIZE)
    assert [(k.instance.text, k.instance.score) for k in looks] == [(w.text, w.score) for w in found]
    assert [k.letters for k in looks] == ["dont", "no"]
    assert [k.weights.shape for k in looks] == [(4, 12), (2, 12)]  # a box has the columns that bear weight
    assert looks[0].weights.argmax(axis=1).tolist() == [0, 1, 2, 4], "the apostrophe's step is no letter's"
    assert np.allclose(looks[0].weights.sum(axis=1), 1)


def test_a_look_is_into_the_whole_pixels_of_the_features_that_a_box_touches() -> None:
    codec = Li2017()
    boxes = [[10, 10, 97, 40], [0, 80, 50, 120], [301, 249, 320, 256], [160, 100, 168, 108]]
    regions = [k.region for k in codec.explain(explained(codec, boxes, ["a"] * 4), SIZE)]
    expected = [[8, 8, 104, 40], [0, 80, 56, 120], [296, 248, 320, 256], [160, 96, 168, 112]]
    assert np.array_equal(regions, [box_polygon(*box) for box in expected])


def test_with_a_lexicon_the_letters_stay_those_that_were_written() -> None:
    codec = Li2017()
    (look,) = codec.explain(explained(codec, [[10, 10, 100, 40]], ["l1brary"]), SIZE, Lexicon(["Library"]))
    assert (look.instance.text, look.letters, len(look.weights)) == ("Library", "l1brary", 7)


def test_a_model_that_does_not_put_out_its_attention_cannot_be_explained() -> None:
    codec = Li2017()
    outputs = outputs_of(codec, [[10, 10, 100, 40]], [0.9], ["a"])
    with pytest.raises(SettingsError, match="does not put out where it looked"):
        codec.looked(outputs | {"objectness": np.zeros((1, 24, 32, 40))})


def test_a_text_without_an_end_is_read_to_the_last_step() -> None:
    codec = Li2017(length=3)
    outputs = outputs_of(codec, [[10, 10, 100, 40]], [1.0], ["abc"])
    outputs["log_probs"][0, 3] = outputs["log_probs"][0, 2]
    assert codec.decode(outputs, SIZE)[0].text == "abcc"


@pytest.mark.parametrize("changes", [{"scales": ()}, {"ratios": (0.0,)}, {"proposals": 0}, {"overlap": 1.5}])
def test_settings_that_make_no_sense_are_refused(changes: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        Li2017(**changes)
