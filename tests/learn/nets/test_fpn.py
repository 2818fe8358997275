"""The pyramid of DB, and the fusion of DB++."""

import torch
from torch.nn import functional

from scenetext.learn.nets.fpn import FPN, ScaleFusion


def test_the_pyramid_joins_the_levels_at_stride_four():
    maps = [torch.randn(1, c, 64 // s, 64 // s) for c, s in zip((8, 16, 24, 32), (4, 8, 16, 32), strict=True)]
    assert FPN((8, 16, 24, 32), 64)(maps).shape == (1, 64, 16, 16)


def test_scale_fusion_weighs_each_level_at_each_place():
    torch.manual_seed(0)
    fusion = ScaleFusion(32)
    features = torch.randn(2, 32, 5, 7)
    reduced = fusion.reduce(features)
    squeezed = reduced.mean(dim=(2, 3))
    first, second = (fusion.channel[i].weight[:, :, 0, 0] for i in (1, 3))
    attended = reduced + torch.sigmoid(torch.relu(squeezed @ first.T) @ second.T)[:, :, None, None]
    across = functional.conv2d(attended.mean(1, keepdim=True), fusion.spatial[0].weight, padding=1)
    attended = attended + torch.sigmoid(torch.relu(across) * fusion.spatial[2].weight)
    weights = torch.sigmoid(torch.einsum("kc,nchw->nkhw", fusion.weigh[0].weight[:, :, 0, 0], attended))
    fused = fusion(features)
    for level in range(4):
        part = slice(8 * level, 8 * level + 8)
        assert torch.allclose(fused[:, part], features[:, part] * weights[:, level : level + 1], atol=1e-5)
