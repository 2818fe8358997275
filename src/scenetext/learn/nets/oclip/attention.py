"""What oCLIP's two encoders and its decoder are made of (Xue et al., ECCV 2022; Radford et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class MultiHead(nn.Module):
    """Multi-head attention (Vaswani et al. 2017), with the weights on demand.

    width    of queries, and of what is put out unless `outputs` says otherwise
    inputs   width of keys and values, if it is another one
    """

    def __init__(self, width: int, heads: int, outputs: int = 0, inputs: int = 0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide {width} channels")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(inputs or width, width)
        self.value = nn.Linear(inputs or width, width)
        self.out = nn.Linear(width, outputs or width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None = None) -> Tensor:
        """(N, Q, width), (N, K, inputs), (N, K, inputs) -> (N, Q, outputs).

        hidden   (Q, K) bool: True where a query does not see a key
        """
        q, k, v = (self._split(x) for x in (self.query(query), self.key(key), self.value(value)))
        seen = None if hidden is None else ~hidden
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        joined: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return joined

    def weights(self, query: Tensor, key: Tensor) -> Tensor:
        """(N, Q, K): what each query takes of each key, averaged over the heads. Rows sum to 1."""
        q, k = self._split(self.query(query)), self._split(self.key(key))
        return torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5, dim=-1).mean(dim=1)

    def _split(self, x: Tensor) -> Tensor:
        """(N, L, width) -> (N, heads, L, width / heads)."""
        return x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads).transpose(1, 2)


def feed_forward(width: int) -> nn.Sequential:
    """Linear to four times the width, the quick GELU of CLIP, and back."""
    return nn.Sequential(nn.Linear(width, 4 * width), QuickGELU(), nn.Linear(4 * width, width))


class QuickGELU(nn.Module):
    """x * sigmoid(1.702 x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * torch.sigmoid(1.702 * x)


class AttentionPool(nn.Module):
    """Self-attention over all cells of a map and their mean (CLIP's, but all that it puts out is returned).

    channels   of the map
    outputs    width of what is put out
    grid       rows and columns of the map that has a learnt position for each cell; for a map of another size
               they are interpolated bilinearly
    heads      channels / 64 in the authors' code
    """

    def __init__(self, channels: int, outputs: int, grid: int, heads: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(grid * grid + 1, channels) / channels**0.5)
        self.attention = MultiHead(channels, heads, outputs)
        # CLIP's own initialisation of its pool: normal, of the standard deviation 1 / sqrt(channels)
        for layer in (self.attention.query, self.attention.key, self.attention.value, self.attention.out):
            nn.init.normal_(layer.weight, std=channels**-0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, channels, h, w) -> what stands for the whole (N, outputs), and for each cell
        (N, h * w, outputs)."""
        tokens = self._tokens(features)
        pooled = self.attention(tokens, tokens, tokens)
        return pooled[:, 0], pooled[:, 1:]

    def weights(self, features: Tensor) -> Tensor:
        """(N, h, w): how much of its attention the token of the whole gives to each cell; the rest, up to 1,
        it gives to itself."""
        tokens = self._tokens(features)
        weights = self.attention.weights(tokens[:, :1], tokens)[:, 0, 1:]
        return weights.reshape(-1, *features.shape[2:])

    def _tokens(self, features: Tensor) -> Tensor:
        cells = features.flatten(2).transpose(1, 2)
        tokens = torch.cat([cells.mean(dim=1, keepdim=True), cells], dim=1)
        height, width = features.shape[2:]
        return tokens + torch.cat([self.positions[:1], grid_positions(self.positions[1:], height, width)])


def grid_positions(positions: Tensor, height: int, width: int) -> Tensor:
    """(side * side, C) positions of a square grid as those of another one, (height * width, C)."""
    side = round(len(positions) ** 0.5)
    if (height, width) == (side, side):
        return positions
    grid = positions.reshape(side, side, -1).permute(2, 0, 1)[None]
    resized = functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=False)
    return resized[0].permute(1, 2, 0).flatten(0, 1)


class TextBlock(nn.Module):
    """A transformer block with normalisation in front: x + attention(LN x), then x + feed-forward(LN x)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = MultiHead(width, heads)
        self.feed = feed_forward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        """(N, L, width) -> the same; hidden (L, L) as of MultiHead."""
        normed = self.norms[0](x)
        x = x + self.attention(normed, normed, normed, hidden)
        fed: Tensor = x + self.feed(self.norms[1](x))
        return fed


class DecoderBlock(nn.Module):
    """A block of the visual-textual decoder: q + LN(attention(q, image)), then q + feed-forward(LN q).

    Queries do not see each other, so what a word finds does not depend on which other words are known.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = MultiHead(width, heads)
        self.feed = feed_forward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """(N, Q, width), (N, K, width), (N, K, width) -> (N, Q, width)."""
        queries = queries + self.norms[0](self.attention(queries, keys, values))
        fed: Tensor = queries + self.feed(self.norms[1](queries))
        return fed
