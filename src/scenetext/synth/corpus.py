"""What to write: words in realistic case, numbers, prices, dates, net addresses, codes, random strings."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError

Rng = np.random.Generator

# Shares of word lengths 1, 2, 3 ... letters, as on signs and posters: many short words, few long ones.
_LENGTHS = np.array([0.6, 5, 14, 19, 17, 14, 11, 8, 5.5, 3.5, 2.0, 1.2, 0.7, 0.4, 0.3, 0.2])
_BRACKETS = ("()", "[]", '""', "''", "{}", "<>", "**", "--", "//")
_TAILS = (".", ",", "!", ":", "?", ";", "...", "!!", "-", "*", "'s", '"', ")", "/", "%", "'")
_TAIL_SHARES = np.array([10, 10, 8, 6, 4, 2, 2, 2, 2, 1, 6, 1, 1, 1, 0.5, 1])
_HEADS = ('"', "'", "(", "-", "#", "@", "*", "&", "+", "/", "~", "<", "$")
_JOINTS = ("-", "-", "-", "&", "/", "'", ".", "+", "_", ":", "@", "|", "\\", "=", "^")
_UNITS = ("km", "kg", "g", "ml", "m", "cm", "mm", "am", "pm", "AM", "PM", "KM", "KG", "mph", "x", "V")
_ORDINALS = ("st", "nd", "rd", "th", "TH")
_DOMAINS = ("com", "org", "net", "co.uk", "de", "in", "info", "edu", "com.sg", "nl", "fr", "tv")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=1)
def common_words() -> tuple[str, ...]:
    """The packaged list of common words and words of signs."""
    return read_words(resources.files(__package__).joinpath("words.txt").read_text(encoding="utf-8"))


def read_words(text: str) -> tuple[str, ...]:
    """One word a line; blank lines and lines that start with # are dropped."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Corpus:
    """A mixture of things to write.

    words       a lexicon in any case, drawn by length so that short words prevail; every second lexicon word
                comes from the packaged list of common words.
    bare        words of the lexicon alone: `word` puts punctuation around one in seven of them.
    The fields but `words` are weights of the kinds; they need not sum to one.
    """

    words: tuple[str, ...] = ()
    word: float = 0.76
    number: float = 0.06
    price: float = 0.03
    date: float = 0.025
    phone: float = 0.015
    net: float = 0.02
    code: float = 0.03
    random: float = 0.06
    bare: float = 0.0

    @classmethod
    def from_file(cls, path: str | Path, **weights: float) -> Corpus:
        """The lexicon of a file with one word a line (# comments). Raises DataError if it holds none."""
        try:
            words = read_words(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read as a list of words: {error}") from error
        if not words:
            raise DataError(f"{path}: holds no words; expected one a line")
        return cls(words, **weights)

    def draw(self, rng: Rng) -> str:
        """One token of 1 to about 30 printable characters, without blanks."""
        kind = int(np.searchsorted(self._kind_steps, rng.random(), side="right"))
        return list(_KINDS.values())[min(kind, len(_KINDS) - 1)](self, rng)

    @cached_property
    def of_words(self) -> Corpus:
        """The same lexicon, and nothing but its words; one object, for sorting them takes long."""
        return Corpus(self.words, **dict.fromkeys(_KINDS, 0.0) | {"bare": 1.0})

    def draw_word(self, rng: Rng) -> str:
        """A word of the lexicon, in the case that the list has."""
        buckets, steps = self._buckets if rng.random() < 0.5 else _common_buckets()
        bucket = buckets[int(np.searchsorted(steps, rng.random(), side="right"))]
        return bucket[int(rng.integers(len(bucket)))]

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}  # not the cached buckets

    @cached_property
    def _buckets(self) -> tuple[list[list[str]], np.ndarray]:
        return _by_length(self.words or common_words())

    @cached_property
    def _kind_steps(self) -> np.ndarray:
        weights = [getattr(self, kind) for kind in _KINDS]
        steps = np.cumsum(weights)
        return np.asarray(steps / steps[-1])


def _by_length(words: Sequence[str]) -> tuple[list[list[str]], np.ndarray]:
    """Words grouped by length, and the cumulated share of each group."""
    groups: dict[int, list[str]] = {}
    for word in words:
        groups.setdefault(min(len(word), len(_LENGTHS)), []).append(word)
    lengths = sorted(groups)
    # A length of which the list has next to nothing must not repeat its few words all the time.
    shares = np.array([_LENGTHS[n - 1] * min(1.0, len(groups[n]) / 20) for n in lengths])
    steps = np.cumsum(shares) / shares.sum()
    steps[-1] = 1.0
    return [groups[n] for n in lengths], steps


