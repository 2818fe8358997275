"""Lexicons: the words that a reading is chosen from; their neighbours and their prefixes."""

from __future__ import annotations

import logging
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from .charset import Charset
from .errors import DataError, SettingsError
from .labels import decode_lines, read_file

log = logging.getLogger(__name__)

_BUCKETS = 32  # of symbols, in a signature of 64 bits


class Lexicon:
    """The words that a reading is chosen from, and how thoroughly.

        Lexicon(["Paris", "London"])
        Lexicon.from_file("words.txt", delta=2)

    words   spellings. Words that differ in case alone are one word, in the spelling that comes first.
    small   a lexicon of at most so many words is searched through: the most probable of all its words.
    delta   of a larger one, a CTC model takes the most probable of the words within this edit distance of
            what it reads without a lexicon (CRNN, section 2.3.3, which takes 3).
    beam    of a larger one, an attention model keeps so many prefixes at each step (RARE, section 2.4).

    One lexicon can be shared between threads and models: what a model needs is made when it is first used
    and kept; it is not pickled along. Raises DataError if there is no word, SettingsError for a wrong
    setting.
    """

    def __init__(self, words: Iterable[str], *, small: int = 2000, delta: int = 3, beam: int = 7) -> None:
        if isinstance(words, str):
            raise SettingsError("a lexicon is made of words, not of a string; for a file: Lexicon.from_file")
        distinct: dict[str, str] = {}
        for word in words:
            if not isinstance(word, str):
                raise SettingsError(f"a lexicon is made of words, not of {type(word).__name__}: {word!r}")
            distinct.setdefault(fold_case(word), word)
        distinct.pop("", None)
        if not distinct:
            raise DataError("a lexicon holds at least one word")
        for name, value, least in (("small", small, 0), ("delta", delta, 0), ("beam", beam, 1)):
            if value < least:
                raise SettingsError(f"{name} of a lexicon is at least {least}, not {value}")
        self.words = tuple(distinct.values())
        self.small, self.delta, self.beam = small, delta, beam
        self._tables: dict[str, WordTable] = {}

    @classmethod
    def from_file(cls, path: str | Path, *, small: int = 2000, delta: int = 3, beam: int = 7) -> Lexicon:
        """The lexicon in a UTF-8 file, one word a line; blank lines and lines that start with # do not count.

        Raises DataError if the file cannot be read, is not UTF-8, or holds no word.
        """
        words = words_of(read_file(Path(path)), str(path))
        return cls(words, small=small, delta=delta, beam=beam)

    def __len__(self) -> int:
        return len(self.words)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_tables"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _tables={})

    def table(self, charset: Charset) -> WordTable:
        """The words as a model with this character set writes them. Raises SettingsError for tokens."""
        characters = charset.characters
        if not isinstance(characters, str):
            raise SettingsError(
                f"a lexicon is of words, but this model reads tokens such as {characters[0]}; use it without"
            )
        if characters not in self._tables:
            # made twice where two threads come at once, which is harmless
            self._tables[characters] = _make_table(self.words, characters)
        return self._tables[characters]


