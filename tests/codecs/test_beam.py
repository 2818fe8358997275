"""Searches step by step, against every text or word spelt out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scenetext.codecs.attention import END, START, Attention
from scenetext.codecs.beam import SPECIAL
from scenetext.errors import SettingsError
from scenetext.lexicon import Lexicon

Arrays = dict[str, np.ndarray]


class ToyDecoder:
    """A decoder of random weights, whose steps depend on the image and on all characters so far."""

    def __init__(self, codec: Attention, seed: int = 0, sharpness: float = 2.0, size: int = 8) -> None:
        rng = np.random.default_rng(seed)
        self.codec = codec
        self.carry = rng.normal(size=(size, size)) / np.sqrt(size)
        self.seen = rng.normal(size=(codec.classes, size))
        self.put = rng.normal(size=(size, codec.classes)) * sharpness
        self.rows: list[int] = []  # how many went through each step

    def __call__(self, inputs: Arrays) -> Arrays:
        assert inputs["previous"].dtype == np.int64
        self.rows.append(len(inputs["previous"]))
        hidden = inputs["state_hidden"] @ self.carry + self.seen[inputs["previous"]]
        hidden = np.tanh(hidden + inputs["memory"].mean(axis=1))
        logits = hidden @ self.put
        log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        log_probs[:, START] = -30.0
        return {"log_probs": log_probs, "next_hidden": hidden}

    def outputs(self, count: int, seed: int = 0) -> Arrays:
        """What the main graph puts out of `count` random images: the greedy path."""
        memory = np.random.default_rng(1000 + seed).normal(size=(count, 5, len(self.carry)))
        states: Arrays = {"state_hidden": np.zeros((count, len(self.carry)))}
        start = dict(states)
        previous = np.full(count, START)
        rows = []
        for _ in range(self.codec.length + 1):
            after = self({"memory": memory, "previous": previous, **states})
            rows.append(after["log_probs"])
            states, previous = {"state_hidden": after["next_hidden"]}, rows[-1].argmax(axis=1)
        self.rows = []
        return {"log_probs": np.stack(rows, axis=1), "memory": memory, **start}

    def spelt(self, outputs: Arrays, image: int, word: str) -> float:
        """ln p of a word, teacher-forced; of the classes of a letter the likelier one is fed, both count."""
        states = {"state_hidden": outputs["state_hidden"][image : image + 1]}
        memory, previous, total = outputs["memory"][image : image + 1], START, 0.0
        for letter in word:
            after = self({"memory": memory, "previous": np.array([previous]), **states})
            row = after["log_probs"][0]
            classes = [k + SPECIAL for k, c in enumerate(self.codec.charset) if c.lower() == letter.lower()]
            total += np.logaddexp.reduce(row[classes])
            states = {"state_hidden": after["next_hidden"]}
            previous = max(classes, key=lambda k: row[k])
        return float(
            total + self({"memory": memory, "previous": np.array([previous]), **states})["log_probs"][0, END]
        )


def word_probability(score: float, word: str) -> float:
    return score ** (2 * (len(word) + 1))


def random_words(rng: np.random.Generator, letters: str, count: int, longest: int) -> list[str]:
    words = ["".join(rng.choice(list(letters), rng.integers(1, longest + 1))) for _ in range(count)]
    return list(dict.fromkeys(words))


@pytest.mark.parametrize("charset", ["abc", "aAbBc"], ids=["one case", "both cases"])
@pytest.mark.parametrize("seed", range(10))
def test_of_a_small_lexicon_the_most_probable_word_is_read(charset: str, seed: int) -> None:
    codec = Attention(charset, length=6)
    decoder = ToyDecoder(codec, seed, sharpness=0.3 + seed / 2)
    outputs = decoder.outputs(4, seed)
    words = random_words(np.random.default_rng(seed), "abc", 60, 6)
    for image, (text, score) in enumerate(codec.decode(outputs, Lexicon(words), decoder)):
        expected = {word: decoder.spelt(outputs, image, word) for word in words}
        assert expected[text] == pytest.approx(max(expected.values()), abs=1e-9)
        assert np.log(word_probability(score, text)) == pytest.approx(expected[text], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_that_keeps_every_prefix_reads_what_exhaustive_search_does(seed: int) -> None:
    codec = Attention("abcd", length=6)
    decoder = ToyDecoder(codec, seed, sharpness=1.0)
    outputs = decoder.outputs(6, seed)
    words = random_words(np.random.default_rng(seed), "abcd", 200, 6)
    everything = codec.decode(outputs, Lexicon(words), decoder)
    wide = codec.decode(outputs, Lexicon(words, small=0, beam=10**6), decoder)
    assert [text for text, _ in wide] == [text for text, _ in everything]
    assert [score for _, score in wide] == pytest.approx([score for _, score in everything])
    decoder.rows.clear()
    narrow = codec.decode(outputs, Lexicon(words, small=0, beam=3), decoder)
    assert {text for text, _ in narrow} <= set(words)
    assert max(decoder.rows) <= 6 * 3, "three prefixes of each image"


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_without_end_finds_the_most_probable_text(seed: int) -> None:
    codec = Attention("abc", length=4, beam=10**6)
    decoder = ToyDecoder(codec, seed, sharpness=1.5)
    outputs = decoder.outputs(3, seed)
    texts = ["".join(letters) for n in range(5) for letters in itertools.product("abc", repeat=n)]
    for image, (text, score) in enumerate(codec.decode(outputs, None, decoder)):
        expected = {text: decoder.spelt(outputs, image, text) for text in texts}
        assert expected[text] == pytest.approx(max(expected.values()), abs=1e-9)
        if text:
            assert np.log(word_probability(score, text)) == pytest.approx(expected[text], abs=1e-6)
        else:
            assert score == 0


def test_a_beam_is_never_less_probable_than_a_narrower_one_by_much() -> None:
    codec = Attention("abcdef", length=6)
    decoder = ToyDecoder(codec, 3, sharpness=1.0)
    outputs = decoder.outputs(40)
    means = []
    for width in (2, 5, 20):
        read = Attention("abcdef", length=6, beam=width).decode(outputs, None, decoder)
        means.append(np.mean([decoder.spelt(outputs, i, text) for i, (text, _) in enumerate(read)]))
    assert means == sorted(means)


def test_a_text_that_no_step_ends_is_read_as_far_as_the_steps_go() -> None:
    codec = Attention("ab", length=3, beam=2)

    def endless(inputs: Arrays) -> Arrays:
        row = np.log(np.array([1e-30, 1e-30, 0.7, 0.3]))
        return {
            "log_probs": np.tile(row, (len(inputs["previous"]), 1)),
            "next_hidden": inputs["state_hidden"],
        }

    outputs = {
        "log_probs": np.zeros((1, 4, 4)),
        "memory": np.zeros((1, 2, 2)),
        "state_hidden": np.zeros((1, 2)),
    }
    assert codec.decode(outputs, None, endless)[0][0] == "aaaa"


def test_words_longer_than_the_decoder_are_not_read() -> None:
    codec = Attention("ab", length=3)
    decoder = ToyDecoder(codec)
    outputs = decoder.outputs(2)
    assert [text for text, _ in codec.decode(outputs, Lexicon(["abab", "bb"]), decoder)] == ["bb", "bb"]
    assert codec.decode(outputs, Lexicon(["abab"]), decoder) == codec.decode(outputs)


def test_words_that_the_model_cannot_write_leave_the_greedy_text() -> None:
    codec = Attention("ab", length=3)
    decoder = ToyDecoder(codec)
    outputs = decoder.outputs(2)
    assert codec.decode(outputs, Lexicon(["日本"]), decoder) == codec.decode(outputs)


def test_words_are_spelt_as_the_lexicon_does() -> None:
    codec = Attention("abcABC'", length=5)
    decoder = ToyDecoder(codec)
    read = codec.decode(decoder.outputs(3), Lexicon(["A'bC!"]), decoder)
    assert {text for text, _ in read} == {"A'bC!"}


def test_rows_with_their_own_lexicons_read_as_they_do_alone() -> None:
    codec = Attention("abc", length=4)
    decoder = ToyDecoder(codec, 1)
    outputs = decoder.outputs(4)
    one, two = Lexicon(["ab", "ba", "cab"]), Lexicon(["c", "bb"])
    together = codec.decode(outputs, [one, None, two, one], decoder)
    for i, lexicon in enumerate([one, None, two, one]):
        alone = codec.decode({name: array[i : i + 1] for name, array in outputs.items()}, lexicon, decoder)
        assert together[i][0] == alone[0][0]
        assert together[i][1] == pytest.approx(alone[0][1], abs=1e-9)


def test_no_rows_are_no_readings() -> None:
    codec = Attention("abc", length=4)
    decoder = ToyDecoder(codec)
    assert codec.decode(decoder.outputs(0), Lexicon(["a"]), decoder) == []


@pytest.mark.parametrize("beam", [1, 4])
def test_a_search_without_a_step_graph_is_refused(beam: int) -> None:
    codec = Attention("abc", length=4, beam=beam)
    outputs = ToyDecoder(codec).outputs(2)
    with pytest.raises(SettingsError, match="no step graph"):
        codec.decode(outputs, Lexicon(["a"]) if beam == 1 else None)


def test_a_beam_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="beam is at least 1"):
        Attention("abc", beam=0)
