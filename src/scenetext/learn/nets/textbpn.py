"""TextBPN (Zhang et al., ICCV 2021): fields that propose boundaries, and the deformation of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codecs.textbpn import TextBPN
from ...errors import SettingsError
from .backbones import make_backbone
from .base import Trainable, init_weights
from .deform import Deformation
from .losses import hard_negative_bce

_STRIDES = (1, 2, 4)
_LEAST = 100  # negatives of an image without text that count


class TextBPNetwork(Trainable):
    """Backbone, a pyramid in the manner of U-Net, a head for the fields, and the deformation of boundaries.

    codec       its stride sets the resolution of the maps: 1 in the paper. At 2 the pyramid ends before its
                last enlargement, at 4 before its last block
    backbone    a name of backbones.BACKBONES
    width       channels of the last map; those before it have 8, 4, 2 and 1 times as many: 32 in the paper
    gcn         channels of the four graph convolutions; the last ones are also the width of the recurrent
                network's directions and of the 1x1 convolution beside it
    iterations  of the deformation, each with its own weights
    limit       pixels of the view that an iteration moves a point by at most, in x and in y
    jitter      training: points of proposals move by up to half this share of their level of the distance
                field (0.8 in the authors' code)
    weights     of the losses of classification, distance, direction and points. The paper has alpha = 3 for
                the distance and 0.1 / (1 + e^((i - E) / E)) for the points at epoch i of E. That rises from
                0.027 to 0.05 in the authors' code, which takes 0.05 where it knows no epoch; so is it here

    Outputs   "prior" (N, 4, H / stride, W / stride): classification and distance in [0, 1], direction;
              "features" (N, width, ...), which only the second graph takes
              of the second graph: see Deformation
    """

    def __init__(
        self,
        codec: TextBPN,
        backbone: str = "resnet50",
        width: int = 32,
        gcn: tuple[int, ...] = (256, 1024, 512, 128),
        iterations: int = 3,
        limit: float = 16.0,
        jitter: float = 0.8,
        weights: tuple[float, float, float, float] = (1.0, 3.0, 1.0, 0.05),
    ) -> None:
        super().__init__()
        if not isinstance(codec, TextBPN):
            raise SettingsError(f"net 'textbpn' needs codec 'textbpn', not {type(codec).__name__}")
        if codec.stride not in _STRIDES:
            raise SettingsError(f"net 'textbpn' makes maps of stride 1, 2 or 4; the codec has {codec.stride}")
        if not gcn or gcn[-1] < 2 or iterations < 1:
            raise SettingsError("net 'textbpn' needs an iteration and channels for its graph convolutions")
        self.backbone = make_backbone(backbone)
        stem = [layer.out_channels for layer in self.backbone.stem.modules() if isinstance(layer, nn.Conv2d)]
        self.neck = Pyramid((stem[-1], *self.backbone.channels), width, codec.stride)
        self.head = nn.Sequential(
            nn.Conv2d(width, 16, 3, padding=2, dilation=2),
            nn.PReLU(),
            nn.Conv2d(16, 16, 3, padding=4, dilation=4),
            nn.PReLU(),
            nn.Conv2d(16, 4, 1),
        )
        for i in (0, 2, 4):
            init_weights(self.head[i])
        nn.init.normal_(cast(Tensor, self.head[4].weight), std=0.01)  # fields of 1/2, directions of nowhere
        self.deformation = Deformation(
            width + 4, codec.points, gcn, iterations, limit / codec.stride, 1 / codec.stride
        )
        self.stride = codec.stride
        self.reach = 0.5 * jitter * codec.core
        self.weights = tuple(weights)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        features = self._features(images)
        return {"prior": _activated(self.head(features)), "features": features}

    def later(self) -> dict[str, nn.Module]:
        """The deformation of the boundaries that the codec proposes."""
        return {"refine": self.deformation}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: what codecs.textbpn.TextBPN encodes, stacked over N."""
        features = self._features(images).float()
        # the gradients that oneDNN makes of dilated convolutions of 24 channels in bfloat16 are not finite
        with torch.autocast(images.device.type, enabled=False):
            raw = self.head(features)
        mask, distance = targets["mask"], targets["distance"]
        text, far, way, points = self.weights
        return {
            "text": text * hard_negative_bce(raw[:, 0], targets["text"], mask, least=_LEAST),
            "distance": far * field_loss(torch.sigmoid(raw[:, 1]), distance, mask),
            "direction": way * direction_loss(raw[:, 2:], targets["direction"], targets["weight"], mask),
            "points": points * self._points_loss(features, _activated(raw), targets),
        }

    def _points_loss(self, features: Tensor, prior: Tensor, targets: dict[str, Tensor]) -> Tensor:
        present = targets["depths"] > 0
        if not present.any():  # every parameter keeps a gradient, which runs of several processes count on
            return 0.0 * torch.stack([p.sum() for p in self.deformation.parameters()]).sum()
        # drawn on the processor, whose generator a checkpoint restores
        noise = 2 * torch.rand(targets["proposals"].shape).to(features.device) - 1
        proposals = targets["proposals"] + noise * self.reach * targets["depths"][:, :, None, None]
        truth = targets["contours"][present] * self.stride
        with torch.autocast(features.device.type, enabled=False):
            steps = self.deformation.train_forward(features, prior, proposals, present)
            return torch.stack([matching_loss(rings * self.stride, truth) for rings in steps]).mean()

    def _features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, width, H / stride, W / stride)."""
        stem = cast(nn.Sequential, self.backbone.stem)
        pools = isinstance(stem[-1], nn.MaxPool2d)
        half = (stem[:-1] if pools else stem)(images)  # at half the resolution of the images
        x = stem[-1](half) if pools else half
        levels = [half]
        for stage in self.backbone.stages:
            x = stage(x)
            levels.append(x)
        return cast(Tensor, self.neck(levels))


def _activated(raw: Tensor) -> Tensor:
    return torch.cat([torch.sigmoid(raw[:, :2]), raw[:, 2:]], dim=1)


class Pyramid(nn.Module):
    """From the coarsest map to the finest: each is enlarged, laid beside the next one, and merged with it.

    channels   of the five maps at strides 2 to 32
    width      channels of the result, which is at `stride` 1, 2 or 4
    """

    def __init__(self, channels: Sequence[int], width: int, stride: int) -> None:
        super().__init__()
        self.top = nn.ConvTranspose2d(channels[4], 8 * width, 4, 2, 1)
        widths = [8 * width, 4 * width, 2 * width, width, width]
        count = 3 if stride == 4 else 4
        self.blocks = nn.ModuleList(
            _merge(widths[i] + channels[3 - i], widths[i + 1], i < count - 1 or stride == 1)
            for i in range(count)
        )
        init_weights(self)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Maps of strides 2, 4, 8, 16, 32 -> (N, width, H / stride, W / stride)."""
        x = self.top(levels[4])
        for i, block in enumerate(self.blocks):
            x = block(torch.cat([torch.relu(x), levels[3 - i]], dim=1))
        return cast(Tensor, x)


