"""Networks. Each is a Trainable, built from the settings of a recipe's [net] table; see NETS.

forward(images) -> dict of tensors               exactly what is exported
losses(images, targets) -> dict of scalars       what is minimised: the sum of the values
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...errors import unknown_name
from ...settings import arguments
from .base import Trainable
from .db import DBNet
from .fcenet import FCENetwork
from .li2017 import Li2017Network
from .mask_textspotter import MaskTextSpotterNetwork
from .oclip import OCLIPNetwork
from .psenet import PSENetwork
from .recognizer import FourStage
from .textbpn import TextBPNetwork

__all__ = ["NETS", "Trainable", "make_net"]

NETS: dict[str, type[Trainable]] = {
    "four_stage": FourStage,
    "db": DBNet,
    "psenet": PSENetwork,
    "fcenet": FCENetwork,
    "textbpn": TextBPNetwork,
    "li2017": Li2017Network,
    "mask_textspotter": MaskTextSpotterNetwork,
    "oclip": OCLIPNetwork,
}


def make_net(settings: Mapping[str, Any], codec: Any) -> Trainable:
    """The network that a table such as {"name": "db", "backbone": "light"} describes, for a codec.

    Raises SettingsError for an unknown name, an unknown setting, or a codec that the network cannot feed.
    """
    values = dict(settings)
    name = values.pop("name", "")
    if name not in NETS:
        raise unknown_name("net", str(name), NETS)
    return cast(Trainable, cast(Any, NETS[name])(codec, **arguments(NETS[name], values, "[net]", 1)))
