"""Losses against literal loops."""

import math

import pytest
import torch

from scenetext.learn.nets import losses

torch.manual_seed(3)
LOGITS = torch.randn(2, 5, 6)
TARGET = (torch.rand(2, 5, 6) > 0.8).float()
MASK = (torch.rand(2, 5, 6) > 0.2).float()


def bce(logit: float, target: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    return -(target * math.log(p) + (1 - target) * math.log(1 - p))


def cells(mask=MASK):
    rows = zip(LOGITS.flatten().tolist(), TARGET.flatten().tolist(), mask.flatten().tolist(), strict=True)
    return [(logit, target) for logit, target, kept in rows if kept]


def test_hard_negative_bce_takes_all_positives_and_the_worst_negatives():
    positive = [bce(z, t) for z, t in cells() if t == 1]
    negative = sorted((bce(z, t) for z, t in cells() if t == 0), reverse=True)
    kept = negative[: min(len(negative), 3 * len(positive))]
    expected = (sum(positive) + sum(kept)) / (len(positive) + len(kept) + 1e-6)
    assert float(losses.hard_negative_bce(LOGITS, TARGET, MASK)) == pytest.approx(expected, rel=1e-5)


def test_balanced_bce_is_the_mean_of_the_two_classes_means():
    positive = [bce(z, t) for z, t in cells() if t == 1]
    negative = [bce(z, t) for z, t in cells() if t == 0]
    expected = 0.5 * (sum(positive) / len(positive) + sum(negative) / len(negative))
    assert float(losses.balanced_bce(LOGITS, TARGET, MASK)) == pytest.approx(expected, rel=1e-5)


def test_dice_of_equal_maps_is_zero_and_of_disjoint_ones_is_one():
    full = torch.ones_like(MASK)
    assert float(losses.dice_loss(TARGET, TARGET, full)) == pytest.approx(0, abs=1e-5)
    assert float(losses.dice_loss(1 - TARGET, TARGET, full)) == pytest.approx(1, abs=1e-5)


def test_dice_follows_its_formula_under_the_mask():
    p = torch.sigmoid(LOGITS)
    expected = 1 - 2 * (p * TARGET * MASK).sum() / ((p * MASK).sum() + (TARGET * MASK).sum())
    assert float(losses.dice_loss(p, TARGET, MASK)) == pytest.approx(float(expected), rel=1e-5)


def test_masked_l1_averages_over_the_mask_only():
    assert float(losses.masked_l1(LOGITS, LOGITS + 0.5, MASK)) == pytest.approx(0.5, rel=1e-4)
    assert float(losses.masked_l1(LOGITS, TARGET, torch.zeros_like(MASK))) == 0


def test_without_positives_hard_negative_bce_is_zero():
    assert float(losses.hard_negative_bce(LOGITS, torch.zeros_like(TARGET), MASK)) == 0


def test_without_positives_the_least_number_of_negatives_can_count():
    hardest = sorted((bce(logit, 0) for logit, _ in cells()), reverse=True)[:7]
    found = losses.hard_negative_bce(LOGITS, torch.zeros_like(TARGET), MASK, least=7)
    assert float(found) == pytest.approx(sum(hardest) / 7, rel=1e-5)
