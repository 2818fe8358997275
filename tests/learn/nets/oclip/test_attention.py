"""Attention beside torch's own, and positions of other grids."""

import pytest
import torch
from torch import nn

from scenetext.learn.nets.oclip.attention import AttentionPool, MultiHead, grid_positions


def twin(ours: MultiHead, width: int) -> nn.MultiheadAttention:
    """torch's layer with the same weights."""
    theirs = nn.MultiheadAttention(width, ours.heads, batch_first=True)
    with torch.no_grad():
        layers = (ours.query, ours.key, ours.value)
        theirs.in_proj_weight.copy_(torch.cat([layer.weight for layer in layers]))
        theirs.in_proj_bias.copy_(torch.cat([layer.bias for layer in layers]))
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    return theirs


def test_attention_and_its_weights_are_those_of_torch():
    torch.manual_seed(0)
    ours = MultiHead(24, 3)
    q, k, v = torch.randn(2, 4, 24), torch.randn(2, 5, 24), torch.randn(2, 5, 24)
    hidden = torch.rand(4, 5) < 0.3
    expected, weights = twin(ours, 24)(q, k, v)
    assert torch.allclose(ours(q, k, v), expected, atol=1e-6)
    assert torch.allclose(ours.weights(q, k), weights, atol=1e-6)
    expected, _ = twin(ours, 24)(q, k, v, attn_mask=hidden)
    assert torch.allclose(ours(q, k, v, hidden), expected, atol=1e-6)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="3 heads"):
        MultiHead(8, 3)


def test_the_pool_attends_over_the_cells_and_their_mean():
    torch.manual_seed(0)
    pool = AttentionPool(16, 6, 3, 2)
    features = torch.randn(2, 16, 3, 3)
    cells = [features[:, :, y, x] for y in range(3) for x in range(3)]
    tokens = torch.stack([torch.stack(cells).mean(dim=0), *cells], dim=1) + pool.positions
    expected = pool.attention(tokens, tokens, tokens)
    whole, each = pool(features)
    assert torch.allclose(whole, expected[:, 0], atol=1e-6)
    assert torch.allclose(each, expected[:, 1:], atol=1e-6)
    weights = pool.weights(features)
    assert weights.shape == (2, 3, 3)
    assert torch.allclose(weights.sum(dim=(1, 2)), 1 - pool.attention.weights(tokens, tokens)[:, 0, 0])


def test_positions_stretch_with_the_image():
    ramp = torch.arange(4.0).repeat(4)[:, None]  # the column of each cell of 4 x 4
    assert torch.equal(grid_positions(ramp, 4, 4), ramp)
    wide = grid_positions(ramp, 2, 8).reshape(2, 8)
    assert torch.allclose(wide[0], wide[1])
    assert torch.allclose(wide[0, 1:-1], torch.arange(0.25, 3, 0.5))
