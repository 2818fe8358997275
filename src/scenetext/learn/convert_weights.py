"""Published weights of CLIP's and oCLIP's residual backbones, as bundles to start from."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ..bundle import Bundle, Manifest, check_replaceable, write_bundle
from ..errors import TrainingError
from ..settings import to_dict
from ..view import SceneResize
from .checkpoint import BACKBONE
from .nets.backbones import BACKBONES, make_backbone
from .nets.clip_resnet import CLIPShape
from .pretrained import backbone_file

# what images were normalised with
_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_WRAPPERS = ("state_dict", "model")
_PREFIXES = ("module.", "visual.", "backbone.")
# of the stem and of a block: CLIP's names and, in the stem and the shortcut, MMOCR's
_STEM = {"conv1": "0.0", "bn1": "0.1", "conv2": "1.0", "bn2": "1.1", "conv3": "2.0", "bn3": "2.1"}
_STEM |= {f"stem.{i}": name for i, name in zip((0, 1, 3, 4, 6, 7), _STEM.values(), strict=True)}
_BODY = {"conv1": "0.0", "bn1": "0.1", "conv2": "1.0", "bn2": "1.1", "conv3": "3", "bn3": "4"}
_BLOCK = re.compile(r"layer(\d)\.(\d+)\.(conv\d|bn\d|downsample\.-?\d)\.(\w+)")
_FIRST = re.compile(r"(conv\d|bn\d|stem\.\d)\.(\w+)")


def convert_weights(file: Path, out: Path, *, name: str | None = None, licence: str = "") -> Bundle:
    """Writes a bundle of the backbone in a checkpoint of CLIP, oCLIP or MMOCR's oCLIP, and returns it.

    file   a state dict, by itself or below "state_dict" or "model", as PyTorch (read with `weights_only`) or
           safetensors write it. Of a model with a text part, attention pool and all else stay behind.

    Raises TrainingError if it cannot be read, or holds none of the backbones whole.
    """
    check_replaceable(out)
    weights = rename(_read(file), str(file))
    backbone = _fitting(weights, str(file))
    for key, value in make_backbone(backbone).state_dict().items():
        if key.endswith("num_batches_tracked"):  # a count, which some leave out
            weights.setdefault(key, value)
    manifest = Manifest(
        name=name or file.stem,
        task="pretraining",
        codec={"name": "oclip"},
        resize=to_dict(SceneResize(mean=_MEAN, std=_STD)),
        graphs=(),
        recipe={"net": {"name": "oclip", "backbone": backbone}},
        licence=licence,
        description=f"Backbone {backbone}, converted from {file.name}.",
    )
    return write_bundle(out, manifest, {BACKBONE: backbone_file(weights)})


def rename(state: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """The weights of the backbone by our names, all of which begin with "backbone.".

    state   by the names of CLIP, with or without "module." or "visual." in front, or by those of MMOCR
    where   how errors name the file

    Raises TrainingError for one without such weights, and for a key in the backbone that is not known.
    """
    plain = {_without_prefixes(key): value for key, value in state.items() if _is_visual(key, state)}
    second = any(re.search(r"downsample\.2\.", key) for key in plain)  # MMOCR counts the pool
    found = {}
    for key, value in plain.items():
        if match := _FIRST.fullmatch(key):
            part, kind = match.groups()
            place = f"stem.{_STEM[part]}" if part in _STEM else ""
        elif match := _BLOCK.fullmatch(key):
            stage, block, part, kind = match.groups()
            if part.startswith("downsample"):
                inner = f"shortcut.{int(part.rpartition('.')[2]) + (not second)}"
            else:
                inner = f"body.{_BODY[part]}" if part in _BODY else ""
            place = f"stages.{int(stage) - 1}.{block}.{inner}" if inner else ""
        else:
            place, kind = "", ""
        if not place:
            raise TrainingError(
                f"{where}: {key}: no weight of a CLIP ResNet; is it another kind of backbone?"
            )
        found[f"backbone.{place}.{kind}"] = value.float() if value.is_floating_point() else value
    if not found:
        raise TrainingError(
            f"{where}: holds no weights of a CLIP ResNet, such as visual.layer1.0.conv1.weight"
        )
    return found


def _is_visual(key: str, state: Mapping[str, Tensor]) -> bool:
    """Whether a key is of the backbone: where some are called visual, of these; never of the pool."""
    with_text = any("visual." in other for other in state)
    return ("visual." in key or not with_text) and "attnpool." not in key


def _without_prefixes(key: str) -> str:
    while cut := next((prefix for prefix in _PREFIXES if key.startswith(prefix)), None):
        key = key[len(cut) :]
    return key


def _fitting(weights: Mapping[str, Tensor], where: str) -> str:
    """The name of the backbone that has these weights, all of them and no other."""
    told = []
    for name, shape in BACKBONES.items():
        if not isinstance(shape, CLIPShape):
            continue
        with torch.device("meta"):
            own = make_backbone(name).state_dict()
        wanted = {f"backbone.{key}": value.shape for key, value in own.items() if "num_batches" not in key}
        given = {key: value.shape for key, value in weights.items() if "num_batches" not in key}
        if wanted == given:
            return name
        missing = next((key for key in wanted if wanted[key] != given.get(key)), "")
        other = next((key for key in given if key not in wanted), "")
        told.append(f"{name} ({f'lacks {missing}' if missing else f'has no {other}'})")
    raise TrainingError(f"{where}: the weights of no known backbone: {'; '.join(told)}")


def _read(file: Path) -> Mapping[str, Tensor]:
    if not file.is_file():
        raise TrainingError(f"{file}: no such file")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of TorchScript, before the error that says the same
            content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of broken files the unpickler raises nearly any
        hint = ""
        if "TorchScript" in str(error):
            hint = ". It holds code: save the state_dict() of what torch.jit.load gives, and convert that"
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TrainingError(f"{file}: cannot be read as weights alone ({reason}){hint}") from error
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    ):
        raise TrainingError(f"{file}: holds no state dict, which is tensors by name")
    return content
