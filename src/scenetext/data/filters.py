"""Filters: which words of a set are left out, said aloud."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property

from ..charset import Charset, find_charset
from ..errors import SettingsError

_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)


@dataclass(frozen=True)
class Filters:
    """What word crops are left out by their text. Each filter looks at what the ones before it have left.

    alphanumeric   texts with anything but 0-9, A-Z and a-z.
    charset        texts with characters outside this charset: a name of `charset.CHARSETS`, or the characters
                   themselves. Case is folded where the charset folds it.
    min_length     texts of fewer characters.
    max_length     texts of more characters; 0: no limit.

    The benchmark of Baek et al. 2019 makes its lists so: IC13 has 1015 words after `alphanumeric`, and 857
    with `min_length` 3 as well; IC03 has 867 after both, if they are counted in its scenes.
    """

    alphanumeric: bool = False
    charset: str = ""
    min_length: int = 0
    max_length: int = 0

    def __post_init__(self) -> None:
        _ = self._known  # checks it
        if min(self.min_length, self.max_length) < 0:
            raise SettingsError("the lengths of a filter are 0 or more")
        if 0 < self.max_length < self.min_length:
            raise SettingsError(
                f"no text has at least {self.min_length} and at most {self.max_length} characters"
            )

    @cached_property
    def _known(self) -> Charset | None:
        return find_charset(self.charset) if self.charset else None

    @property
    def names(self) -> list[str]:
        """The filters that are on, in their order, as they are printed."""
        return [
            name
            for name, on in (
                ("alphanumeric", self.alphanumeric),
                (f"charset {self.charset}", self.charset),
                (f"min-length {self.min_length}", self.min_length),
                (f"max-length {self.max_length}", self.max_length),
            )
            if on
        ]

    def dropped_by(self, text: str) -> str | None:
        """The name of the first filter that leaves this text out, or None."""
        if self.alphanumeric and not _ALPHANUMERIC.issuperset(text):
            return "alphanumeric"
        if self._known and self._known.unknown(text):
            return f"charset {self.charset}"
        if len(text) < self.min_length:
            return f"min-length {self.min_length}"
        if self.max_length and len(text) > self.max_length:
            return f"max-length {self.max_length}"
        return None
