"""CLIP's residual backbone."""

import torch
from torch import nn

from scenetext.learn.nets.clip_resnet import CLIPBottleneck, CLIPResNet, CLIPShape


def test_a_block_begins_as_its_shortcut():
    torch.manual_seed(0)
    x = torch.randn(2, 32, 8, 12)
    assert torch.equal(CLIPBottleneck(32, 32).eval()(x), torch.relu(x))
    halving = CLIPBottleneck(32, 64, 2).eval()
    averages = x.reshape(2, 32, 4, 2, 6, 2).mean(dim=(3, 5))
    weights = halving.shortcut[1].weight[:, :, 0, 0]
    expected = torch.relu(torch.einsum("oc,nchw->nohw", weights, averages) / (1 + 1e-5) ** 0.5)
    assert torch.allclose(halving(x), expected, atol=1e-5)


def test_nothing_but_the_first_convolution_has_a_stride():
    """Else what is trained for one kind of backbone would run, unnoticed, in the other."""
    strided = [
        name
        for name, part in CLIPResNet(CLIPShape(16, (1, 1, 1, 1))).named_modules()
        if isinstance(part, nn.Conv2d) and part.stride != (1, 1)
    ]
    assert strided == ["stem.0.0"]


def test_a_shift_of_the_image_by_the_coarsest_stride_shifts_what_lies_inside():
    torch.manual_seed(0)
    net = CLIPResNet(CLIPShape(16, (1, 1, 1, 1))).eval()
    image = torch.randn(1, 3, 192, 192)
    before, after = net(image), net(torch.roll(image, 32, dims=3))
    for i, (a, b) in enumerate(zip(before[:3], after[:3], strict=True)):
        step, edge = 32 // net.strides[i], 48 // net.strides[i]
        inner = (slice(None), slice(None), slice(edge, -edge), slice(edge + step, -edge))
        assert torch.allclose(torch.roll(a, step, dims=3)[inner], b[inner], atol=1e-4)
