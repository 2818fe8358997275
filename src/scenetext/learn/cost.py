"""What a network is made of and what it costs to run: parameters, frames, operations.

Operations are 2 x the multiply-adds of all layers with weights: convolutions, linear layers, recurrent cells.
Products of two activations (the glimpse of the attention, the grid of the spline) are below a thousandth of
them and are left out, as are normalisation and activations; so does the table of Baek et al. (ICCV 2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..codecs import make_codec
from ..geometry import box_polygon
from ..types import TextInstance
from ..view import CropResize, SceneResize
from .graph import input_names
from .nets import Trainable, make_net
from .nets.attention import AttentionHead
from .nets.deformable import DeformableConv
from .nets.recognizer import FourStage

HEIGHT, WIDTH = 32, 100  # of the benchmark's images
PHOTO = (736, 1280)  # height and width of the photo that detectors are compared on,
WORDS = (10, 6)  # which holds rows and columns of words
CHARSET = "alphanumeric36"
NAMES = {
    ("none", "vgg", "bilstm", "ctc"): "CRNN",
    ("none", "rcnn", "none", "attention"): "R2AM",
    ("none", "rcnn", "bilstm", "ctc"): "GRCNN",
    ("none", "resnet", "none", "ctc"): "Rosetta",
    ("tps", "vgg", "bilstm", "attention"): "RARE",
    ("tps", "resnet", "bilstm", "ctc"): "STAR-Net",
    ("tps", "resnet", "bilstm", "attention"): "TRBA",
}

_COUNTED = (
    nn.Conv1d,
    nn.Conv2d,
    nn.ConvTranspose2d,
    DeformableConv,
    nn.Linear,
    nn.LSTM,
    nn.LSTMCell,
    nn.GRU,
    nn.GRUCell,
)


@dataclass(frozen=True)
class Cost:
    """parameters: of the network; shape: (C, H, W) of the image that `operations` are for."""

    parameters: int
    operations: int
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Structure:
    """One of the 24 four-stage models at 32x100 with 36 characters.

    name         under which it is known, if any.
    frames       that the prediction stage sees.
    operations   of our code.
    published    of the benchmark's code, whose attention projects all frames again in each of its 26 steps.
    """

    trans: str
    feat: str
    seq: str
    pred: str
    name: str
    parameters: int
    frames: int
    operations: int
    published: int


def recognizer_cost(net: Mapping[str, Any], codec: Any, resize: CropResize) -> Cost:
    """The cost of the network that a recipe's [net] table describes, for one image.

    The image is what `resize` makes of a crop of 32x100. Raises SettingsError if the table fits no network.
    """
    with _Unset():
        model = make_net(net, codec)
    shape = (resize.channels, resize.height, resize.width_for(HEIGHT, WIDTH))
    return Cost(parameters(model), sum(operations(model, shape).values()), shape)


def detector_cost(net: Mapping[str, Any], codec: Any, resize: SceneResize) -> Cost:
    """The cost of the network that a recipe's [net] table describes, for one photo of 1280x736 with 60 words.

    The words matter to a network of two graphs only. Raises SettingsError if the table fits no network.
    """
    with _Unset():
        model = make_net(net, codec)
    size = resize.size_for(*PHOTO)
    proposals = codec.propose(codec.ideal(_words(size), size)) if model.later() else None
    shape = (3, *size)
    return Cost(parameters(model), sum(operations(model, shape, proposals).values()), shape)


def spotter_cost(net: Mapping[str, Any], codec: Any, resize: SceneResize) -> Cost:
    """As `detector_cost`, of a network that reads the 60 words, too.

    One that makes its proposals of anchors refines as many as its codec allows, whatever the photo holds.
    """
    with _Unset():
        model = make_net(net, codec)
    size = resize.size_for(*PHOTO)
    ideal = codec.ideal(_words(size), size)
    proposed = codec.propose({name: ideal[name] for name in ideal.keys() - {"scores", "moves"}})
    given = proposed | codec.propose(ideal | proposed)
    if "objectness" in ideal:
        given["proposals"] = np.resize(proposed["proposals"], (codec.proposals, 4))
    shape = (3, *size)
    return Cost(parameters(model), sum(operations(model, shape, given).values()), shape)


def cascade_cost(detector: Cost, recognizer: Cost) -> Cost:
    """The cost of both for the photo with 60 words, each of which is a crop."""
    crops = WORDS[0] * WORDS[1] * recognizer.operations
    return Cost(detector.parameters + recognizer.parameters, detector.operations + crops, detector.shape)


def _words(size: tuple[int, int]) -> list[TextInstance]:
    """The words of the photo, whose view has this size."""
    height, width = size[0] / WORDS[0], size[1] / WORDS[1]
    return [
        TextInstance(
            box_polygon((c + 0.1) * width, (r + 0.3) * height, (c + 0.9) * width, (r + 0.7) * height)
        )
        for r, c in product(range(WORDS[0]), range(WORDS[1]))
    ]


def structures() -> Iterator[Structure]:
    """All 24, in the order of the benchmark's table."""
    for trans, feat, seq, pred in product(
        ("none", "tps"), ("vgg", "rcnn", "resnet"), ("none", "bilstm"), ("ctc", "attention")
    ):
        settings = {"name": "four_stage", "trans": trans, "feat": feat, "seq": seq, "pred": pred}
        with _Unset():
            net = cast(FourStage, make_net(settings, make_codec({"name": pred, "charset": CHARSET})))
        counts = operations(net, (1, HEIGHT, WIDTH))
        total = sum(counts.values())
        repeated = 0
        if isinstance(net.pred, AttentionHead):
            repeated = (net.pred.steps - 1) * counts["pred.key"]
        yield Structure(
            trans,
            feat,
            seq,
            pred,
            NAMES.get((trans, feat, seq, pred), ""),
            parameters(net),
            net.frame_count(WIDTH),
            total,
            total + repeated,
        )


