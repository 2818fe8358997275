"""Character sets: which characters, or tokens such as names of pitches, a recogniser knows; their order."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .errors import SettingsError, unknown_name

CHARSETS: dict[str, str | tuple[str, ...]] = {
    # The benchmark's case-insensitive set of 36 (Baek et al. 2019, and the CRNN paper).
    "alphanumeric36": string.digits + string.ascii_lowercase,
    # All printable ASCII but the blank, in the benchmark's order: digits, letters, punctuation.
    "printable94": string.digits + string.ascii_letters + string.punctuation,
    # A1 to E6: from three ledger lines below the staff under the bass clef to three above it in the treble.
    "pitches": tuple(f"{letter}{octave}" for octave in range(1, 7) for letter in "CDEFGAB")[5:38],
}


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters, or of tokens. Indices run from 0; codecs add their own special classes.

    characters   a string of characters; or a tuple of tokens, which a text has with blanks between them.

    A set without upper-case letters folds case when it encodes, as the benchmark does.
    """

    characters: str | tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters):
            raise SettingsError("a charset holds each character once")
        if not self.characters:
            raise SettingsError("a charset holds at least one character")
        if not isinstance(self.characters, str) and any(len(token.split()) != 1 for token in self.characters):
            raise SettingsError("a token of a charset is not empty and has no blanks")

    @classmethod
    def named(cls, name: str) -> Charset:
        """One of CHARSETS."""
        if name not in CHARSETS:
            raise unknown_name("charset", name, CHARSETS)
        return cls(CHARSETS[name])

    @property
    def of_tokens(self) -> bool:
        """Whether texts are tokens with blanks between them."""
        return not isinstance(self.characters, str)

    def __len__(self) -> int:
        return len(self.characters)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {character: i for i, character in enumerate(self.characters)}

    @cached_property
    def folds_case(self) -> bool:
        """True if no character of the set is an upper-case letter."""
        return not any(character.isupper() for character in self.characters)

    def split(self, text: str) -> Sequence[str]:
        """The characters or tokens of `text`, in lower case if the set folds case."""
        if self.folds_case:
            text = text.lower()
        return text.split() if self.of_tokens else text

    def join(self, characters: Iterable[str]) -> str:
        """The text of some characters or tokens: the inverse of `split`."""
        return (" " if self.of_tokens else "").join(characters)

    def indices(self, text: str) -> list[int]:
        """The indices of the characters of `text`; characters outside the set are dropped."""
        return [self._index[character] for character in self.split(text) if character in self._index]

    def text(self, indices: Iterable[int]) -> str:
        """The text with these indices."""
        return self.join(self.characters[index] for index in indices)

    def unknown(self, text: str) -> str:
        """The characters of `text` that the set cannot write, each once."""
        return self.join(dict.fromkeys(c for c in self.split(text) if c not in self._index))


def find_charset(name: str) -> Charset:
    """One of CHARSETS by its name, or a set of the characters given.

    Raises SettingsError for what resembles a name but is none.
    """
    if name not in CHARSETS and difflib.get_close_matches(name, CHARSETS, cutoff=0.7):
        raise unknown_name("charset", name, CHARSETS)
    return Charset(CHARSETS.get(name, name))


def alphanumeric(text: str) -> str:
    """`text` lower-cased and stripped to 0-9a-z: how the benchmark compares words."""
    return "".join(character for character in text.lower() if character in _ALPHANUMERIC)


_ALPHANUMERIC = frozenset(CHARSETS["alphanumeric36"])
