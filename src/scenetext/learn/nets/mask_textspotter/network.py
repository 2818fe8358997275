"""Mask TextSpotter v3 (Liao et al., ECCV 2020): segmentation proposals, hard RoI masking, two readings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ....codecs.mask_textspotter import MaskTextSpotter
from ....codecs.spelling import CLASSES, END
from ....errors import SettingsError
from ..backbones import make_backbone
from ..base import Trainable, map_head
from ..losses import balanced_bce, dice_loss
from ..rois import polygon_masks, roi_align
from .heads import BoxHead, MaskHead
from .sampling import Regions, Truth, sample
from .segmentation import FusedPyramid
from .sequence import SpatialAttention

_STRIDE = 4  # of the fused features
_DOUBLINGS = {4: 0, 2: 1, 1: 2}
_SCORED, _READ = 7, 32  # bins of regions for the two heads
_CORE = 0.25  # of a character's sides, which its map learns
_UNITS = (10.0, 10.0, 5.0, 5.0)  # that offsets are learnt in (Fast R-CNN): for good proposals they are small


class MaskTextSpotterNetwork(Trainable):
    """Backbone, fused pyramid, segmentation of proposals, and two heads on masked regions of its features.

    codec       its stride sets the resolution of the segmentation, and its length the steps of the sequence
    backbone    of backbones.BACKBONES; ResNet-50 in the paper
    width       channels of the pyramid and of the mask head: 256
    dense       units of the box head: 1024
    hidden      units of the sequence's GRU: 256
    beam        texts that the search for the likeliest sequence keeps at each step: 6
    mask        how a polygon selects in its region: "hard", what is outside it is 0 (the paper's proposal),
                or "none", the paper's ablation
    regions     proposals of an image that the box head learns from: 512, a quarter of them text
    read        of these, texts that the mask head learns from, at most: 64
    once        whether it learns each text from one of its regions only; as published, it learns from any
                number. For machines that read fewer regions than there are words
    weights     of the segmentation, scores, boxes, instances, characters, and sequences: all 1, but 0.2 of
                the sequences
    balance     weight of a cross-entropy of the segmentation, in which text and background weigh the same,
                beside the dice loss; 0 as published. A net trained from nothing learns sooner with it

    In training, the true outlines are among the proposals. The map of characters learns from those instances
    whose characters' places are known, the sequence from those whose text is.

    Outputs as codecs.mask_textspotter.MaskTextSpotter says.
    """

    def __init__(
        self,
        codec: MaskTextSpotter,
        backbone: str = "resnet50",
        width: int = 256,
        dense: int = 1024,
        hidden: int = 256,
        beam: int = 6,
        mask: str = "hard",
        regions: int = 512,
        read: int = 64,
        once: bool = False,
        weights: tuple[float, float, float, float, float, float] = (1.0, 1.0, 1.0, 1.0, 1.0, 0.2),
        balance: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(codec, MaskTextSpotter):
            raise SettingsError(
                f"net 'mask_textspotter' needs codec 'mask_textspotter', not {type(codec).__name__}"
            )
        if codec.stride not in _DOUBLINGS:
            raise SettingsError(f"net 'mask_textspotter' makes maps of stride 1, 2 or 4, not {codec.stride}")
        if mask not in ("hard", "none"):
            raise SettingsError(f"mask is 'hard' or 'none', not {mask!r}")
        if width < 4 or width % 4 or min(dense, hidden, beam, read) < 1 or regions < 4:
            raise SettingsError(
                "width is a multiple of 4, regions at least 4, dense, hidden, beam and read at least 1"
            )
        self.codec = codec
        self.backbone = make_backbone(backbone)
        self.neck = FusedPyramid(self.backbone.channels, width)
        self.spn = map_head(width, _DOUBLINGS[codec.stride])
        self.box_head = BoxHead(width * _SCORED * _SCORED, dense)
        self.mask_head = MaskHead(width, width, CLASSES - 1)
        self.sequence = SpatialAttention(width, hidden, CLASSES, END, beam)
        self.masked = mask == "hard"
        self.regions = regions
        self.read = read
        self.once = once
        self.weights = weights
        self.balance = balance

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 32."""
        features = self.neck(self.backbone(images))
        return {"segmentation": torch.sigmoid(self.spn(features)), "features": features}

    def later(self) -> dict[str, nn.Module]:
        """Detection, and reading."""
        return {"refine": _Refine(self), "read": _Read(self)}

    def pooled(self, features: Tensor, outlines: Tensor, boxes: Tensor, size: int) -> Tensor:
        """The regions (K, C, size, size) of boxes (K, 4), masked by outlines (K, P, 2).

        features   (1, C, h, w) of one view
        """
        regions = roi_align(features, boxes, 1 / _STRIDE, size)
        if not self.masked:
            return regions
        return regions * polygon_masks(outlines, boxes, size)[:, None].to(regions.dtype)

    # --- losses -------------------------------------------------------------------------------------

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: what codecs.mask_textspotter.MaskTextSpotter encodes, stacked over N."""
        features = self.neck(self.backbone(images))
        logits = self.spn(features).float()[:, 0]
        probability = torch.sigmoid(logits)
        truth, known = targets["segmentation"].float(), targets["known"].float()
        segmentation = dice_loss(probability, truth, known)
        if self.balance:
            segmentation = segmentation + self.balance * balanced_bce(logits, truth, known)
        names = ("polygons", "kinds", "texts", "quads", "classes")
        arrays = [targets[name].cpu().numpy() for name in names]
        truths = [Truth.of(*rows) for rows in zip(*arrays, strict=True)]
        # drawn by the processor's generator, which a checkpoint restores
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        maps = probability.detach().cpu().numpy()
        chosen = [
            sample(*self.codec.proposals_of(one), truth, self.regions, 0.25, rng)
            for one, truth in zip(maps, truths, strict=True)
        ]
        values = [
            segmentation,
            *self._box_losses(features, chosen),
            *self._mask_losses(features, chosen, truths),
        ]
        named = ("segmentation", "scores", "boxes", "instances", "characters", "sequences")
        return {name: weight * value for name, weight, value in zip(named, self.weights, values, strict=True)}

    def _box_losses(self, features: Tensor, chosen: Sequence[Regions]) -> tuple[Tensor, Tensor]:
        """Cross-entropy of all regions, and smooth L1 of those that are text, both over all regions."""
        pooled, wanted, aims, text = [], [], [], []
        for i, regions in enumerate(chosen):
            outlines, boxes = (_tensor(x, features) for x in (regions.outlines, regions.boxes))
            pooled.append(self.pooled(features[i : i + 1], outlines, boxes, _SCORED))
            label = np.arange(len(boxes)) < len(regions.match)
            wanted.append(_tensor(label.astype(np.float32), features))
            text.append(_tensor(label, features))
            aims.append(_tensor(regions.aims * np.array(_UNITS, dtype=np.float32), features))
        regions_ = torch.cat(pooled)
        if not len(regions_):
            return _nothing(self.box_head), _nothing(self.box_head)
        logits, moves = (x.float() for x in self.box_head(regions_))
        scores = functional.binary_cross_entropy_with_logits(logits, torch.cat(wanted))
        shift = functional.smooth_l1_loss(moves[torch.cat(text)], torch.cat(aims), reduction="sum")
        return scores, shift / len(logits)

    def _mask_losses(
        self, features: Tensor, chosen: Sequence[Regions], truths: Sequence[Truth]
    ) -> tuple[Tensor, Tensor, Tensor]:
        pooled, inside, letters, texts = [], [], [], []
        for i, (regions, truth) in enumerate(zip(chosen, truths, strict=True)):
            rows = np.arange(len(regions.match))
            if self.once:  # they come in any order, so that the first of a text is any of its regions
                rows = np.sort(np.unique(regions.match, return_index=True)[1])
            rows = rows[: self.read]
            match = regions.match[rows]
            outlines, boxes = (_tensor(x[rows], features) for x in (regions.outlines, regions.boxes))
            pooled.append(self.pooled(features[i : i + 1], outlines, boxes, _READ))
            own = _tensor(truth.outlines[match], features)
            inside.append(polygon_masks(own, boxes, 2 * _READ))
            quads, classes = (_tensor(x[match], features) for x in (truth.quads, truth.classes))
            letters.append(character_maps(quads, classes, boxes, 2 * _READ))
            texts.append(_tensor(truth.texts[match], features))
        regions_ = torch.cat(pooled)
        if not len(regions_):
            both = _nothing(self.mask_head)
            return both, both, _nothing(self.sequence)
        instance, characters, seen = self.mask_head(regions_)
        instances = functional.binary_cross_entropy_with_logits(instance.float(), torch.cat(inside))
        wanted = torch.cat(texts)
        readable = wanted[:, 0] >= 0
        sequences = _nothing(self.sequence)
        if readable.any():
            sequences = sequences + self.sequence.loss(seen[readable], wanted[readable]).mean()
        return instances, character_loss(characters.float(), torch.cat(letters)), sequences


def character_maps(quads: Tensor, classes: Tensor, boxes: Tensor, size: int) -> Tensor:
    """The classes (R, size, size) int64 of the bins of boxes: 0 background, -1 all over if it is not known.

    quads (R, L, 4, 2), view pixels, and classes (R, L), -1 to fill up; boxes (R, 4). A character fills its
    quad with the sides shortened to a quarter, about the same centre (Mask TextSpotter, ECCV 2018).
    """
    count = len(classes)
    centre = quads.mean(dim=2, keepdim=True)
    core = centre + _CORE * (quads - centre)
    rows, places = (classes >= 0).nonzero(as_tuple=True)
    inside = polygon_masks(core[rows, places], boxes[rows], size).flatten(1).long()
    # of characters that overlap the later one counts
    last = classes.new_zeros(count, size * size)
    numbered = inside * (places + 1)[:, None]
    last = last.scatter_reduce(0, rows[:, None].expand_as(numbered), numbered, "amax")
    found = torch.cat([torch.zeros_like(classes[:, :1]), classes], dim=1)
    maps = found.gather(1, last).reshape(count, size, size)
    unknown = (classes >= 0).any(dim=1)[:, None, None]
    return torch.where(unknown, maps, torch.full_like(maps, -1))


def character_loss(logits: Tensor, maps: Tensor) -> Tensor:
    """The weighted cross-entropy of character maps: background weighs 1, characters as much as it in sum.

    logits (R, classes, s, s), maps (R, s, s) with -1 where it is not known. The mean over all known places of
    the instances, of w * cross-entropy with w = (places - characters' places) / characters' places.
    """
    known = maps >= 0
    entropy = functional.cross_entropy(logits, maps.clamp(min=0), reduction="none")
    letters = (maps > 0).sum(dim=(1, 2)).float()
    places = known.sum(dim=(1, 2)).float()
    weight = ((places - letters) / letters.clamp(min=1))[:, None, None]
    weighted = torch.where(maps > 0, weight * entropy, entropy) * known
    return weighted.sum() / places.sum().clamp(min=1)


class _Regional(nn.Module):
    """A graph that goes on from features and polygons of one view.

    With one polygon more, which is dropped again: not every runtime takes a batch of none.
    """

    def __init__(self, net: MaskTextSpotterNetwork) -> None:
        super().__init__()
        self.pooled = net.pooled

    @staticmethod
    def with_one(x: Tensor) -> Tensor:
        """x (K, ...) and one row of zeros."""
        return torch.cat([x, x.new_zeros(1, *x.shape[1:])])


class _Refine(_Regional):
    """The second graph: (1, C, h, w), (K, 4), (K, P, 2) -> scores (K,), offsets to better boxes (K, 4)."""

    def __init__(self, net: MaskTextSpotterNetwork) -> None:
        super().__init__(net)
        self.box_head = net.box_head

    def forward(self, features: Tensor, proposals: Tensor, polygons: Tensor) -> dict[str, Tensor]:
        boxes, outlines = self.with_one(proposals), self.with_one(polygons)
        logits, moves = self.box_head(self.pooled(features, outlines, boxes, _SCORED))
        return {"scores": torch.sigmoid(logits[:-1]), "moves": moves[:-1] / moves.new_tensor(_UNITS)}


class _Read(_Regional):
    """The third graph: (1, C, h, w), (R, 4), (R, P, 2) -> masks, maps of characters, and sequences."""

    def __init__(self, net: MaskTextSpotterNetwork) -> None:
        super().__init__(net)
        self.mask_head, self.sequence = net.mask_head, net.sequence
        self.steps = net.codec.length + 1

    def forward(self, features: Tensor, boxes: Tensor, outlines: Tensor) -> dict[str, Tensor]:
        boxes, outlines = self.with_one(boxes), self.with_one(outlines)
        instance, characters, seen = self.mask_head(self.pooled(features, outlines, boxes, _READ))
        texts, log_probs, attention = self.sequence(seen, self.steps)
        return {
            "masks": torch.sigmoid(instance[:-1]),
            "characters": torch.softmax(characters[:-1], dim=1),
            "texts": texts[:-1].to(log_probs.dtype),
            "log_probs": log_probs[:-1],
            "attention": attention[:-1],
        }


def _nothing(part: nn.Module) -> Tensor:
    """0, to which every parameter of a part has a gradient: runs of several processes count on that."""
    return 0.0 * torch.stack([p.sum() for p in part.parameters()]).sum()


def _tensor(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(like.device)
