"""Character sets: which characters a recogniser knows, and their order."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property

from .errors import SettingsError, unknown_name

CHARSETS: dict[str, str] = {
    # The benchmark's case-insensitive set of 36 (Baek et al. 2019, and the CRNN paper).
    "alphanumeric36": string.digits + string.ascii_lowercase,
    # All printable ASCII but the blank, in the benchmark's order: digits, letters, punctuation.
    "printable94": string.digits + string.ascii_letters + string.punctuation,
}


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters. Indices run from 0; codecs add their own special classes.

    A set without upper-case letters folds case when it encodes, as the benchmark does.
    """

    characters: str

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters):
            raise SettingsError("a charset holds each character once")
        if not self.characters:
            raise SettingsError("a charset holds at least one character")

    @classmethod
    def named(cls, name: str) -> Charset:
        """One of CHARSETS."""
        if name not in CHARSETS:
            raise unknown_name("charset", name, CHARSETS)
        return cls(CHARSETS[name])

    def __len__(self) -> int:
        return len(self.characters)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {character: i for i, character in enumerate(self.characters)}

    @cached_property
    def folds_case(self) -> bool:
        """True if no character of the set is an upper-case letter."""
        return not any(character.isupper() for character in self.characters)

    def indices(self, text: str) -> list[int]:
        """The indices of the characters of `text`; characters outside the set are dropped."""
        if self.folds_case:
            text = text.lower()
        return [self._index[character] for character in text if character in self._index]

    def unknown(self, text: str) -> str:
        """The characters of `text` that the set cannot write, each once."""
        if self.folds_case:
            text = text.lower()
        return "".join(dict.fromkeys(character for character in text if character not in self._index))


def alphanumeric(text: str) -> str:
    """`text` lower-cased and stripped to 0-9a-z: how the benchmark compares words."""
    return "".join(character for character in text.lower() if character in _ALPHANUMERIC)


_ALPHANUMERIC = frozenset(CHARSETS["alphanumeric36"])