def _merge(inputs: int, outputs: int, enlarge: bool) -> nn.Sequential:
    """1x1 and 3x3 convolution and, if wanted, a transposed 4x4 convolution that doubles the resolution."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, inputs, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 3, padding=1),
    ]
    if enlarge:
        layers += [nn.ReLU(inplace=True), nn.ConvTranspose2d(outputs, outputs, 4, 2, 1)]
    return nn.Sequential(*layers)


def field_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Squared error of a field (N, h, w): its mean over an image's positive pixels plus that over three times
    as many of the worst other ones (100 where nothing is positive), averaged over images."""
    error = (prediction - target).square()
    inside, outside = (target > 0) & (mask > 0), (target <= 0) & (mask > 0)
    losses = []
    for each, positive, negative in zip(error, inside, outside, strict=True):
        count = int(positive.sum())
        wanted = min(3 * count or _LEAST, int(negative.sum()))
        losses.append((each * positive).sum() / max(count, 1))
        losses.append((each * negative).flatten().topk(wanted).values.sum() / max(wanted, 1))
    return torch.stack(losses).sum() / len(error)


def direction_loss(prediction: Tensor, target: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
    """Weighted squared error of a direction field (N, 2, h, w), summed along rows and averaged over them, and
    the mean of 1 - cos where there is a direction: on text, away from its ridges."""
    squares = (prediction - target).square().sum(dim=1) * weight * mask
    clear = (target.norm(dim=1) > 0.5) * mask
    turned = 1 - functional.cosine_similarity(prediction, target, dim=1)
    angle = (turned * clear).sum() / clear.sum().clamp_min(1.0)
    return cast(Tensor, squares.sum(dim=2).mean() + angle)


def matching_loss(rings: Tensor, truth: Tensor) -> Tensor:
    """Smooth L1 between points of rings (V, points, 2), x and y added, averaged over points and rings.

    The points of the truth are counted from where the loss is least. Both run the same way round.
    """
    points = rings.shape[1]
    start = torch.arange(points, device=rings.device)
    shifted = truth[:, (start[:, None] + start) % points]  # (V, shifts, points, 2)
    distance = functional.smooth_l1_loss(rings[:, None].expand_as(shifted), shifted, reduction="none")
    return distance.sum(dim=3).mean(dim=2).min(dim=1).values.mean()
