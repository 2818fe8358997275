"""BACKBONES: residual networks by name, images -> (C2, C3, C4, C5)."""

from __future__ import annotations

from ...errors import SettingsError, unknown_name
from .clip_resnet import CLIPResNet, CLIPShape
from .resnet import ResNet, Shape

BACKBONES: dict[str, Shape | CLIPShape] = {
    "resnet18": Shape((64, 128, 256, 512), (2, 2, 2, 2)),
    "resnet50": Shape((256, 512, 1024, 2048), (3, 4, 6, 3), bottleneck=True),
    "resnet50-deep": Shape((256, 512, 1024, 2048), (3, 4, 6, 3), "deep", bottleneck=True),
    "light": Shape((32, 64, 128, 192), (2, 2, 2, 2), "light"),
    "clip-resnet50": CLIPShape(64, (3, 4, 6, 3)),
    "clip-resnet101": CLIPShape(64, (3, 4, 23, 3)),
    "clip-light": CLIPShape(16, (2, 2, 2, 2)),
}


def make_backbone(name: str, deformable: int = 0) -> ResNet | CLIPResNet:
    """One of BACKBONES, freshly initialised; `deformable` as in ResNet. Raises SettingsError."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    shape = BACKBONES[name]
    if isinstance(shape, CLIPShape):
        if deformable:
            raise SettingsError(f"backbone {name!r} has no deformable convolutions; leave out deformable")
        return CLIPResNet(shape)
    try:
        return ResNet(shape, deformable)
    except ValueError as error:
        raise SettingsError(str(error)) from error