@dataclass(frozen=True, eq=False)
class WordTable:
    """The words of a lexicon in the symbols of one character set, in order of length.

    A symbol is a character without regard to case, numbered from 1. Punctuation that no word contains has no
    symbol but 0: nothing. What a word has that the character set has not is left out of it; of words that are
    then the same the first is kept, of which nothing is left is dropped.

    symbols   symbols[k - 1] is symbol k.
    fold      (len(charset),) int64, the symbol of each character of the set.
    texts     the words in symbols, as strings.
    labels    (n, longest) unsigned, the words in symbols, filled up with 0.
    lengths   (n,) int64, ascending.
    spelt     (n,) int64, the place of each in the lexicon's `words`.
    """

    symbols: str
    fold: np.ndarray
    texts: tuple[str, ...]
    labels: np.ndarray
    lengths: np.ndarray
    spelt: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self, places: np.ndarray) -> np.ndarray:
        """The labels of some words, no wider than the longest of them."""
        longest = int(self.lengths[places].max(initial=0))
        return self.labels[places, :longest]

    def plausible(self, row: np.ndarray, delta: int) -> np.ndarray:
        """All words within edit distance `delta` of a text in symbols (length,), and others; ascending.

        An edit changes the length by at most one, and takes away at most one character and adds at most one.
        """
        low, high = np.searchsorted(self.lengths, [len(row) - delta, len(row) + delta + 1])
        signatures = self._signatures[low:high]
        wanted = _signatures(row[None])[0]
        found = np.flatnonzero(_at_most(signatures & ~wanted, delta))
        places: np.ndarray = low + found[_at_most(wanted & ~signatures[found], delta)]
        return places

    def within(self, places: np.ndarray, text: str, delta: int) -> np.ndarray:
        """Those of the words at `places` that are within edit distance `delta` of a text in symbols."""
        if len(places) == 0:
            return places
        words = [self.texts[place] for place in places]
        distances = process.cdist([text], words, scorer=Levenshtein.distance, score_cutoff=delta, workers=1)
        kept: np.ndarray = places[distances[0] <= delta]
        return kept

    def near(self, text: str, delta: int) -> np.ndarray:
        """The words within edit distance `delta` of a text in symbols, ascending."""
        places = {symbol: k for k, symbol in enumerate(self.symbols, start=1)}
        row = np.array([places.get(symbol, 0) for symbol in text], dtype=self.labels.dtype)
        return self.within(self.plausible(row, delta), text, delta)

    def text(self, row: Iterable[int]) -> str:
        """Symbols as a string; 0 is nothing."""
        return "".join(self.symbols[symbol - 1] for symbol in row if symbol)

    @cached_property
    def _signatures(self) -> np.ndarray:
        return _signatures(self.labels)

    @cached_property
    def trie(self) -> Trie:
        """The prefixes of the words."""
        return _make_trie(self.labels, self.lengths)