@lru_cache(maxsize=1)
def _common_buckets() -> tuple[list[list[str]], np.ndarray]:
    return _by_length(common_words())


def cased(word: str, rng: Rng) -> str:
    """A word in a case that signs use: half upper, a quarter capitalised, most others lower, a few mixed."""
    draw = rng.random()
    if draw < 0.48:
        return word.upper()
    if draw < 0.73:
        return word[:1].upper() + word[1:].lower()
    if draw < 0.96:
        return word.lower()
    if draw < 0.98:  # two capitalised halves, as names of brands have
        middle = int(rng.integers(1, max(2, len(word))))
        return word[:middle].capitalize() + word[middle:].capitalize()
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in word)


def _pick(rng: Rng, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _digits(rng: Rng, low: int, high: int) -> str:
    """`low` to `high` random digits."""
    return "".join(str(d) for d in rng.integers(0, 10, size=int(rng.integers(low, high + 1))))


def _bare(corpus: Corpus, rng: Rng) -> str:
    return cased(corpus.draw_word(rng), rng)


def _word(corpus: Corpus, rng: Rng) -> str:
    text = _bare(corpus, rng)
    draw = rng.random()
    if draw < 0.86:
        return text
    if draw < 0.93:
        shares = _TAIL_SHARES / _TAIL_SHARES.sum()
        tail = _TAILS[int(rng.choice(len(_TAILS), p=shares))]
        return text + (tail.upper() if text.isupper() else tail)
    if draw < 0.95:
        return _pick(rng, _HEADS) + text
    if draw < 0.97:
        brackets = _pick(rng, _BRACKETS)
        return brackets[0] + text + brackets[1]
    if draw < 0.99:
        second = corpus.draw_word(rng)
        second = second.upper() if text.isupper() else second.lower()
        return text[:8] + _pick(rng, _JOINTS) + second[:8]
    return text[: int(rng.integers(1, len(text) + 1))] + _pick(rng, ("'", ".", "-")) + text[-1:]


def _number(corpus: Corpus, rng: Rng) -> str:
    draw = rng.random()
    if draw < 0.55:
        return _digits(rng, 1, 4)
    if draw < 0.65:
        return _digits(rng, 5, 8)
    if draw < 0.73:
        return _digits(rng, 1, 3) + _pick(rng, _UNITS)
    if draw < 0.79:
        return _digits(rng, 1, 2) + _pick(rng, _ORDINALS)
    if draw < 0.87:
        return _digits(rng, 1, 3) + _pick(rng, (".", ",", "/", "-", ":")) + _digits(rng, 1, 3)
    if draw < 0.93:
        return f"{rng.integers(1, 1000)},{rng.integers(0, 1000):03d}"
    return _pick(rng, ("#", "No.", "+", "-", "x", "<", ">", "~", "=")) + _digits(rng, 1, 3)


def _price(corpus: Corpus, rng: Rng) -> str:
    amount = _digits(rng, 1, 3).lstrip("0") or "1"
    cents = _pick(rng, ("99", "95", "90", "50", "00", "49", "25", "80"))
    draw = rng.random()
    if draw < 0.25:
        return f"{amount[:2]}%"
    currency = _pick(rng, ("$", "$", "$", "$", "£", "€", "Rs.", "RM", "S$", "USD"))
    if draw < 0.75:
        return f"{currency}{amount}.{cents}"
    return f"{currency}{amount}" + _pick(rng, ("", "", "/-", "!", "*", "+"))


def _date(corpus: Corpus, rng: Rng) -> str:
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1900, 2031))
    hour, minute = int(rng.integers(0, 24)), int(rng.integers(0, 12)) * 5
    forms = (
        f"{day}/{month}/{year}",
        f"{day:02d}.{month:02d}.{year % 100:02d}",
        f"{day}-{_MONTHS[month - 1]}-{year}",
        f"{year}",
        f"{year}",
        f"{year}-{month:02d}-{day:02d}",
        f"{_MONTHS[month - 1]}.{day}",
        f"{hour}:{minute:02d}",
        f"{hour:02d}:{minute:02d}",
        f"{hour % 12 + 1}{_pick(rng, ('am', 'pm', 'AM', 'PM'))}",
        f"{hour % 12 + 1}.{minute:02d}{_pick(rng, ('am', 'pm'))}",
        f"{hour % 12 + 1}-{day % 12 + 1}",
        f"{hour:02d}:{minute:02d}-{(hour + day) % 24:02d}:00",
        f"'{year % 100:02d}",
        f"{year}-{(year + 1) % 100:02d}",
    )
    return _pick(rng, forms)


