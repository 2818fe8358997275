"""FCENet (Zhu et al., CVPR 2021): text regions, their centres and outlines, on maps of several strides."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codecs.fcenet import FCENet
from ...errors import SettingsError
from .backbones import make_backbone
from .base import Trainable
from .resnet import upsample_like


class Pyramid(nn.Module):
    """1x1 lateral convolutions to `width`, top-down sums, 3x3 convolutions of the sums (Lin et al. 2017).

    channels   of the input maps, fine to coarse
    wanted     how many of them, from the finest on, are put out
    width      channels of the outputs
    """

    def __init__(self, channels: Sequence[int], wanted: int, width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.smooth = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(wanted))
        for layer in (*self.lateral, *self.smooth):
            assert isinstance(layer, nn.Conv2d)
            nn.init.xavier_uniform_(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps, fine to coarse, each half as large as the one before -> the first ones, of the same sizes."""
        levels = [lateral(feature) for lateral, feature in zip(self.lateral, features, strict=True)]
        for i in range(len(levels) - 2, -1, -1):
            levels[i] = levels[i] + upsample_like(levels[i + 1], levels[i])
        return [smooth(level) for smooth, level in zip(self.smooth, levels, strict=False)]


def _head(width: int, outputs: int) -> nn.Conv2d:
    head = nn.Conv2d(width, outputs, 3, padding=1)
    nn.init.normal_(head.weight, std=0.01)
    assert head.bias is not None
    nn.init.zeros_(head.bias)
    return head


class FCENetwork(Trainable):
    """Backbone, feature pyramid, and two heads of a single convolution that all maps share.

    codec      its strides say which maps there are: (8, 16, 32), of C3 to C5, in the paper. The pyramid
               begins at C5, whatever they are
    backbone   a name of backbones.BACKBONES
    width      channels of the pyramid, 256 in the paper
    deformable groups of deformable convolutions in the backbone: 2 for the published figures on CTW1500 and
               Total-Text; 0: none
    weight     of the loss of the outlines, lambda = 1 in the paper

    The losses are those of the authors' code. For the centres, the paper has a plain cross-entropy; the code
    takes its mean inside text regions and half its mean outside of them, don't-care pixels included.

    Outputs   as codecs.fcenet.FCENet says
    """

    def __init__(
        self,
        codec: FCENet,
        backbone: str = "resnet50",
        width: int = 256,
        deformable: int = 0,
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        if not isinstance(codec, FCENet):
            raise SettingsError(f"net 'fcenet' needs codec 'fcenet', not {type(codec).__name__}")
        self.to_x: Tensor
        self.to_y: Tensor
        self.backbone = make_backbone(backbone, deformable)
        strides = self.backbone.strides
        self.finest = strides.index(codec.strides[0]) if codec.strides[0] in strides else 0
        if codec.strides != strides[self.finest : self.finest + len(codec.strides)]:
            raise SettingsError(f"net 'fcenet' makes maps of neighbours in {strides}, not {codec.strides}")
        self.strides = codec.strides
        self.neck = Pyramid(self.backbone.channels[self.finest :], len(self.strides), width)
        self.classes = _head(width, 4)
        self.contour = _head(width, 2 * (2 * codec.degree + 1))
        self.weight = weight
        angles = torch.outer(torch.arange(-codec.degree, codec.degree + 1), torch.arange(codec.points))
        waves = torch.exp(2j * math.pi / codec.points * angles)
        # real and imaginary parts of c_k to x, and to y: a contour is one matrix product
        self.register_buffer("to_x", torch.cat([waves.real, -waves.imag]), persistent=False)
        self.register_buffer("to_y", torch.cat([waves.imag, waves.real]), persistent=False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        outputs = {}
        for stride, level in zip(self.strides, self._levels(images), strict=True):
            logits = self.classes(level)
            # the second of two classes by softmax: channels are no and yes of TR, no and yes of TCR
            outputs[f"classes_{stride}"] = torch.sigmoid(logits[:, 1::2] - logits[:, 0::2])
            outputs[f"contour_{stride}"] = self.contour(level)
        return outputs

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: the maps of codecs.fcenet.FCENet, each (N, channels, h, w). A loss is a sum over maps."""
        region, centre, contour = [], [], []
        for stride, level in zip(self.strides, self._levels(images), strict=True):
            logits, outlines = self.classes(level).float(), self.contour(level).float()
            text, band, trained = targets[f"classes_{stride}"].unbind(1)
            inside = text * trained
            region.append(mined_cross_entropy(logits[:, :2], text, trained))
            centre.append(centre_cross_entropy(logits[:, 2:], band, inside))
            here = inside > 0
            found, truth = (
                maps.permute(0, 2, 3, 1)[here] for maps in (outlines, targets[f"contour_{stride}"])
            )
            contour.append(self._outline_loss(found, truth, (1 + band[here]) / 2))
        return {
            "region": torch.stack(region).sum(),
            "centre": torch.stack(centre).sum(),
            "contour": self.weight * torch.stack(contour).sum(),
        }

    def _levels(self, images: Tensor) -> list[Tensor]:
        maps: list[Tensor] = self.neck(self.backbone(images)[self.finest :])
        return maps

    def _outline_loss(self, found: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """Smooth L1 between the points of outlines (M, 2 (2K + 1)): weighted mean of x, plus that of y."""
        loss = weights.new_zeros(())
        with torch.autocast(found.device.type, enabled=False):  # a product would be in bfloat16
            for to in (self.to_x, self.to_y):
                distance = functional.smooth_l1_loss(found @ to, truth @ to, reduction="none").mean(dim=1)
                loss = loss + (weights * distance).sum() / max(len(weights), 1)
        return loss


def mined_cross_entropy(
    logits: Tensor, target: Tensor, mask: Tensor, ratio: float = 3.0, fallback: int = 100
) -> Tensor:
    """Cross-entropy of all positives and of the `ratio` times as many hardest negatives of the batch.

    Without positives, of the `fallback` hardest negatives; as in the authors' code, their sum is divided by
    that number even if there are fewer.

    logits         (N, 2, h, w): no, yes
    target, mask   (N, h, w) of 0 and 1
    """
    loss = functional.cross_entropy(logits, target.long(), reduction="none")
    positive = target * mask
    negative = ((1 - target) * mask) > 0
    positives, negatives = int(positive.sum()), int(negative.sum())
    wanted = min(negatives, int(ratio * positives)) if positives else fallback
    hardest = loss[negative].topk(min(wanted, negatives)).values
    return ((loss * positive).sum() + hardest.sum()) / (positives + wanted)


def centre_cross_entropy(logits: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Mean cross-entropy where `inside` is 1, plus half the mean of the rest; 0 if it is 1 nowhere.

    logits (N, 2, h, w): no, yes; target, inside (N, h, w) of 0 and 1
    """
    loss = functional.cross_entropy(logits, target.long(), reduction="none")
    outside = 1 - inside
    mean_inside = (loss * inside).sum() / inside.sum().clamp_min(1)
    mean_outside = (loss * outside).sum() / outside.sum().clamp_min(1)
    return (mean_inside + 0.5 * mean_outside) * inside.any()
