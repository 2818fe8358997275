"""The four-stage recogniser (Baek et al., ICCV 2019), of which CRNN, RARE and their kin are settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

from ...codecs import TextCodec
from ...errors import SettingsError, unknown_name
from ...settings import arguments
from .base import Trainable
from .stages import FEAT, PRED, SEQ, TRANS


def _stage(kind: str, name: str, table: Mapping[str, Any], args: Mapping[str, Any] | None) -> Any:
    if name not in table:
        raise unknown_name(f"{kind} stage", name, table)

    place = f"[net] {kind.lower()}_args"

    def make(*inputs: Any) -> Any:
        settings = arguments(table[name], args or {}, place, len(inputs))
        try:
            return table[name](*inputs, **settings)
        except (ValueError, RuntimeError) as error:  # torch's own, for sizes below 1
            raise SettingsError(f"{place}: {str(error).splitlines()[0]}") from error

    return make


class FourStage(Trainable):
    """Transformation, feature extraction, sequence modelling, prediction.

    CRNN is feat = "vgg", seq = "bilstm", pred = "ctc"; TRBA is "tps", "resnet", "bilstm", "attention".
    Feature maps are averaged over their height, so that each column is one frame.

    channels                     of the input images: 1 (grey, as published) or 3
    trans_args, feat_args, ...   settings of a stage, e.g. seq_args = {"hidden": 256}; see stages.py

    Output   of the prediction stage. CTC: "log_probs" (N, T, classes) float32. Attention: "log_probs"
             (N, steps, classes), and what further steps start from (see attention.AttentionHead)
    """

    def __init__(
        self,
        codec: TextCodec,
        trans: str = "none",
        feat: str = "vgg",
        seq: str = "bilstm",
        pred: str = "ctc",
        channels: int = 1,
        trans_args: Mapping[str, Any] | None = None,
        feat_args: Mapping[str, Any] | None = None,
        seq_args: Mapping[str, Any] | None = None,
        pred_args: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        make_pred = _stage("Pred", pred, PRED, pred_args)
        if not isinstance(codec, PRED[pred].codec):
            raise SettingsError(f"pred {pred!r} needs codec {pred!r}, not {type(codec).__name__}")
        self.trans = _stage("Trans", trans, TRANS, trans_args)(channels)
        self.feat = _stage("Feat", feat, FEAT, feat_args)(channels)
        self.seq = _stage("Seq", seq, SEQ, seq_args)(self.feat.channels)
        self.pred = make_pred(self.seq.channels, codec)

    def frame_count(self, width: int) -> int:
        """Frames of an image of this width."""
        return cast(int, self.feat.frames(width))

    def frames(self, images: Tensor) -> Tensor:
        """(N, C, 32, W) -> (N, T, D): what the prediction stage sees."""
        columns = self.feat(self.trans(images)).mean(dim=2)
        return cast(Tensor, self.seq(columns.transpose(1, 2)))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """images (N, C, 32, W) float32."""
        return cast(dict[str, Tensor], self.pred(self.frames(images)))

    def step(self) -> nn.Module | None:
        """One step of an attention decoder; None with CTC."""
        return cast(nn.Module | None, self.pred.step())

    def losses(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """targets: what the codec's `encode` gives."""
        return cast(dict[str, Tensor], self.pred.losses(self.frames(images), targets))
