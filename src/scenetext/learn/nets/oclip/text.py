"""The character-aware text encoder of oCLIP (Xue et al., ECCV 2022, section 3.2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from .attention import TextBlock


class CharacterEncoder(nn.Module):
    """A transformer that runs within each word: ce_j = W_c c_j + PE_j, blocks, LN, a projection.

    classes   of characters; the end of a word is the last one
    length    of a word, at most: the learnt positions
    width     of the transformer; outputs of what comes out

    A character sees itself and those before it, as in the authors' code, so that what follows the end of a
    word changes nothing, and the end knows the word.
    """

    def __init__(self, classes: int, length: int, width: int, heads: int, layers: int, outputs: int) -> None:
        super().__init__()
        self.end = classes - 1
        self.characters = nn.Embedding(classes, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(TextBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, outputs, bias=False)
        nn.init.normal_(self.characters.weight, std=0.02)
        nn.init.normal_(self.positions, std=0.01)
        nn.init.normal_(self.projection.weight, std=width**-0.5)
        for block in self.blocks:  # as CLIP does it: what a block adds is the smaller the more there are
            attention, feed = cast(TextBlock, block).attention, cast(TextBlock, block).feed
            for layer in (attention.query, attention.key, attention.value):
                nn.init.normal_(layer.weight, std=width**-0.5)
            for layer in (attention.out, cast(nn.Linear, feed[2])):
                nn.init.normal_(layer.weight, std=width**-0.5 * (2 * layers) ** -0.5)
            nn.init.normal_(cast(nn.Linear, feed[0]).weight, std=(2 * width) ** -0.5)

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """words (W, l) int64, l <= length -> each word (W, outputs), each of its characters (W, l, outputs).

        A word is what stands at its end; of one without characters, at its first place.
        """
        length = words.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=words.device).triu(diagonal=1)
        x = self.characters(words) + self.positions[:length]
        for block in self.blocks:
            x = block(x, hidden)
        characters: Tensor = self.projection(self.norm(x))
        ends = (words == self.end).int().argmax(dim=1)
        return characters[torch.arange(len(words), device=words.device), ends], characters
