"""DBNet (Liao et al., AAAI 2020): segmentation with a learnt, differentiable threshold. And DB++."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ...codecs.db import DB
from ...errors import SettingsError
from .backbones import make_backbone
from .base import Trainable, map_head
from .fpn import FPN, ScaleFusion
from .losses import balanced_bce, dice_loss, hard_negative_bce, masked_l1

_HEAD_STEPS = {4: 0, 2: 1, 1: 2}  # map stride -> doublings of the pyramid's stride-4 map


class DBNet(Trainable):
    """Backbone, feature pyramid, a probability head, and a threshold head that only training uses.

    codec      its stride sets the resolution of the maps: 1 in the paper (two transposed convolutions)
    backbone   a name of backbones.BACKBONES
    width      channels of the pyramid; heads have width / 4
    deformable groups of deformable convolutions in the backbone (1 in the paper's best models); 0: none
    fusion     "concat": the levels of the pyramid side by side (DB); "adaptive": weighed (DB++)
    k          steepness of the differentiable binarisation, 50 in the paper
    balance    "hard": cross-entropy with 3:1 hard negatives, as published; "mean": positives and negatives
               weigh the same
    overlap    weight of a dice loss on the probability map; 0 as published. Gets a net trained from scratch
               away from "no text anywhere"
    binary     loss on the binary map: "dice" (the authors' code, whose figures the README of DB reproduces)
               or "bce", with hard negatives (the paper)
    weights    of the cross-entropy on P, the loss on the binary map, and the L1 on the threshold map:
               (5, 1, 10) in the authors' code, (1, 1, 10) in the paper

    Output   "probability" (N, 1, H / stride, W / stride) float32 in [0, 1]
    """

    def __init__(
        self,
        codec: DB,
        backbone: str = "resnet18",
        width: int = 256,
        deformable: int = 0,
        fusion: Literal["concat", "adaptive"] = "concat",
        k: float = 50.0,
        balance: Literal["hard", "mean"] = "hard",
        overlap: float = 0.0,
        binary: Literal["dice", "bce"] = "dice",
        weights: tuple[float, float, float] = (5.0, 1.0, 10.0),
    ) -> None:
        super().__init__()
        if not isinstance(codec, DB):
            raise SettingsError(f"net 'db' needs codec 'db', not {type(codec).__name__}")
        if codec.stride not in _HEAD_STEPS:
            raise SettingsError(f"net 'db' makes maps of stride 1, 2 or 4; the codec has {codec.stride}")
        self.backbone = make_backbone(backbone, deformable)
        self.neck: nn.Module = FPN(self.backbone.channels, width)
        if fusion == "adaptive":
            self.neck = nn.Sequential(self.neck, ScaleFusion(width))
        steps = _HEAD_STEPS[codec.stride]
        self.probability = map_head(width, steps)
        self.threshold = map_head(width, steps)
        self.k = k
        self.balance = balance
        self.overlap = overlap
        self.binary = binary
        self.weights = tuple(weights)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        return {"probability": torch.sigmoid(self.probability(self.neck(self.backbone(images))))}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: the maps of codecs.db.DB, each (N, h, w)."""
        features = self.neck(self.backbone(images))
        logits = self.probability(features).squeeze(1).float()
        threshold = torch.sigmoid(self.threshold(features).squeeze(1).float())
        probability = torch.sigmoid(logits)
        kernel, mask = targets["kernel"], targets["kernel_mask"]
        # sigmoid(k x) is the literal 1 / (1 + exp(-k x)) without its overflow
        steep = self.k * (probability - threshold)
        bce_weight, binary_weight, border_weight = self.weights
        losses = {
            "binary": binary_weight
            * (
                dice_loss(torch.sigmoid(steep), kernel, mask)
                if self.binary == "dice"
                else hard_negative_bce(steep, kernel, mask)
            ),
            "border": border_weight * masked_l1(threshold, targets["border"], targets["border_mask"]),
        }
        if self.balance == "hard":
            losses["probability"] = bce_weight * hard_negative_bce(logits, kernel, mask)
        else:
            losses["probability"] = bce_weight * balanced_bce(logits, kernel, mask)
        if self.overlap:
            losses["overlap"] = self.overlap * dice_loss(probability, kernel, mask)
        return losses
