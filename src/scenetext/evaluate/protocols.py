"""PROTOCOLS: how systems are scored, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..errors import unknown_name
from .detection import Detection, Overlap
from .deteval import DetEval
from .fragments import Fragments
from .pascal import Pascal
from .recognition import Recognition
from .retrieval import Retrieval
from .rotated import Rotated
from .spotting import Spotting

Protocol = Detection | DetEval | Pascal | Rotated | Spotting | Recognition | Fragments | Retrieval
"""Called with the truth and the predictions of all images, it returns a Score.

Detection and spotting take a list of TextInstance an image, recognition one text a crop, pre-training a list
of words and a Match an image.
"""

_CURVED = Overlap(invalid="keep")

_PROTOCOLS: tuple[Protocol, ...] = (
    Detection("icdar2015-detection", "words found, as quadrilaterals, by IoU over 0.5"),
    DetEval(
        "icdar2013-deteval", "words found, as boxes, whole, in parts or joined", 0.8, 0.4, "icdar2013", "box"
    ),
    Detection("ctw1500-detection", "lines found, as polygons, by IoU over 0.5", _CURVED, "polygon"),
    Detection("totaltext-detection", "words found, as polygons, by IoU over 0.5", _CURVED, "polygon"),
    DetEval(
        "totaltext-deteval", "words found, as polygons, whole, in parts or joined", 0.7, 0.6, "totaltext"
    ),
    Pascal("totaltext-pascal", "words found, as polygons, by the best IoU from 0.5 on"),
    Rotated("td500-detection", "lines found, as rotated rectangles, by IoU from 0.5 on and angle"),
    Spotting("icdar2015-end-to-end", "words found and read, as quadrilaterals"),
    Spotting(
        "icdar2015-word-spotting", "dictionary words found and read, as quadrilaterals", "word-spotting"
    ),
    Spotting("icdar2013-end-to-end", "words found and read, as upright boxes", layout="box"),
    Spotting(
        "icdar2013-word-spotting",
        "dictionary words found and read, as upright boxes",
        "word-spotting",
        layout="box",
    ),
    Spotting("svt-word-spotting", "labelled words found and read, as upright boxes", layout="box"),
    Spotting(
        "totaltext-end-to-end", "words found and read, as polygons", layout="polygon", vocabulary="texts"
    ),
    Spotting(
        "totaltext-word-spotting",
        "dictionary words found and read, as polygons",
        "word-spotting",
        layout="polygon",
        vocabulary="texts",
    ),
    Spotting(
        "lsvt-end-to-end",
        "lines found and read, as polygons; ranked by 1-NED",
        "lines",
        Overlap(invalid="keep", prefer="best"),
        "polygon",
        "texts",
        "one_minus_ned",
    ),
    Recognition("word-accuracy", "crops read, by 0-9a-z in either case; with 1-NED"),
    Recognition("word-accuracy-exact", "crops read, every character compared; with 1-NED", "exact"),
    Fragments("music", "fragments of scores read, by their pitches; with the average edit distance"),
    Retrieval("bag-retrieval", "sanity of pre-training: words, hidden characters and places in images"),
)

PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in _PROTOCOLS}


def find_protocol(name: str) -> Protocol:
    """The protocol `name`. Raises SettingsError, which lists the known ones."""
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def adjusted(protocol: Protocol, changes: Mapping[str, Any]) -> Protocol:
    """The protocol with other settings, such as {"iou": 0.7}; its name then tells them.

    Raises SettingsError for a setting it does not have, or a wrong type.
    """
    if not changes:
        return protocol
    values = settings.to_dict(protocol)
    overlap = values.get("overlap", {})
    known = {*values, *overlap} - {"name", "description", "overlap"}
    for key, value in changes.items():
        if key not in known:
            raise unknown_name(f"setting of {protocol.name}", key, known)
        (overlap if key in overlap else values)[key] = value
    values["name"] = f"{protocol.name}[{', '.join(f'{key}={value}' for key, value in changes.items())}]"
    return settings.build(type(protocol), values, f"protocol {protocol.name}")
