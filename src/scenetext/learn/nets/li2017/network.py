"""The whole network of Li, Wang and Shen (ICCV 2017): its three graphs, and its losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ....codecs.boxes import LARGEST
from ....codecs.li2017 import CLASSES, Li2017
from ....errors import SettingsError
from ..base import Trainable
from .pooling import LEVELS, RegionPooling
from .proposals import TextProposalNetwork
from .reading import TextRecognitionNetwork
from .regions import RegionFeatureEncoder, TextDetectionNetwork, moved_boxes
from .sampling import Regions, Rule, Truth, drawn, offsets_to
from .trunk import Trunk

_STRIDE = 8  # of the trunk


class Li2017Network(Trainable):
    """Detection and recognition from one pass over the same features.

    width, norm   of the Trunk: share of VGG's channels, and batch normalisation
    filters       of the text proposal network: 256 twice
    hidden        units of all LSTMs: 1024
    dense         units of the text detection network: 2048
    rows          that a region is pooled to: 4
    columns       and at most so many columns: 35
    varying       False: always `columns` columns (an ablation of the paper)
    attention     False: the recogniser sees the last state of a region alone (an ablation of the paper)
    joint         False: what the recogniser learns does not reach the features and the region encoder, which
                  then serve detection alone
    anchors       drawn from an image, at most half of them text: 256
    regions       proposals drawn from an image, at most half of them text: 128
    mined         of so many background proposals those are taken that look most like text: 1000
    proposals     of an image in training, before some are drawn: 2000 in Faster R-CNN; true boxes join them
    weights       of the losses: objectness, its offsets, textness, its offsets, texts. 1 each in the paper
    ctc           weight of a CTC loss of the texts on the states of the region encoder. The paper has none;
                  with it letters are found sooner, and the attention chooses among states that tell them
                  apart. It serves training alone

    Its parts are `trunk`, `tpn`, `rfe`, `tdn` and `trn`. The graphs are trunk and tpn; rfe and tdn; rfe and
    trn. For their outputs see codecs.li2017.Li2017.
    """

    def __init__(
        self,
        codec: Li2017,
        width: float = 1.0,
        norm: bool = False,
        filters: int = 256,
        hidden: int = 1024,
        dense: int = 2048,
        rows: int = 4,
        columns: int = 35,
        varying: bool = True,
        attention: bool = True,
        joint: bool = True,
        anchors: int = 256,
        regions: int = 128,
        mined: int = 1000,
        proposals: int = 2000,
        weights: tuple[float, float, float, float, float] = (1.0, 1.0, 1.0, 1.0, 1.0),
        ctc: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(codec, Li2017):
            raise SettingsError(f"net 'li2017' needs codec 'li2017', not {type(codec).__name__}")
        if codec.stride != _STRIDE:
            raise SettingsError(
                f"net 'li2017' makes features of stride {_STRIDE}; the codec has {codec.stride}"
            )
        if min(rows, columns, anchors, regions) < 1 or width <= 0:
            raise SettingsError("net 'li2017' needs rows, columns, anchors and regions, and a width")
        if ctc < 0:
            raise SettingsError(f"net 'li2017': ctc is a weight, 0 or more, not {ctc}")
        self.codec = codec
        self.trunk = Trunk(width, norm)
        self.tpn = TextProposalNetwork(self.trunk.channels, filters, codec.anchors)
        self.pooling = RegionPooling(_STRIDE, rows, columns, varying)
        self.rfe = RegionFeatureEncoder(rows * self.trunk.channels, hidden)
        self.tdn = TextDetectionNetwork(hidden, dense)
        self.trn = TextRecognitionNetwork(hidden, CLASSES, attention, ctc > 0)
        self.joint = joint
        self.anchor_rule = Rule(0.7, 0.3, True, anchors)
        self.region_rule = Rule(0.6, 0.4, False, regions)
        self.mined, self.proposals = mined, proposals
        self.weights, self.ctc = tuple(weights), ctc

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, 3, H, W), sides multiples of 8."""
        features = self.trunk(images)
        logits, offsets = self.tpn(features)
        return {"objectness": torch.sigmoid(logits), "offsets": offsets, "features": features}

    def later(self) -> dict[str, nn.Module]:
        """Detection, and reading."""
        return {"refine": _Refine(self), "read": _Read(self)}

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: what codecs.li2017.Li2017 encodes, stacked over N.

        Losses of classes are means over all that is drawn, those of offsets and texts over what is text.
        Those of texts are "texts" and, if it has a weight, "ctc".
        While a stage freezes `trn` there is no loss of texts: what knows no letters has nothing to teach.
        """
        features = self.trunk(images)
        logits, offsets = (x.float() for x in self.tpn(features))
        arrays = [targets[name].cpu().numpy() for name in ("boxes", "kinds", "texts")]
        truths = [Truth.of(*rows) for rows in zip(*arrays, strict=True)]
        # drawn by the processor's generator, which a checkpoint restores
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        losses = self._proposal_losses(logits, offsets, truths, rng)
        losses |= self._region_losses(features, self._sample(features, logits, offsets, truths, rng))
        named = ("objectness", "anchors", "textness", "boxes", "texts")
        weights = dict(zip(named, self.weights, strict=True)) | {"ctc": self.ctc}
        return {name: weights[name] * value for name, value in losses.items()}

    def _proposal_losses(
        self, logits: Tensor, offsets: Tensor, truths: Sequence[Truth], rng: np.random.Generator
    ) -> dict[str, Tensor]:
        count, anchors, height, width = logits.shape
        boxes = self.codec.anchors_over(height, width)
        moves = offsets.reshape(count, anchors, 4, height * width).transpose(2, 3).reshape(count, -1, 4)
        scored, wanted, moved, aims = [], [], [], []
        for i, truth in enumerate(truths):
            labels, match = self.anchor_rule.label(boxes, truth)
            text, background = self.anchor_rule.draw(labels, rng)
            scored.append(logits[i].flatten()[_tensor(np.concatenate([text, background]), logits)])
            wanted += [1.0] * len(text) + [0.0] * len(background)
            moved.append(moves[i][_tensor(text, logits)])
            aims.append(offsets_to(truth, match[text], boxes[text]))
        return {
            "objectness": _bce(torch.cat(scored), torch.tensor(wanted, device=logits.device)),
            "anchors": _smooth_l1(torch.cat(moved), _tensor(np.concatenate(aims), logits)),
        }

    def _sample(
        self,
        features: Tensor,
        logits: Tensor,
        offsets: Tensor,
        truths: Sequence[Truth],
        rng: np.random.Generator,
    ) -> Regions:
        """The proposals that the detection network learns from."""
        objectness = torch.sigmoid(logits.detach()).cpu().numpy()
        moves = offsets.detach().cpu().numpy()
        text, background = [], []
        for i, truth in enumerate(truths):
            found = self.codec.proposals_of(objectness[i], moves[i], self.proposals)
            boxes = np.concatenate([truth.boxes, found])
            labels, match = self.region_rule.label(boxes, truth)
            places = self.region_rule.draw_text(labels, rng)
            text.append(Regions.of(i, boxes[places], truth, match[places]))
            others = drawn(np.flatnonzero(labels == 0), max(self.mined, self.region_rule.count), rng)
            background.append(Regions.of(i, boxes[others], truth))
        if self.mined > self.region_rule.count:
            background = self._hardest(features.detach(), background)
        background = [
            there.chosen(slice(self.region_rule.count - len(here)))
            for here, there in zip(text, background, strict=True)
        ]
        return Regions.joined([*text, *background])

    @torch.no_grad()
    def _hardest(self, features: Tensor, background: Sequence[Regions]) -> list[Regions]:
        """The regions of each image, those first that look most like text."""
        codes = self._encoded(features, *_places(Regions.joined(background), features))[2]
        scores = np.split(
            self.tdn(codes)[0].float().cpu().numpy(), np.cumsum([len(r) for r in background])[:-1]
        )
        return [
            regions.chosen(np.argsort(-s, kind="stable"))
            for regions, s in zip(background, scores, strict=True)
        ]

    def _region_losses(self, features: Tensor, regions: Regions) -> dict[str, Tensor]:
        device = features.device
        boxes, image = _places(regions, features)
        logits, moves = (x.float() for x in self.tdn(self._encoded(features, boxes, image)[2]))
        text = torch.from_numpy(np.flatnonzero(regions.text)).to(device)
        aims = torch.from_numpy(regions.aims).to(device)
        classes = torch.from_numpy(regions.classes).to(device)
        readable = text[classes[text, 0] >= 0]
        height, width = (_STRIDE * side for side in features.shape[2:])
        refined = moved_boxes(boxes[readable], moves[readable].detach(), height, width, LARGEST)
        return {
            "textness": _bce(logits, torch.from_numpy(regions.text).to(device)),
            "boxes": _smooth_l1(moves[text], aims[text]),
            **self._text_losses(features, refined, image[readable], classes[readable]),
        }

    def _text_losses(
        self, features: Tensor, boxes: Tensor, image: Tensor, classes: Tensor
    ) -> dict[str, Tensor]:
        if not next(self.trn.parameters()).requires_grad:
            return {name: features.new_zeros(()) for name in self._text_names}
        if not len(boxes):  # every parameter keeps a gradient, which runs of several processes count on
            none = 0.0 * torch.stack([p.sum() for p in self.trn.parameters()]).sum()
            return dict.fromkeys(self._text_names, none)
        states, widths, _ = self._encoded(features, boxes, image)
        states = states if self.joint else states.detach()
        losses = {"texts": self.trn.loss(states, widths, classes).mean()}
        if self.ctc:
            losses["ctc"] = self.trn.ctc_loss(states, widths, classes).mean()
        return losses

    @property
    def _text_names(self) -> tuple[str, ...]:
        return ("texts", "ctc") if self.ctc else ("texts",)

    def _encoded(self, features: Tensor, boxes: Tensor, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """States, widths and codes of regions, in training."""
        cells = self.pooling.cells(boxes, image, *features.shape[2:]).narrowed()
        states, codes = self.rfe(self.pooling(features, cells, cells.levels()), cells.widths)
        return states, cells.widths, codes


class _Regional(nn.Module):
    """A graph that goes on from features and boxes of one view.

    With one box more, which is dropped again: onnxruntime ends the process at a recurrent layer on a batch of
    none.
    """

    def __init__(self, net: Li2017Network) -> None:
        super().__init__()
        self.pooling, self.rfe = net.pooling, net.rfe

    def encoded(self, features: Tensor, table: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The boxes and one more; states and widths, and codes, of these."""
        boxes = torch.cat([boxes, boxes.new_zeros(1, 4)])
        image = torch.zeros_like(boxes[:, 0], dtype=torch.long)
        cells = self.pooling.cells(boxes, image, features.shape[2], features.shape[3])
        states, codes = self.rfe(self.pooling(features, cells, LEVELS, table), cells.widths)
        return states, cells.widths, codes