@dataclass(frozen=True, eq=False)
class Trie:
    """The prefixes of the words of a table. Node 0 is the empty one; the children of a node lie together.

    symbol   (nodes,) the last symbol of each prefix, 0 for the empty one.
    first    (nodes + 1,) int64; the children of node k are first[k] to first[k + 1] - 1.
    word     (nodes,) int64, the place in the table of the word that the prefix is, or -1.
    """

    symbol: np.ndarray
    first: np.ndarray
    word: np.ndarray

    def children(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(which of `nodes` it is of, child) of each child of some nodes (n,)."""
        counts = self.first[nodes + 1] - self.first[nodes]
        parents = np.repeat(np.arange(len(nodes)), counts)
        offsets = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
        return parents, self.first[nodes[parents]] + offsets


def words_of(data: bytes, name: str) -> list[str]:
    """The words in the contents of a file as `Lexicon.from_file` reads it; errors call it `name`."""
    words = [line.strip() for line in decode_lines(data, name) if not line.startswith("#")]
    if not any(words):
        raise DataError(f"{name}: holds no words; expected one a line")
    return words


def fold_case(text: str) -> str:
    """`text` without regard to case, character by character, so that its length stays."""
    if text.isascii():
        return text.lower()
    lowered = (character.lower() for character in text)
    return "".join(
        small if len(small) == 1 else character for character, small in zip(text, lowered, strict=True)
    )


def word_score(log_probability: float, length: int) -> float:
    """A score in [0, 1] for a word of which ln p(word | outputs) is known: p ** (1 / (2 length)).

    It does not fall with the length of the word. The geometric mean p ** (1 / length) would put a word with
    one character that the model was wrong about far below what readings without a lexicon score, which is the
    mean of their characters; its root lets as many right readings over a threshold, and fewer wrong ones.
    """
    return min(math.exp(log_probability / (2 * length)), 1.0)


def for_each(lexicon: Lexicon | Sequence[Lexicon | None] | None, count: int) -> Sequence[Lexicon | None]:
    """The lexicon of each of `count` crops, from one for all, one for each, or none.

    Raises SettingsError for another number of them, and for what is no Lexicon, such as a list of words.
    """
    if lexicon is None or isinstance(lexicon, Lexicon):
        return [lexicon] * count
    lexicons = list(lexicon) if isinstance(lexicon, Iterable) else [lexicon]
    for entry in lexicons:
        if not isinstance(entry, Lexicon | None):
            raise SettingsError(
                f"a lexicon is a Lexicon, not {type(entry).__name__}; of words, make one with Lexicon(words)"
            )
    if len(lexicons) != count:
        raise SettingsError(f"{len(lexicons)} lexicons for {count} crops; give one for all or one for each")
    return lexicons


def _make_table(words: Sequence[str], characters: str) -> WordTable:
    keys = [fold_case(word) for word in words]
    known = set().union(*keys)
    alphabet = dict.fromkeys(fold_case(characters))
    symbols = [symbol for symbol in alphabet if symbol in known or not _is_punctuation(symbol)]
    number = {symbol: k for k, symbol in enumerate(symbols, start=1)}
    foreign = {symbol for symbol in known if symbol not in number and not _is_punctuation(symbol)}
    if foreign:
        count = sum(not foreign.isdisjoint(key) for key in keys)
        log.info("%d of %d words have characters that the model cannot write", count, len(words))
    if known - number.keys():
        keys = ["".join(symbol for symbol in key if symbol in number) for key in keys]
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
    first.pop("", None)
    texts = sorted(first, key=len)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    labels = np.zeros((len(texts), max(lengths, default=0)), np.min_scalar_type(len(symbols)))
    flat = "".join(texts)
    labels[np.arange(labels.shape[1]) < lengths[:, None]] = [number[symbol] for symbol in flat]
    return WordTable(
        "".join(symbols),
        np.array([number.get(symbol, 0) for symbol in fold_case(characters)], dtype=np.int64),
        tuple(texts),
        labels,
        lengths,
        np.array([first[text] for text in texts], dtype=np.int64),
    )


def _is_punctuation(character: str) -> bool:
    """Punctuation, symbols and blanks: what Unicode has neither among letters, marks nor numbers."""
    return unicodedata.category(character)[0] in "PSZC"


def _signatures(labels: np.ndarray) -> np.ndarray:
    """(n,) uint64 of words in symbols (n, length): a bit for each bucket that has a symbol, one for two."""
    buckets = np.sort(np.where(labels == 0, 255, (labels.astype(np.int32) - 1) % _BUCKETS), axis=1)
    again = np.zeros(buckets.shape, dtype=bool)
    again[:, 1:] = buckets[:, 1:] == buckets[:, :-1]
    bits = np.uint64(1) << (buckets + _BUCKETS * again).clip(max=63).astype(np.uint64)
    bits[buckets == 255] = 0
    signatures: np.ndarray = np.bitwise_or.reduce(bits, axis=1)
    return signatures


def _at_most(bits: np.ndarray, count: int) -> np.ndarray:
    """Which numbers (n,) uint64 have at most `count` bits set."""
    for _ in range(count):
        bits = bits & (bits - np.uint64(1))  # without its lowest bit; 0 stays, for 0 & anything is 0
    few: np.ndarray = bits == 0
    return few


def _make_trie(labels: np.ndarray, lengths: np.ndarray) -> Trie:
    order = np.lexsort(labels.T[::-1]) if labels.size else np.arange(0)
    labels, lengths = labels[order], lengths[order]
    symbols, firsts, words = [np.zeros(1, labels.dtype)], [], [np.full(1, -1)]
    node = np.zeros(len(labels), dtype=np.int64)  # of each word's prefix, within the level
    level = 1  # nodes of the level before
    begun = 1  # nodes so far
    for depth in range(labels.shape[1]):
        longer = lengths > depth
        starts = np.zeros(len(labels), dtype=bool)
        column, parent = labels[longer, depth], node[longer]
        differs = np.ones(len(column), dtype=bool)
        differs[1:] = (column[1:] != column[:-1]) | (parent[1:] != parent[:-1])
        starts[longer] = differs
        firsts.append(begun + np.searchsorted(node[starts], np.arange(level)))
        symbols.append(labels[starts, depth])
        node = np.cumsum(starts) - 1
        level = int(starts.sum())
        begun += level
        word = np.full(level, -1)
        word[node[lengths == depth + 1]] = order[lengths == depth + 1]
        words.append(word)
    firsts.append(np.full(level + 1, begun))  # the last level has no children, and the end of all
    return Trie(np.concatenate(symbols), np.concatenate(firsts), np.concatenate(words))