def _phone(corpus: Corpus, rng: Rng) -> str:
    forms = (
        f"{_digits(rng, 3, 3)}-{_digits(rng, 4, 4)}",
        f"{_digits(rng, 3, 3)}-{_digits(rng, 3, 3)}-{_digits(rng, 4, 4)}",
        f"({_digits(rng, 2, 4)}){_digits(rng, 4, 7)}",
        f"0{_digits(rng, 2, 4)}/{_digits(rng, 4, 7)}",
        f"+{_digits(rng, 1, 2)}{_digits(rng, 7, 10)}",
        f"{_digits(rng, 3, 4)}.{_digits(rng, 3, 4)}",
        f"1-800-{_digits(rng, 3, 3)}-{_digits(rng, 4, 4)}",
        _digits(rng, 6, 10),
        _digits(rng, 4, 4),
        f"{_pick(rng, ('Tel:', 'TEL:', 'Ph.', 'Fax:', 'T:'))}{_digits(rng, 6, 8)}",
    )
    return _pick(rng, forms)


def _net(corpus: Corpus, rng: Rng) -> str:
    name, domain = corpus.draw_word(rng).lower(), _pick(rng, _DOMAINS)
    draw = rng.random()
    if draw < 0.35:
        text = f"www.{name}.{domain}"
    elif draw < 0.6:
        text = f"{name}.{domain}"
    elif draw < 0.75:
        text = f"{corpus.draw_word(rng).lower()}@{name}.{domain}"
    elif draw < 0.8:
        text = f"{_pick(rng, ('http', 'https'))}://{name}.{domain}"
    elif draw < 0.85:
        text = f"{name}.{domain}/{corpus.draw_word(rng).lower()}{_pick(rng, ('', '', '?', '_', '='))}"
    elif draw < 0.92:
        text = _pick(rng, ("#", "@", ".", "/", "~")) + name
    else:
        text = _pick(rng, ("www", ".com", "www.", f".{domain}", domain))
    return text.upper() if rng.random() < 0.15 else text


def _code(corpus: Corpus, rng: Rng) -> str:
    def letters(low: int, high: int) -> str:
        return "".join(_pick(rng, string.ascii_uppercase) for _ in range(int(rng.integers(low, high + 1))))

    draw = rng.random()
    if draw < 0.25:
        return letters(1, 2) + _digits(rng, 1, 3)
    if draw < 0.35:
        return f"{letters(1, 1)}{_digits(rng, 1, 1)}-{_digits(rng, 2, 2)}"
    if draw < 0.45:
        return f"#{_digits(rng, 2, 2)}-{_digits(rng, 2, 2)}" + (letters(1, 1) if rng.random() < 0.2 else "")
    if draw < 0.6:
        return letters(1, 3) + _pick(rng, ("", "-", ".")) + _digits(rng, 2, 5) + letters(0, 2)
    if draw < 0.7:
        return _digits(rng, 1, 3) + letters(1, 2)
    if draw < 0.8:
        return f"{letters(2, 2)}{_digits(rng, 2, 2)}{letters(3, 3)}"
    if draw < 0.92:
        return letters(2, 5)
    return ".".join(letters(3, 3)[: int(rng.integers(2, 4))]) + "."


def _random(corpus: Corpus, rng: Rng) -> str:
    length = 1 + min(int(rng.geometric(0.28)), 14)
    draw = rng.random()
    if draw < 0.15:
        length = 1
    alphabet = _PRINTABLE if draw < 0.15 or draw > 0.5 else _LETTERS_AND_DIGITS
    return "".join(alphabet[i] for i in rng.integers(0, len(alphabet), size=length))


_PRINTABLE = string.digits + string.ascii_letters + string.punctuation
_LETTERS_AND_DIGITS = string.digits + string.ascii_letters
_KINDS: dict[str, Callable[[Corpus, Rng], str]] = {  # by the field of Corpus that weighs them
    "word": _word,
    "number": _number,
    "price": _price,
    "date": _date,
    "phone": _phone,
    "net": _net,
    "code": _code,
    "random": _random,
    "bare": _bare,
}
