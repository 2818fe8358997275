"""The four-stage recogniser (Baek et al., ICCV 2019), of which CRNN and its kin are settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from torch import Tensor, nn

from ...codecs.ctc import CTC
from ...errors import SettingsError, unknown_name
from .base import Trainable
from .stages import FEAT, PRED, SEQ, TRANS


def _stage(kind: str, name: str, table: Mapping[str, Callable[..., nn.Module]]) -> Callable[..., Any]:
    if name not in table:
        raise unknown_name(f"{kind} stage", name, table)
    return table[name]


class FourStage(Trainable):
    """Transformation, feature extraction, sequence modelling, prediction.

    CRNN is feat = "vgg", seq = "bilstm", pred = "ctc". Feature maps are averaged over their height, so that
    each column is one frame.

    channels   of the input images: 1 (grey, as published) or 3
    seq_args   settings of the sequence stage, e.g. {"hidden": 256}

    Output   of the prediction stage; CTC: "log_probs" (N, T, classes) float32
    """

    def __init__(
        self,
        codec: CTC,
        trans: str = "none",
        feat: str = "vgg",
        seq: str = "bilstm",
        pred: str = "ctc",
        channels: int = 1,
        seq_args: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(codec, CTC):
            raise SettingsError(f"pred 'ctc' needs codec 'ctc', not {type(codec).__name__}")
        self.trans = _stage("Trans", trans, TRANS)(channels)
        self.feat = _stage("Feat", feat, FEAT)(channels)
        self.seq = _stage("Seq", seq, SEQ)(self.feat.channels, **(seq_args or {}))
        self.pred = _stage("Pred", pred, PRED)(self.seq.channels, codec.classes)

    def frame_count(self, width: int) -> int:
        """Frames of an image of this width."""
        return cast(int, cast(Any, self.feat).frames(width))

    def frames(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, T, D): what the prediction stage sees."""
        columns = self.feat(self.trans(images)).mean(dim=2)
        return cast(Tensor, self.seq(columns.transpose(1, 2)))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, C, 32, W) float32."""
        return cast(dict[str, Tensor], self.pred(self.frames(images)))

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: what codecs.ctc.CTC.encode gives, (N, L) and (N,)."""
        return cast(dict[str, Tensor], cast(Any, self.pred).losses(self.frames(images), targets))