class _Unset(TorchFunctionMode):
    """Within it, networks are built without drawing their weights, which takes longer than all the rest."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def parameters(net: nn.Module) -> int:
    """Trained numbers of a network."""
    return sum(parameter.numel() for parameter in net.parameters())


def operations(
    net: nn.Module, shape: tuple[int, int, int], proposals: Mapping[str, np.ndarray] | None = None
) -> dict[str, int]:
    """2 x multiply-adds of each layer of a network, by its name, for one image (C, H, W).

    proposals   what the codec proposes in the image, for a network of several graphs; those of the later ones
                that lack an input do not count.
    """
    counts: dict[str, int] = {}

    def count(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        # a layer applies each of its weights once at every place
        if isinstance(layer, nn.Conv1d | nn.Conv2d | DeformableConv):
            places = output.numel() // output.shape[1]
        elif isinstance(layer, nn.ConvTranspose2d):
            places = inputs[0].numel() // inputs[0].shape[1]
        else:
            places = inputs[0].numel() // inputs[0].shape[-1]
        weights = sum(p.numel() for p in layer.parameters(recurse=False) if p.ndim > 1)
        counts[name] = counts.get(name, 0) + 2 * places * weights

    hooks = [
        layer.register_forward_hook(partial(count, name))
        for name, layer in net.named_modules()
        if isinstance(layer, _COUNTED)
    ]
    was_training = net.training
    net.eval()
    with torch.inference_mode():
        outputs = net(torch.zeros(1, *shape))
        if isinstance(net, Trainable) and proposals is not None:
            given = outputs | {name: torch.from_numpy(values) for name, values in proposals.items()}
            for later in net.later().values():
                if given.keys() >= {*input_names(later)}:
                    given = later(**{name: given[name] for name in input_names(later)}) | given
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return counts
