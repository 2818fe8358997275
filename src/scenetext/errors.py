"""The exceptions of scenetext.

ScenetextError                 everything below; a message is one line: what, where, what next
├── BadImageError              a source that cannot be decoded or read
│   └── TooLargeError          one over the pixel limit
├── SettingsError              an unknown or wrong setting, recipe, or name (lists what is known)
├── DataError                  a label file that breaks its format; names file, line and reason
├── BundleError                a model bundle that is missing, damaged or of a newer format
├── GraphError                 a graph that fails on its input; names the file
├── TrainingError              a run that cannot go on (non-finite loss, mismatched checkpoint)
└── MissingExtraError          a command that needs an optional dependency; says how to install it
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import NoReturn


class ScenetextError(Exception):
    """Base of every error that scenetext raises on purpose."""


class BadImageError(ScenetextError):
    """The image `name` cannot be used, for `reason`."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:  # two arguments, so the default pickling fails
        return type(self), (self.name, self.reason)


class TooLargeError(BadImageError):
    """The image `name` has more pixels than `max_pixels` allows."""


class SettingsError(ScenetextError):
    """A setting, recipe or name that does not exist or has a wrong value."""


class DataError(ScenetextError):
    """A data set or label file that does not follow its format."""


class BundleError(ScenetextError):
    """A model bundle that cannot be used."""


class GraphError(ScenetextError):
    """A graph that was loaded but cannot be run on what it was given."""


OnWrong = Callable[[DataError], object]
"""What is called with the error of a wrong line or entry: `strict`, or the `append` of a list, to go on
without that line and know of it."""


def strict(error: DataError) -> NoReturn:
    """Raises the error: the first wrong entry is the end."""
    raise error from None


class TrainingError(ScenetextError):
    """A training run that cannot start or go on."""


class MissingExtraError(ScenetextError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'scenetext[{extra}]'")


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingsError:
    """The error for a name that a table does not hold: lists the known ones and the nearest."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return SettingsError(f"no {kind} named {name!r}{hint} (known: {', '.join(names) or 'none'})")
