"""Lexicons: files, spellings, neighbours, prefixes."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from scenetext.charset import Charset
from scenetext.errors import DataError, SettingsError
from scenetext.lexicon import Lexicon, Trie, WordTable, fold_case, for_each, word_score

ALPHANUMERIC = Charset.named("alphanumeric36")
PRINTABLE = Charset.named("printable94")

# few letters, so that random words are near each other; and one bucket of a signature shared by two of them
_LETTERS = "abcW4é"
_word_lists = st.lists(st.text(_LETTERS, min_size=1, max_size=9), min_size=1, max_size=40)


def table_of(*words: str, charset: Charset = ALPHANUMERIC) -> WordTable:
    return Lexicon(words).table(charset)


def written(table: WordTable) -> list[str]:
    """What the labels say."""
    return [table.text(row) for row in table.labels]


def test_words_keep_the_spelling_that_comes_first() -> None:
    lexicon = Lexicon(["Polish", "polish", "POLISH", "Zoo"])
    assert lexicon.words == ("Polish", "Zoo")
    assert len(lexicon) == 2


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_file_has_a_word_a_line_and_comments(tmp_path: Path, bom: bytes, end: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(bom + end.join(["# places", "Zürich", "", "  New York ", "C#"]).encode())
    assert Lexicon.from_file(path, delta=1).words == ("Zürich", "New York", "C#")
    assert Lexicon.from_file(path, delta=1).delta == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no words"),
        (b"# only this\n\n  \n", "holds no words"),
        (b"good\nZ\xfcrich\n", "words.txt:2: not UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_file_without_words_is_refused_in_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        Lexicon.from_file(path)
    assert "\n" not in str(caught.value)


def test_no_words_and_a_string_are_refused() -> None:
    with pytest.raises(DataError, match="at least one word"):
        Lexicon(["", ""])
    with pytest.raises(SettingsError, match="from_file"):
        Lexicon("words.txt")


@pytest.mark.parametrize("setting", [{"small": -1}, {"delta": -1}, {"beam": 0}], ids=lambda s: next(iter(s)))
def test_settings_out_of_range_are_refused(setting: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=next(iter(setting))):
        Lexicon(["a"], **setting)


@pytest.mark.parametrize("text", ["Straße", "İstanbul", "ΟΔΟΣ", "ABC", "éÉ"])
def test_folding_keeps_the_length_and_the_place_of_each_character(text: str) -> None:
    folded = fold_case(text)
    assert len(folded) == len(text)
    assert fold_case(text[::-1]) == folded[::-1]


def test_case_is_one_symbol_and_unknown_punctuation_none() -> None:
    table = table_of("Don't", "STOP", charset=PRINTABLE)
    assert set(written(table)) == {"don't", "stop"}
    symbol = dict(zip(PRINTABLE.characters, table.fold, strict=True))
    assert symbol["s"] == symbol["S"] != 0
    assert symbol["'"] != 0, "a word has it"
    assert symbol["!"] == symbol["$"] == 0
    assert symbol["7"] != 0, "a digit is no punctuation"


def test_what_the_charset_cannot_write_is_left_out_of_the_words() -> None:
    lexicon = Lexicon(["Don't", "dont", "Café", "!!", "日本"])
    table = lexicon.table(ALPHANUMERIC)
    assert table.texts == ("caf", "dont")
    assert [lexicon.words[place] for place in table.spelt] == ["Café", "Don't"]
    assert len(Lexicon(["日本"]).table(ALPHANUMERIC)) == 0


def test_a_set_of_many_characters_has_room_for_them() -> None:
    charset = Charset("".join(chr(0x4E00 + i) for i in range(3000)))
    words = [charset.characters[i : i + 2] for i in range(0, 3000, 100)]
    table = table_of(*words, charset=charset)
    assert sorted(written(table)) == sorted(words)
    assert list(table.near(words[7], 0)) == [table.texts.index(words[7])]


def test_models_that_write_tokens_have_no_lexicons() -> None:
    with pytest.raises(SettingsError, match="tokens"):
        Lexicon(["E4 D4"]).table(Charset(("E4", "D4")))


@settings(deadline=None, max_examples=150)
@given(_word_lists, st.text(_LETTERS.lower(), max_size=9), st.integers(0, 4))
def test_neighbours_are_those_of_an_exhaustive_search(words: list[str], query: str, delta: int) -> None:
    table = table_of(*words, charset=Charset(_LETTERS))
    expected = [i for i, text in enumerate(table.texts) if Levenshtein.distance(text, query) <= delta]
    assert table.near(query, delta).tolist() == expected


def test_neighbours_of_words_in_a_large_lexicon_are_those_of_an_exhaustive_search() -> None:
    rng = np.random.default_rng(5)
    letters = np.array(list("etaoinshrdlu0"))
    words = ["".join(rng.choice(letters, rng.integers(2, 12))) for _ in range(4000)]
    table = table_of(*words)
    for query in ["", "e", "tone", "stationed", "unrelated0", "zzzz", *words[:8]]:
        expected = [i for i, text in enumerate(table.texts) if Levenshtein.distance(text, query) <= 3]
        assert table.near(query, 3).tolist() == expected


def prefixes(trie: Trie, table: WordTable) -> dict[str, int]:
    """Every prefix and its word, by walking from the root."""
    found = {"": int(trie.word[0])}
    waiting = [(0, "")]
    while waiting:
        node, prefix = waiting.pop()
        _, children = trie.children(np.array([node]))
        for child in children:
            longer = prefix + table.text([trie.symbol[child]])
            assert longer not in found, "two nodes of one prefix"
            found[longer] = int(trie.word[child])
            waiting.append((int(child), longer))
    return found


@settings(deadline=None, max_examples=80)
@given(_word_lists)
def test_the_trie_has_every_prefix_once_and_every_word_at_its_end(words: list[str]) -> None:
    table = table_of(*words, charset=Charset(_LETTERS))
    found = prefixes(table.trie, table)
    assert found.keys() == {text[:i] for text in table.texts for i in range(len(text) + 1)}
    assert {prefix: table.texts[word] for prefix, word in found.items() if word >= 0} == {
        text: text for text in table.texts
    }
    assert len(table.trie.symbol) == len(found)


def test_children_of_several_nodes_come_with_their_parents() -> None:
    table = table_of("ab", "ac", "b")
    parents, children = table.trie.children(np.array([0, 1, 0, 2]))
    letters = table.text(table.trie.symbol[children])
    assert list(zip(parents.tolist(), letters, strict=True)) == [
        (0, "a"), (0, "b"), (1, "b"), (1, "c"), (2, "a"), (2, "b"),
    ]  # fmt: skip


def test_a_lexicon_without_writable_words_has_a_trie_of_nothing() -> None:
    trie = Lexicon(["日本"]).table(ALPHANUMERIC).trie
    assert trie.word.tolist() == [-1]
    assert trie.children(np.array([0]))[1].size == 0


def test_a_lexicon_pickles_with_its_settings() -> None:
    lexicon = Lexicon(["One", "two"], delta=2, small=1, beam=3)
    lexicon.table(ALPHANUMERIC)
    copy = pickle.loads(pickle.dumps(lexicon))
    assert (copy.words, copy.delta, copy.small, copy.beam) == (("One", "two"), 2, 1, 3)
    assert copy.table(ALPHANUMERIC).texts == ("one", "two")


def test_threads_that_share_a_lexicon_see_the_same_words() -> None:
    lexicon = Lexicon([f"w{i}" for i in range(500)])

    def search(i: int) -> list[str]:
        table = lexicon.table(ALPHANUMERIC)
        return [table.texts[place] for place in table.near(f"w{i}", 0)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(search, range(100))) == [[f"w{i}"] for i in range(100)]


@pytest.mark.parametrize(("given", "expected"), [(None, [None, None]), ("one", ["one", "one"])])
def test_one_lexicon_is_for_all(given: str | None, expected: Sequence[str | None]) -> None:
    lexicon = None if given is None else Lexicon([given])
    shared = for_each(lexicon, 2)
    assert [words and words.words[0] for words in shared] == expected


def test_as_many_lexicons_as_crops_or_one() -> None:
    lexicon = Lexicon(["a"])
    assert for_each([lexicon, None], 2) == [lexicon, None]
    with pytest.raises(SettingsError, match="2 lexicons for 3 crops"):
        for_each([lexicon, None], 3)


@pytest.mark.parametrize("given", [["rate", "late"], "rate", {"rate"}, 3, [None, "rate"]])
def test_words_in_place_of_a_lexicon_are_refused_in_one_line(given: Any) -> None:
    with pytest.raises(SettingsError, match=r"^a lexicon is a Lexicon, not (str|int); .* Lexicon\(words\)$"):
        for_each(given, 2)


@pytest.mark.parametrize("word", [1, None, b"rate"])
def test_words_that_are_no_strings_are_refused(word: Any) -> None:
    with pytest.raises(SettingsError, match="a lexicon is made of words, not of (int|NoneType|bytes)"):
        Lexicon(["late", word])


def test_the_score_of_a_word_does_not_fall_with_its_length() -> None:
    assert word_score(3 * np.log(0.5), 3) == pytest.approx(word_score(9 * np.log(0.5), 9))
    assert word_score(0.0, 4) == 1
    assert word_score(1e-9, 4) == 1, "rounding"
    assert word_score(-1e6, 4) == 0
