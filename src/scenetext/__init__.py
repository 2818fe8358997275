"""scenetext: find and read text in photographs, and build the systems that do.

>>> from scenetext import Reader
>>> Reader().read("photo.jpg").text            # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Names are imported when first used, so that `import scenetext` stays instant.
_EXPORTS = {
    "Cascade": "spotter",
    "Detector": "detector",
    "Lexicon": "lexicon",
    "Reader": "reader",
    "Reading": "types",
    "Recognizer": "recognizer",
    "Sample": "types",
    "ScenetextError": "errors",
    "TextInstance": "types",
}
__all__ = [
    "Cascade",
    "Detector",
    "Lexicon",
    "Reader",
    "Reading",
    "Recognizer",
    "Sample",
    "ScenetextError",
    "TextInstance",
]

if TYPE_CHECKING:
    from .detector import Detector
    from .errors import ScenetextError
    from .lexicon import Lexicon
    from .reader import Reader
    from .recognizer import Recognizer
    from .spotter import Cascade
    from .types import Reading, Sample, TextInstance

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(f".{_EXPORTS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
