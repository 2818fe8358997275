"""oCLIP (Xue et al., ECCV 2022): a backbone learns from images and the words that occur in them."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ....codecs.oclip import OCLIP, PAD
from ....errors import SettingsError
from ..backbones import make_backbone
from ..base import Trainable
from .attention import AttentionPool, DecoderBlock, grid_positions
from .gather import gather, total
from .text import CharacterEncoder

_STRIDE = 32
_HEAD_CHANNELS = 64  # of the attention pool, as in CLIP


class Hidden(NamedTuple):
    """Words of which a character is hidden each: words (N, S, L); places (N, S) of what is hidden; labels
    (N, S), the class of it, PAD where there is no word."""

    words: Tensor
    places: Tensor
    labels: Tensor


class OCLIPNetwork(Trainable):
    """Image encoder, character-aware text encoder, visual-textual decoder. What is of use afterwards is
    `backbone`: the rest serves to train it.

    backbone     of backbones.BACKBONES; "clip-resnet50" and "clip-resnet101" in the paper
    size         side of the square images it learns from; others may have any multiple of 32
    dim          of image tokens and words: 384
    text_width, text_heads, text_layers   of the text encoder: 64, 8, 6 in the authors' code (384 for Chinese)
    heads, layers   of the decoder: 8, 6. Without layers the vector of a word and that of the whole image are
                 added, which is the paper's ablation of the decoder
    masked       weight of the loss of the hidden characters; 0: contrastive only, and nothing is hidden
                 (`--first` of the authors' code)
    contrast     weight of each of the two cross-entropies of the batch, image to text and text to image: 0.5
                 (the authors' code) or 1 (the paper's sum); 0: no contrast
    queries      what asks the decoder for the hidden character: "words", the vector of the word (the authors'
                 code), or "characters", that of the place where it is hidden (an account of the paper; as
                 queries do not see each other, the other places of a word need not ask)
    masks        copies of each word, of which each hides a character of its own draw: 1 in the paper. An
                 image costs far more than a word, so short runs learn more of each
    blanks       chance of each other character of these copies, but for the first one, to be hidden too,
                 without being asked for: 0 in the paper. What cannot be guessed has to be read
    padding      whether an image's text is the mean over all slots of the bag, those without a word included
                 (the authors' code), or over its words

    An image without words has no part in the contrast. Under torchrun negatives come from all processes, and
    each loss is that of the joined batch. Unlike the authors' code a mask never falls on the end of a word
    that was cut.

    Output   "image" (N, dim) of length 1, and "tokens" (N, h * w, dim)
    """

    def __init__(
        self,
        codec: OCLIP,
        backbone: str = "clip-resnet50",
        size: int = 512,
        dim: int = 384,
        text_width: int = 64,
        text_heads: int = 8,
        text_layers: int = 6,
        heads: int = 8,
        layers: int = 6,
        masked: float = 1.0,
        contrast: float = 0.5,
        queries: Literal["words", "characters"] = "words",
        padding: bool = True,
        masks: int = 1,
        blanks: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(codec, OCLIP):
            raise SettingsError(f"net 'oclip' needs codec 'oclip', not {type(codec).__name__}")
        if size < _STRIDE or size % _STRIDE:
            raise SettingsError(f"size is a multiple of {_STRIDE}, not {size}")
        if masks < 1:
            raise SettingsError(f"masks is at least 1, not {masks}")
        if not 0 <= blanks < 1:
            raise SettingsError(f"blanks is a chance, 0 or more and less than 1, not {blanks}")
        if blanks and masks == 1:
            raise SettingsError("blanks are in all copies of a word but the first one: raise masks")
        if dim % heads or text_width % text_heads:
            raise SettingsError("the heads divide dim, and those of the text its width")
        if min(masked, contrast) < 0 or masked == contrast == 0:
            raise SettingsError("masked and contrast are not negative, and one of them is positive")
        self.backbone = make_backbone(backbone)
        channels, grid = self.backbone.channels[-1], size // _STRIDE
        self.pool = AttentionPool(channels, dim, grid, channels // _HEAD_CHANNELS or 1)
        self.text = CharacterEncoder(codec.classes, codec.length, text_width, text_heads, text_layers, dim)
        self.decoder = nn.ModuleList(DecoderBlock(dim, heads) for _ in range(layers))
        self.positions = nn.Parameter(torch.randn(grid * grid, dim) / dim**0.5)  # of the keys of the decoder
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, codec.classes))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        unused = {self.positions: layers and masked, self.logit_scale: contrast}
        unused |= {weight: masked for part in (self.decoder, self.head) for weight in part.parameters()}
        for weight, used in unused.items():
            weight.requires_grad_(bool(used))
        self.mask, self.end = codec.mask, codec.end
        self.masked, self.contrast = masked, contrast
        self.queries, self.padding, self.masks, self.blanks = queries, padding, masks, blanks

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        whole, tokens = self.pool(self.backbone(images)[3])
        return {"image": functional.normalize(whole, dim=1), "tokens": tokens}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets   "words" (N, S, L) int64, of codecs.oclip.OCLIP, stacked."""
        words = targets["words"]
        # copies follow each other as wholes, so that the first bag is the one that the contrast sees
        shown = self.hide(words.repeat(1, self.masks, 1)) if self.masked else None
        if shown is not None and self.blanks:
            shown = shown._replace(words=self._blanked(shown.words, words.shape[1]))
        features = self.backbone(images)[3]
        whole, tokens = self.pool(features)
        slots, places = self._encode(words if shown is None else shown.words, shown)
        losses = {}
        if shown is not None:
            asked = slots if self.queries == "words" else places
            guesses = self.guess(asked, whole, tokens, features.shape[2:]).float().flatten(0, 1)
            entropy = functional.cross_entropy(
                guesses, shown.labels.flatten(), ignore_index=PAD, reduction="sum"
            )
            count = (shown.labels != PAD).sum()
            losses["masked"] = self.masked * entropy / total(count).clamp(min=1)
        if self.contrast:
            texts = self.text_of(slots[:, : words.shape[1]], words)
            losses["contrast"] = self._contrast_loss(whole.float(), texts.float(), words)
        return losses

    # --- text ---------------------------------------------------------------------------------------

    def hide(self, words: Tensor) -> Hidden:
        """Hides one character of each word, drawn evenly from all but its end. words (N, S, L) int64."""
        lengths = ((words != PAD) & (words != self.end)).sum(dim=2)
        # by the processor's generator, which a checkpoint restores
        drawn = torch.rand(lengths.shape).to(words.device) * lengths
        return self.hide_at(words, drawn.long())

    def hide_at(self, words: Tensor, places: Tensor) -> Hidden:
        """Hides the characters at places (N, S) of words (N, S, L)."""
        labels = words.gather(2, places[..., None])[..., 0]
        labels = torch.where(labels == self.end, PAD, labels)
        masks = torch.where(labels == PAD, labels, self.mask)
        return Hidden(words.scatter(2, places[..., None], masks[..., None]), places, labels)

    def _blanked(self, words: Tensor, kept: int) -> Tensor:
        """Words (N, S, L) of which further characters are hidden, but for the first `kept` of each image."""
        drawn = torch.rand(words.shape).to(words.device) < self.blanks
        drawn[:, :kept] = False
        return torch.where(drawn & (words != PAD) & (words != self.end), self.mask, words)

    def encode(self, words: Tensor) -> Tensor:
        """words (N, S, L) int64 -> a vector for each slot (N, S, dim), those without a word included."""
        return self._encode(words, None)[0]

    def questions(self, shown: Hidden) -> Tensor:
        """The queries (N, S, dim) that ask for hidden characters."""
        slots, places = self._encode(shown.words, shown)
        return slots if self.queries == "words" else places

    def _encode(self, words: Tensor, shown: Hidden | None) -> tuple[Tensor, Tensor]:
        """The vectors of slots (N, S, dim), and those of hidden characters, or the same again if none is.

        Slots without a word are many and alike, and what follows the ends of words changes nothing: neither
        is computed more than once.
        """
        there = (words != PAD).any(dim=2)
        rows = words[there]
        longest = int((rows != PAD).sum(dim=1).max()) if len(rows) else 1
        rows = torch.cat([rows[:, :longest], rows.new_full((1, longest), PAD)])
        vectors, characters = self.text(rows)
        slots = vectors[-1].expand(*there.shape, -1).clone()
        slots[there] = vectors[:-1]
        if shown is None:
            return slots, slots
        at = shown.places[there]
        places = slots.clone()
        places[there] = characters[torch.arange(len(at), device=at.device), at]
        return slots, places

    def text_of(self, slots: Tensor, words: Tensor) -> Tensor:
        """The vector (N, dim) of each bag, of the vectors of its slots."""
        if self.padding:
            return slots.mean(dim=1)
        there = (words != PAD).any(dim=2)[..., None]
        return (slots * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)

    # --- image and text -----------------------------------------------------------------------------

    def guess(self, queries: Tensor, whole: Tensor, tokens: Tensor, grid: torch.Size) -> Tensor:
        """Logits (N, Q, classes) of the hidden characters that queries (N, Q, dim) ask for.

        whole (N, dim), tokens (N, h * w, dim), grid (h, w)   of the images
        """
        if not self.decoder:
            queries = queries + whole[:, None]
        keys = tokens + grid_positions(self.positions, *grid)
        for block in self.decoder:
            queries = block(queries, keys, tokens)
        logits: Tensor = self.head(queries)
        return logits

    def looks(self, features: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Where the image encoder looks (N, h, w), and the decoder for each query (N, Q, h, w).

        features (N, C, h, w) of the backbone. Weights are averaged over heads, and over the decoder's blocks,
        of which there is at least one; what the image encoder gives to its own mean is not shown.
        """
        grid = features.shape[2:]
        tokens = self.pool(features)[1]
        keys = tokens + grid_positions(self.positions, *grid)
        maps = []
        for block in self.decoder:
            maps.append(cast(DecoderBlock, block).attention.weights(queries, keys))
            queries = block(queries, keys, tokens)
        mean = torch.stack(maps).mean(dim=0)
        return self.pool.weights(features), mean.reshape(*mean.shape[:2], *grid)

    def _contrast_loss(self, images: Tensor, texts: Tensor, words: Tensor) -> Tensor:
        """Cross-entropies of finding, in the batch of all processes, each image's text and each text's image.

        images, texts (N, dim); words (N, S, L), which tell the images that have a text.
        """
        images, texts = (gather(functional.normalize(x, dim=1)) for x in (images, texts))
        usable = gather((words != PAD).flatten(1).any(dim=1).float()) > 0
        if not usable.any():
            return 0.0 * (images.sum() + texts.sum()) * self.logit_scale
        with torch.autocast(images.device.type, enabled=False):  # large scales need all digits
            logits = self.logit_scale.exp() * images[usable].float() @ texts[usable].float().t()
            own = torch.arange(len(logits), device=logits.device)
            both = functional.cross_entropy(logits, own) + functional.cross_entropy(logits.t(), own)
        return self.contrast * both
