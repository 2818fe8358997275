"""Weighted edit distances against a literal table, and the words that they choose."""

from __future__ import annotations

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from scenetext.charset import Charset
from scenetext.codecs.nearest import edit_distances, nearest_word
from scenetext.lexicon import Lexicon

CHARACTERS = Charset.named("alphanumeric36")


def reading(text: str, sure: float = 1.0, doubts: dict[int, str] | None = None) -> np.ndarray:
    """Probabilities of a text; at some places the rest is on another character, otherwise on none."""
    rows = np.zeros((len(text), 36))
    for i, index in enumerate(CHARACTERS.indices(text)):
        rows[i, index] = sure
        if doubts and i in doubts:
            rows[i, CHARACTERS.indices(doubts[i])[0]] = 1 - sure
    return rows


def nearest(
    lexicon: Lexicon, text: str, sure: float = 1.0, doubts: dict[int, str] | None = None
) -> tuple[str, float] | None:
    return nearest_word(lexicon, CHARACTERS, CHARACTERS.indices(text), reading(text, sure, doubts))


def literal(probabilities: np.ndarray, read: np.ndarray, word: np.ndarray) -> float:
    n, m = len(read), len(word)
    sure = [probabilities[i, read[i]] for i in range(n)]
    around = [sure[0], *sure, sure[-1]] if n else [1.0, 1.0]
    adding = [(around[i] + around[i + 1]) / 2 for i in range(n + 1)]
    table = np.zeros((n + 1, m + 1))
    for i in range(n + 1):
        for j in range(m + 1):
            ways = [0.0] if i == j == 0 else []
            if i:
                ways.append(table[i - 1, j] + sure[i - 1])
            if j:
                ways.append(table[i, j - 1] + adding[i])
            if i and j:
                same = read[i - 1] == word[j - 1]
                other = max(0.0, 1 - 5 * probabilities[i - 1, word[j - 1]] / sure[i - 1])
                ways.append(table[i - 1, j - 1] + (0.0 if same else other))
            table[i, j] = min(ways)
    return float(table[n, m])


@pytest.mark.parametrize("length", [0, 1, 5, 9])
def test_distances_are_those_of_the_literal_table(length: int) -> None:
    rng = np.random.default_rng(length)
    probabilities = rng.dirichlet(np.full(7, 0.3), length).reshape(length, 7)
    read = probabilities.argmax(axis=1)
    lengths = rng.integers(1, 9, 30)
    words = rng.integers(1, 7, (30, 8)) * (np.arange(8) < lengths[:, None])
    expected = [literal(probabilities, read, word[:n]) for word, n in zip(words, lengths, strict=True)]
    assert edit_distances(probabilities, read, words, lengths) == pytest.approx(np.array(expected))


def test_of_a_sure_reading_the_distance_is_the_plain_one() -> None:
    words = ["exit", "exits", "text", "taxi", "ex"]
    for word in words:
        found = nearest(Lexicon([word]), "exit")
        assert found == (word, Levenshtein.distance("exit", word))


def test_doubt_decides_between_words_as_near() -> None:
    lexicon = Lexicon(["Beat", "Best", "Bent"])
    for other, word in (("a", "Beat"), ("n", "Bent"), ("s", "Best")):
        found = nearest(lexicon, "bect", 0.8, {2: other})
        assert found is not None
        assert found[0] == word


def test_a_large_lexicon_offers_only_words_within_its_delta() -> None:
    lexicon = Lexicon(["harbour", "library"], small=1, delta=2)
    assert nearest(lexicon, "harbor") == ("harbour", 1.0)
    assert nearest(lexicon, "xyz") is None


def test_punctuation_of_words_is_not_compared_but_written() -> None:
    assert nearest(Lexicon(["Don't!"]), "dont") == ("Don't!", 0.0)


@pytest.mark.parametrize("words", [["stop", "step"], ["step", "stop", "steps"]])
def test_the_word_that_was_read_is_chosen_where_another_character_was_as_likely_at_a_step(
    words: list[str],
) -> None:
    probabilities = reading("step", 0.45, {2: "o"})  # a search took e although o is likelier at its step
    found = nearest_word(Lexicon(words), CHARACTERS, CHARACTERS.indices("step"), probabilities)
    assert found == ("step", 0.0)
