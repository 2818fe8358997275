"""What a pre-trained network is asked: with networks whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from scenetext.codecs.oclip import OCLIP
from scenetext.errors import SettingsError
from scenetext.evaluate.protocols import find_protocol
from scenetext.geometry import box_polygon
from scenetext.judge import judge
from scenetext.learn.bag import BagAugment
from scenetext.learn.match import Matcher
from scenetext.learn.nets import make_net
from scenetext.types import Sample, TextInstance
from scenetext.view import SceneResize

CODEC = OCLIP(charset="abcdefgh", length=6, words=4)
SMALL = {
    "name": "oclip", "backbone": "clip-light", "size": 64, "dim": 16, "text_width": 16, "text_heads": 2,
    "text_layers": 1, "heads": 2, "layers": 1, "padding": False,
}  # fmt: skip


def scenes(count=8):
    """Each has a word of its own, in a colour of its own, on noise."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(count):
        image = rng.integers(100, 140, (64, 64, 3), dtype=np.uint8)
        x, y = 8 * int(rng.integers(1, 4)), 8 * int(rng.integers(1, 5))
        image[y : y + 16, x : x + 24] = [250, 20, 30 * i]
        box = TextInstance(box_polygon(x, y, x + 24, y + 16), "abcdefgh"[i] * 3)
        found.append(Sample(f"scene{i}", image, (box,)))
    return found


def matcher(net):
    augment = BagAugment(size=64, scale=(1.0, 1.0), aspect=(1.0, 1.0))
    return Matcher(net, CODEC, SceneResize(multiple=32), augment)


def net():
    torch.manual_seed(0)
    return make_net(SMALL, CODEC)


class Knows(torch.nn.Module):
    """Tells images by a colour, and words by their first character, as a trained network would."""

    def __init__(self, wrong: int = 0) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.mask, self.end, self.wrong = CODEC.mask, CODEC.end, wrong
        self.hide_at = net().hide_at

    def backbone(self, images):
        grey = images.mean(dim=1, keepdim=True)
        return [functional.avg_pool2d(torch.cat([images, grey], 1), s) for s in (4, 8, 16, 32)]

    def pool(self, features):
        return self.whole, features.flatten(2).transpose(1, 2)

    def encode(self, words):
        return functional.one_hot(words[:, :, 0], 16).float()

    def text_of(self, slots, words):
        return slots[:, 0]

    def questions(self, shown):
        return shown.labels

    def guess(self, labels, whole, tokens, grid):
        shown = whole.argmax(dim=1)[:, None]  # the character that the image has
        return 9 * functional.one_hot(shown.expand_as(labels), CODEC.classes).float()


def test_a_network_that_reads_is_right_and_with_another_image_wrong():
    known = Knows()
    known.whole = functional.one_hot(torch.arange(1, 9), 16).float()
    judgement = judge(matcher(known), scenes(), find_protocol("bag-retrieval"))
    values = dict(judgement.score.values)
    assert values.pop("probe") > 0.9  # colours tell the places
    assert values == {
        "text_of_image": 1, "image_of_text": 1, "word_of_image": 1, "characters": 1, "blind": 0,
    }  # fmt: skip
    assert judgement.examples(1) == ["scene0  truth: 1 words (aaa)  found: 1 words (aaa)"]


def test_a_network_that_takes_one_image_for_the_next_is_wrong():
    known = Knows()
    known.whole = functional.one_hot(torch.arange(1, 9), 16).float().roll(1, 0)
    values = judge(matcher(known), scenes(), find_protocol("bag-retrieval")).score.values
    assert values["text_of_image"] == values["image_of_text"] == values["word_of_image"] == 0
    assert values["characters"] == 0
    assert values["blind"] == 0


def test_a_network_that_tells_nothing_from_nothing_is_never_right():
    known = Knows()
    known.whole = torch.ones(8, 16)  # every image alike
    values = judge(matcher(known), scenes(), find_protocol("bag-retrieval")).score.values
    assert values["text_of_image"] == values["image_of_text"] == values["word_of_image"] == 0


