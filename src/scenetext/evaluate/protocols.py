"""PROTOCOLS: how systems are scored, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..errors import unknown_name
from .detection import Detection, Overlap
from .recognition import Recognition
from .spotting import Spotting

Protocol = Detection | Spotting | Recognition
"""Called with the truth and the predictions of all images, it returns a Score.

Detection and spotting take a list of TextInstance an image, recognition one text a crop.
"""

_CURVED = Overlap(invalid="keep")

_PROTOCOLS: tuple[Protocol, ...] = (
    Detection("icdar2015-detection"),
    Detection("ctw1500-detection", _CURVED, "polygon"),
    Detection("totaltext-detection", _CURVED, "polygon"),
    Spotting("icdar2015-end-to-end"),
    Spotting("icdar2015-word-spotting", "word-spotting"),
    Spotting("totaltext-end-to-end", overlap=_CURVED, layout="polygon"),
    Recognition("word-accuracy"),
    Recognition("word-accuracy-exact", "exact"),
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
    known = {*values, *overlap} - {"name", "overlap"}
    for key, value in changes.items():
        if key not in known:
            raise unknown_name(f"setting of {protocol.name}", key, known)
        (overlap if key in overlap else values)[key] = value
    values["name"] = f"{protocol.name}[{', '.join(f'{key}={value}' for key, value in changes.items())}]"
    return settings.build(type(protocol), values, f"protocol {protocol.name}")