class _Refine(_Regional):
    """The second graph: (1, C, h, w), (K, 4) -> textness (K,) and offsets to better boxes (K, 4); and the
    table that boxes are pooled from, for the third."""

    def __init__(self, net: Li2017Network) -> None:
        super().__init__(net)
        self.tdn = net.tdn

    def forward(self, features: Tensor, proposals: Tensor) -> dict[str, Tensor]:
        table = self.pooling.table(features, LEVELS)
        logits, moves = self.tdn(self.encoded(features, table, proposals)[2])
        return {"scores": torch.sigmoid(logits[:-1]), "moves": moves[:-1], "table": table}


class _Read(_Regional):
    """The third graph: (1, C, h, w), its table, (R, 4) -> log-probabilities of the texts, and where they
    were seen."""

    def __init__(self, net: Li2017Network) -> None:
        super().__init__(net)
        self.trn = net.trn
        self.steps = net.codec.length + 1

    def forward(self, features: Tensor, table: Tensor, boxes: Tensor) -> dict[str, Tensor]:
        states, widths, _ = self.encoded(features, table, boxes)
        log_probs, attention = self.trn(states, widths, self.steps)
        return {"log_probs": log_probs[:-1], "attention": attention[:-1]}


def _bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean binary cross-entropy; 0 of nothing."""
    loss = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    return loss / max(len(logits), 1)


def _smooth_l1(moves: Tensor, aims: Tensor) -> Tensor:
    """Smooth L1 of offsets (n, 4), summed over the four, averaged over boxes; 0 of nothing."""
    return functional.smooth_l1_loss(moves, aims, reduction="sum") / max(len(moves), 1)


def _places(regions: Regions, like: Tensor) -> tuple[Tensor, Tensor]:
    return _tensor(regions.boxes, like), _tensor(regions.image, like)


def _tensor(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(values).to(like.device)
