from __future__ import annotations

import pickle
import string
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scenetext.errors import DataError
from scenetext.synth.corpus import _KINDS, Corpus, cased, common_words

PRINTABLE = string.digits + string.ascii_letters + string.punctuation


def draws(corpus: Corpus, count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [corpus.draw(rng) for _ in range(count)]


def only(kind: str) -> Corpus:
    return Corpus(**{name: float(name == kind) for name in _KINDS})


def test_the_packaged_words_are_plain_and_distinct():
    words = common_words()
    assert len(words) > 1000
    assert len(set(words)) == len(words)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_same_generator_same_texts():
    assert draws(Corpus(), 50) == draws(Corpus(), 50)
    assert draws(Corpus(), 50) != draws(Corpus(), 50, seed=1)


def test_every_printable_character_occurs():
    seen = set("".join(draws(Corpus(), 20_000)))
    assert set(PRINTABLE) <= seen
    assert seen <= set(PRINTABLE) | set("£€")


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_every_kind_yields_short_texts_without_blanks(kind):
    texts = draws(only(kind), 500)
    assert len(set(texts)) > 30
    assert all(1 <= len(text) <= 45 and not any(c.isspace() for c in text) for text in texts)


def test_kinds_look_like_what_they_are():
    assert sum("%" in t or any(c in t for c in "$£€") for t in draws(only("price"), 300)) > 200
    assert all(any(c.isdigit() for c in text) for text in draws(only("date"), 300))
    assert sum(text.lower().startswith("www.") for text in draws(only("net"), 300)) > 50
    assert any("@" in text for text in draws(only("net"), 100))


def test_a_corpus_of_words_alone_draws_the_lexicon_and_the_packaged_list():
    texts = draws(Corpus(("Kirkgate", "o'clock"), number=3.0).of_words, 400)
    assert {text.lower() for text in texts} <= {"kirkgate", "o'clock", *common_words()}
    assert 0.3 < np.mean([text.lower() in ("kirkgate", "o'clock") for text in texts]) < 0.7
    assert any(text.isupper() for text in texts)


def test_lengths_are_those_of_signs():
    lengths = [len(text) for text in draws(Corpus(), 5000)]
    assert 4.5 < np.mean(lengths) < 6.5
    assert np.mean([n <= 3 for n in lengths]) > 0.15


def test_upper_case_leads_and_mixed_case_is_rare():
    rng = np.random.default_rng(0)
    kinds = Counter()
    for _ in range(3000):
        word = cased("street", rng)
        kinds["upper" if word.isupper() else "title" if word.istitle() else word.islower() and "lower"] += 1
    assert kinds["upper"] > kinds["title"] > 400
    assert kinds["lower"] > 400
    assert 0 < kinds[False] < 200


def test_a_lexicon_comes_from_a_file_with_comments(tmp_path: Path):
    path = tmp_path / "words.txt"
    path.write_text("# a list\n\nQUAGMIRE\nzephyr\n")
    corpus = Corpus.from_file(path, number=0.5)
    assert corpus.words == ("QUAGMIRE", "zephyr")
    assert corpus.number == 0.5
    drawn = {text.lower() for text in draws(corpus, 2000)}
    assert {"quagmire", "zephyr"} <= drawn


@pytest.mark.parametrize("content", ["# nothing but a comment\n", None])
def test_a_list_without_words_is_an_error(tmp_path: Path, content):
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"words\.txt"):
        Corpus.from_file(path)


def test_a_corpus_pickles_without_its_caches():
    corpus = Corpus(("alpha", "beta"))
    expected = draws(corpus, 20)
    copy = pickle.loads(pickle.dumps(corpus))
    assert set(vars(copy)) == set(Corpus.__dataclass_fields__)
    assert draws(copy, 20) == expected
