"""The text proposal network: which features each pixel's anchors see."""

import torch

from scenetext.learn.nets.li2017.proposals import TextProposalNetwork


def test_each_pixel_has_a_score_and_four_offsets_for_each_anchor():
    logits, offsets = TextProposalNetwork(16, 256, 24)(torch.zeros(2, 16, 5, 7))
    assert logits.shape == (2, 24, 5, 7)
    assert offsets.shape == (2, 96, 5, 7)


def test_the_filters_are_five_by_three_and_three_by_one():
    net = TextProposalNetwork(512, 256, 24)
    assert net.large.weight.shape == (256, 512, 3, 5)
    assert net.small.weight.shape == (256, 512, 1, 3)
    features = torch.rand(1, 512, 9, 9, requires_grad=True)
    net(features)[0][0, :, 4, 4].sum().backward()
    rows, columns = features.grad[0].abs().sum(dim=0).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 5, 2, 6)