def test_images_of_the_same_words_are_no_rivals():
    known = Knows()
    known.whole = functional.one_hot(torch.tensor([1, 1, 3]), 16).float()
    first, _, other = scenes(3)
    twin = Sample("twin", first.image, (first.instances[0],))
    _, found = matcher(known).match([first, twin, other], batch=8)
    assert [(match.text, match.image, match.word) for match in found] == [(True, True, True)] * 3


def test_an_image_alone_is_told_from_nothing():
    (match,) = matcher(net()).match(scenes(1), batch=8)[1]
    assert (match.text, match.image, match.word, match.blind) == (None, None, None, ())
    score = judge(matcher(net()), scenes(1), find_protocol("bag-retrieval")).score
    assert (score.values["text_of_image"], score.values["blind"]) == (0, 0)


def test_an_untrained_network_is_asked_without_a_trace():
    asked = net().train()
    before = {key: value.clone() for key, value in asked.state_dict().items()}
    bags, found = matcher(asked).match(scenes(5), batch=2)
    assert bags == [["aaa"], ["bbb"], ["ccc"], ["ddd"], ["eee"]]
    assert [len(match.guesses) for match in found] == [1] * 5
    assert [match.scores is None for match in found] == [True, False, True, False, True]
    assert asked.training
    assert all(torch.equal(value, before[key]) for key, value in asked.state_dict().items())
    again = matcher(asked).match(scenes(5), batch=2)[1]
    assert [match.guesses for match in again] == [match.guesses for match in found]


def test_an_image_without_words_is_no_rival_and_has_no_answers():
    empty = Sample("empty", np.zeros((64, 64, 3), np.uint8))
    bags, found = matcher(net()).match([*scenes(2), empty], batch=8)
    assert (bags[2], found[2].guesses, found[2].text, found[2].word) == ([], (), None, None)
    assert all(isinstance(match.text, bool) for match in found[:2])


def test_weak_words_have_no_place_to_probe():
    image = np.zeros((64, 64, 3), np.uint8)
    weak = TextInstance(box_polygon(0, 0, 64, 64), "abc", legible=False)
    samples = [Sample(str(i), image, (weak,)) for i in range(3)]
    score = judge(matcher(net()), samples, find_protocol("bag-retrieval")).score
    assert (score.main, score.counts["cells"]) == ("retrieval", 0)


def test_nothing_to_match_is_nothing():
    assert matcher(net()).match([], batch=4) == ([], [])


def test_progress_is_told():
    done: list[int] = []
    matcher(net()).match(scenes(5), 2, done.append)
    assert sum(done) == 5
    assert pytest.approx(max(done)) == 2


def test_a_look_has_a_map_for_the_image_encoder_and_each_word():
    asked = net().train()
    image = scenes(1)[0].image.repeat(2, axis=1)
    looks = matcher(asked).look(image, ["abcd", "hhhhhhhh", "?", "b"])
    titles = [title for title, _ in looks]
    assert titles[0] == "image encoder"
    assert [title.partition(":")[0] for title in titles[1:]] == ["ab_d", "hh_hh", "_"]  # cut; left out
    assert all(0 < float(title.split()[-1]) < 1 for title in titles[1:])
    assert all(weights.shape == (4, 8) for _, weights in looks)  # enlarged twice, at stride 32
    assert all(weights.sum() == pytest.approx(1, abs=1e-4) for _, weights in looks[1:])
    assert asked.training
    assert matcher(asked).look(image, [])[0][0] == "image encoder"


def test_a_network_without_a_decoder_has_nowhere_to_look():
    bare = make_net(SMALL | {"layers": 0}, CODEC)
    with pytest.raises(SettingsError, match="without a decoder"):
        matcher(bare).look(scenes(1)[0].image, ["abc"])
