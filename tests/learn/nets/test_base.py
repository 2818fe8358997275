"""The layers that networks share."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from scenetext.learn.nets.base import ResidualBlock, Trainable, conv_bn_relu, init_weights


@pytest.mark.parametrize(("outputs", "stride"), [(4, 1), (6, 1), (4, 2), (6, (2, 1))])
def test_a_residual_block_adds_what_came_in(outputs, stride):
    block = ResidualBlock(4, outputs, stride).eval()
    x = torch.randn(2, 4, 8, 10)
    first, second, norm = block.body[0], block.body[1], block.body[2]
    inner = functional.relu(first[1](functional.conv2d(x, first[0].weight, stride=stride, padding=1)))
    shortcut = x
    if outputs != 4 or stride != 1:
        conv, shortcut_norm = block.shortcut
        shortcut = shortcut_norm(functional.conv2d(x, conv.weight, stride=stride))
    expected = functional.relu(norm(functional.conv2d(inner, second.weight, padding=1)) + shortcut)
    assert torch.allclose(block(x), expected, atol=1e-6)


def test_a_convolution_keeps_the_size_and_has_no_bias():
    layers = conv_bn_relu(3, 5, kernel=5, stride=(2, 1))
    assert layers(torch.randn(2, 3, 8, 10)).shape == (2, 5, 4, 10)
    assert layers[0].bias is None


def test_weights_begin_kaiming_normal_and_norms_as_the_identity():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64), nn.LSTM(48, 96), nn.Linear(100, 400))
    for parameter in net.parameters():
        nn.init.constant_(parameter, 7.0)
    init_weights(net)
    conv, norm, lstm, linear = net
    for weight, inputs in ((conv.weight, 32 * 9), (lstm.weight_ih_l0, 48), (linear.weight, 100)):
        assert weight.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.03)
    for bias in (conv.bias, norm.bias, lstm.bias_ih_l0, lstm.bias_hh_l0, linear.bias):
        assert not bias.any()
    assert (norm.weight == 1).all()


def test_a_network_has_one_graph_unless_it_says_otherwise():
    net = Trainable()
    assert net.step() is None
    assert net.later() == {}
    for verb in (lambda: net(torch.zeros(1)), lambda: net.losses(torch.zeros(1), {})):
        with pytest.raises(NotImplementedError):
            verb()
