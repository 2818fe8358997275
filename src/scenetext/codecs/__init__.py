"""Codecs: what turns truth into training targets also turns network outputs back into truth.

Every codec is a frozen dataclass of settings. Look one up in CODECS by the name a recipe or bundle gives.

    TextCodec    encode(texts) -> arrays               decode(outputs, lexicon, step) -> [(text, score)]
    SceneCodec   encode(instances, size) -> arrays     decode(outputs, size) -> [TextInstance]

A SpottingCodec is a SceneCodec whose instances have texts, and which takes a lexicon.

The codec of a model of several graphs also has propose(outputs) -> arrays, which stands between them, and
ideal(instances, size) -> outputs, those of a first graph that makes no mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..charset import Charset
from ..errors import unknown_name
from ..lexicon import Lexicon
from ..settings import build
from ..types import Graph, Look, TextInstance
from .attention import Attention
from .ctc import CTC
from .db import DB
from .fcenet import FCENet
from .li2017 import Li2017
from .mask_textspotter import MaskTextSpotter
from .oclip import OCLIP
from .psenet import PSENet
from .stitch import Windows
from .textbpn import TextBPN


class TextCodec(Protocol):
    """Between the text of a word crop and the arrays a recogniser is trained on and puts out."""

    @property
    def characters(self) -> Charset:
        """The characters it can write."""

    @property
    def classes(self) -> int:
        """Number of classes a network has to put out."""

    def fits(self, text: str, frames: int) -> bool:
        """Whether a network with this many frames can put out `text`."""

    def encode(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """The training targets of a batch."""

    def decode(
        self,
        outputs: Mapping[str, np.ndarray],
        lexicon: Lexicon | Sequence[Lexicon | None] | None = None,
        step: Graph | None = None,
    ) -> list[tuple[str, float]]:
        """Text and confidence in [0, 1] of each crop of a batch.

        lexicon   the words that a text is chosen from: one for all crops, or one or None for each.
        step      one step of the decoder, for codecs that search with one.
        """

    def unfinished(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N,) bool: the rows whose text may go on beyond what was put out."""

    def stitch(
        self,
        outputs: Mapping[str, np.ndarray],
        windows: Windows,
        lexicon: Lexicon | None = None,
        step: Graph | None = None,
    ) -> tuple[str, float]:
        """As `decode`, of one long crop, of which the rows are overlapping windows (see stitch.py)."""


class SceneCodec(Protocol):
    """Between the text instances of a scene and the arrays a detector is trained on and puts out."""

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The training targets of one view of `size` (height, width); polygons in view pixels."""

    def decode(self, outputs: Mapping[str, np.ndarray], size: tuple[int, int]) -> list[TextInstance]:
        """The instances of one view (a batch of one), in view pixels."""


class SpottingCodec(Protocol):
    """Between the texts of a scene and the arrays a spotter is trained on and puts out."""

    @property
    def rows(self) -> tuple[str, ...]:
        """The outputs that it decodes, which have one row for each of "boxes" (R, 4), view pixels."""

    def encode(self, instances: Sequence[TextInstance], size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The training targets of one view of `size` (height, width); polygons in view pixels."""

    def propose(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the next graph takes in, besides the outputs so far."""

    def decode(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[TextInstance]:
        """The instances of one view, or of several whose rows were put together, in pixels of the boxes."""

    def looked(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What `explain` needs of one view besides `rows`, a row for each box: "regions" (R, 4), view pixels,
        and the attention. Raises SettingsError if the model does not put it out."""

    def explain(
        self, outputs: Mapping[str, np.ndarray], size: tuple[int, int], lexicon: Lexicon | None = None
    ) -> list[Look]:
        """As `decode`, with where the model looked."""


CODECS: dict[str, type] = {
    "ctc": CTC,
    "attention": Attention,
    "db": DB,
    "psenet": PSENet,
    "fcenet": FCENet,
    "textbpn": TextBPN,
    "li2017": Li2017,
    "mask_textspotter": MaskTextSpotter,
    "oclip": OCLIP,
}


def make_codec(settings: Mapping[str, Any], where: str = "codec") -> Any:
    """The codec that a table such as {"name": "ctc", "charset": "printable94"} describes.

    Raises SettingsError for an unknown name or setting.
    """
    values = dict(settings)
    name = values.pop("name", "")
    if name not in CODECS:
        raise unknown_name("codec", str(name), CODECS)
    return build(CODECS[name], values, where)
