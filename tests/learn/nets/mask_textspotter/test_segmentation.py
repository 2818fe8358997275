"""The fused pyramid."""

import torch

from scenetext.learn.nets.mask_textspotter.segmentation import FusedPyramid


def test_four_levels_become_one_at_stride_4_to_which_each_gives_a_quarter():
    torch.manual_seed(0)
    neck = FusedPyramid((8, 16, 24, 32), 16).eval()
    features = [torch.randn(1, c, 32 // 2**i, 48 // 2**i) for i, c in enumerate((8, 16, 24, 32))]
    fused = neck(features)
    assert fused.shape == (1, 16, 32, 48)
    features[0] = features[0] + 1  # the finest one reaches nothing above it
    changed = (neck(features) - fused).abs().amax(dim=(0, 2, 3)) > 1e-4
    assert changed[:4].any()
    assert not changed[4:].any()
