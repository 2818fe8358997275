"""PSENet (Wang et al., CVPR 2019): the kernels of all scales, from one feature pyramid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codecs.psenet import PSENet
from ...errors import SettingsError, unknown_name
from .backbones import make_backbone
from .base import Trainable, conv_bn_relu, init_weights

_STRIDE = 4  # of the pyramid's finest map
_SMOOTH = 0.001  # in both sums of the dice coefficient, as in the authors' code


class PSEPyramid(nn.Module):
    """The feature pyramid of PSENet's authors' code: four maps are brought to stride 4 and concatenated.

    Unlike DB's (fpn.FPN) it normalises and activates, adds bilinearly, and each level goes on from the
    smoothed one above it. The topmost level is not smoothed.

    channels   of the four input maps, C2 to C5
    width      256 in the paper; the output has 4 * width channels (attribute `channels`)
    """

    def __init__(self, channels: Sequence[int], width: int = 256) -> None:
        super().__init__()
        self.channels = 4 * width
        self.lateral = nn.ModuleList(conv_bn_relu(c, width, 1) for c in channels)
        self.smooth = nn.ModuleList(conv_bn_relu(width, width) for _ in channels[1:])
        init_weights(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(C2, C3, C4, C5) -> (N, 4 * width, H / 4, W / 4), ordered P2, P3, P4, P5."""
        levels = [lateral(feature) for lateral, feature in zip(self.lateral, features, strict=True)]
        for i in (2, 1, 0):
            levels[i] = self.smooth[i](levels[i] + _bilinear_like(levels[i + 1], levels[i]))
        return torch.cat([levels[0], *(_bilinear_like(level, levels[0]) for level in levels[1:])], dim=1)


class PSENetwork(Trainable):
    """Backbone, feature pyramid, and one head for the n maps, enlarged to the resolution of the codec.

    codec        its kernels and stride set the number and the resolution of the maps: 7 and 1 in the paper
    backbone     of backbones.BACKBONES; the authors' code has ResNet-50 with a stem of 3x3 convolutions
    width        channels of the pyramid's levels and of the head: 256 in the authors' code
    text_share   lambda: weight of the complete text's loss, and 1 - lambda that of the kernels': 0.7
    kernel_mask  where the loss of the smaller kernels counts: "truth", inside true text (the authors' Python
                 3 code), or "predicted", inside what is predicted to be text (the paper)
    ratio        hard negatives per positive pixel in the loss of the complete text: 3

    Output   "kernels" (N, n, H / stride, W / stride) float32, probabilities in [0, 1]
    """

    def __init__(
        self,
        codec: PSENet,
        backbone: str = "resnet50-deep",
        width: int = 256,
        text_share: float = 0.7,
        kernel_mask: str = "truth",
        ratio: float = 3.0,
    ) -> None:
        super().__init__()
        if not isinstance(codec, PSENet):
            raise SettingsError(f"net 'psenet' needs codec 'psenet', not {type(codec).__name__}")
        if codec.stride not in (1, 2, 4):
            raise SettingsError(f"net 'psenet' makes maps of stride 1, 2 or 4; the codec has {codec.stride}")
        if kernel_mask not in ("truth", "predicted"):
            raise unknown_name("kernel_mask", kernel_mask, ("truth", "predicted"))
        if not 0 <= text_share <= 1:
            raise SettingsError(f"text_share lies between 0 and 1, not {text_share}")
        self.backbone = make_backbone(backbone)
        self.neck = PSEPyramid(self.backbone.channels, width)
        self.head = nn.Sequential(conv_bn_relu(self.neck.channels, width), nn.Conv2d(width, codec.kernels, 1))
        init_weights(self.head)
        self.scale = _STRIDE // codec.stride
        self.text_share = text_share
        self.kernel_mask = kernel_mask
        self.ratio = ratio

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        return {"kernels": torch.sigmoid(self._logits(images))}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: the maps of codecs.psenet.PSENet, stacked: "kernels" (N, n, h, w), "mask" (N, h, w)."""
        logits = self._logits(images).float()
        probability = torch.sigmoid(logits)
        truth = targets["kernels"].float() / 255
        mask = targets["mask"]
        hard = hard_negatives(probability[:, 0].detach(), truth[:, 0], mask, self.ratio)
        inside = (truth if self.kernel_mask == "truth" else probability.detach())[:, 0] > 0.5
        text = squared_dice_loss(probability[:, :1], truth[:, :1], hard)
        kernels = squared_dice_loss(probability[:, 1:], truth[:, 1:], inside & mask)
        return {"text": self.text_share * text, "kernels": (1 - self.text_share) * kernels}

    def _logits(self, images: Tensor) -> Tensor:
        """(N, n, H / stride, W / stride)."""
        maps: Tensor = self.head(self.neck(self.backbone(images)))
        if self.scale == 1:
            return maps
        return functional.interpolate(maps, scale_factor=self.scale, mode="bilinear")


def squared_dice_loss(probability: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over images and maps of 1 - 2 sum(P G) / (sum(P^2) + sum(G^2)), the sums taken under the mask.

    probability, target   (N, maps, h, w) in [0, 1]
    mask                  (N, h, w) bool, the same for all maps of an image

    A map without any truth under the mask has the loss 1 and no gradient, as in the authors' code.
    """
    p = (probability * mask[:, None]).flatten(2)
    g = (target * mask[:, None]).flatten(2)
    squares = (p * p).sum(dim=2) + (g * g).sum(dim=2) + 2 * _SMOOTH
    return (1 - 2 * (p * g).sum(dim=2) / squares).mean()


def hard_negatives(score: Tensor, target: Tensor, mask: Tensor, ratio: float = 3.0) -> Tensor:
    """Online hard example mining of PSENet: which pixels of the complete text the loss takes, (N, h, w) bool.

    score, target, mask   (N, h, w): predicted text; true text; False over don't-care instances

    Of each image all positives, and its `ratio` times as many negatives with the highest scores; with equal
    scores at the limit all of these. Everything under the mask where an image has no positives. The
    authors' code counts don't-care pixels among the highest negatives and drops them only then, which leaves
    fewer than `ratio`; here they are never among them.
    """
    positive = (target > 0.5) & mask
    negative = (target <= 0.5) & mask
    chosen = []
    for s, yes, no, known in zip(score, positive, negative, mask, strict=True):
        wanted = min(int(ratio * int(yes.sum())), int(no.sum()))
        if wanted == 0:
            chosen.append(known)
        else:
            least = s[no].topk(wanted).values[-1]
            chosen.append(yes | (no & (s >= least)))
    return torch.stack(chosen)


def _bilinear_like(x: Tensor, target: Tensor) -> Tensor:
    """Bilinear enlargement of x to the height and width of target."""
    return functional.interpolate(x, size=target.shape[2:], mode="bilinear")
