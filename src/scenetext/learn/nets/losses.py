"""Losses that several networks share. All take (N, ...) tensors and return scalars."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def hard_negative_bce(
    logits: Tensor, target: Tensor, mask: Tensor, ratio: float = 3.0, least: int = 0
) -> Tensor:
    """Binary cross-entropy over all positives and the `ratio` times as many hardest negatives of the batch.

    As in DB's code: soft targets count as positives by their value; with no positive the loss is that of the
    `least` hardest negatives, or 0.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * mask
    positive = target * mask
    negative = (1 - target) * mask
    wanted = int(min(float(negative.sum()), ratio * float(positive.sum()) or least))
    hardest = (loss * negative).flatten().topk(wanted).values if wanted else loss.new_zeros(1)
    return ((loss * positive).sum() + hardest.sum()) / (positive.sum() + wanted + 1e-6)


def balanced_bce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy whose positive and negative pixels weigh the same in sum.

    Leaves the all-background solution much sooner than hard-negative mining when training from scratch.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    positive = target * mask
    negative = (1 - target) * mask
    return 0.5 * (
        (loss * positive).sum() / (positive.sum() + 1e-6) + (loss * negative).sum() / (negative.sum() + 1e-6)
    )


def dice_loss(probability: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """1 - 2 sum(P G M) / (sum(P M) + sum(G M)), over the whole batch, without squares (DB's code)."""
    overlap = (probability * target * mask).sum()
    return 1 - 2 * overlap / ((probability * mask).sum() + (target * mask).sum() + 1e-6)


def masked_l1(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference where mask is 1; 0 for an empty mask."""
    return (torch.abs(prediction - target) * mask).sum() / mask.sum().clamp_min(1.0)
