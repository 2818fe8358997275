"""Published weights: state dicts of the right names and shapes, made up."""

from __future__ import annotations

import re
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file
from toy_recipes import toy_recipe

from scenetext.cli.main import main
from scenetext.errors import TrainingError
from scenetext.learn.checkpoint import initial_weights, load_checkpoint
from scenetext.learn.convert_weights import convert_weights, rename
from scenetext.learn.engine import Options, train
from scenetext.learn.nets.backbones import make_backbone

BLOCKS = {"clip-light": (2, 2, 2, 2), "clip-resnet50": (3, 4, 6, 3), "clip-resnet101": (3, 4, 23, 3)}


def normalisation(key, channels):
    names = ("weight", "bias", "running_mean", "running_var")
    state = {f"{key}.{name}": torch.rand(channels) for name in names}
    return state | {f"{key}.num_batches_tracked": torch.tensor(7)}


def published(backbone, width):
    """The state dict of the image encoder of CLIP, as its code names the weights."""
    state = {}
    for i, (inputs, outputs) in enumerate([(3, width // 2), (width // 2, width // 2), (width // 2, width)]):
        state[f"conv{i + 1}.weight"] = torch.rand(outputs, inputs, 3, 3)
        state |= normalisation(f"bn{i + 1}", outputs)
    inputs = width
    for stage, count in enumerate(BLOCKS[backbone]):
        planes = width * 2**stage
        for block in range(count):
            key = f"layer{stage + 1}.{block}"
            shapes = [(planes, inputs, 1, 1), (planes, planes, 3, 3), (4 * planes, planes, 1, 1)]
            for i, shape in enumerate(shapes):
                state[f"{key}.conv{i + 1}.weight"] = torch.rand(shape)
                state |= normalisation(f"{key}.bn{i + 1}", shape[0])
            if block == 0:
                state[f"{key}.downsample.0.weight"] = torch.rand(4 * planes, inputs, 1, 1)
                state |= normalisation(f"{key}.downsample.1", 4 * planes)
            inputs = 4 * planes
    return state


def as_oclip(state):
    more = {"attnpool.q_proj.weight": torch.rand(4, 4), "attnpool.positional_embedding": torch.rand(5, 4)}
    state = {f"module.visual.{key}": value for key, value in (state | more).items()}
    return {"epoch": 3, "state_dict": state | {"module.token_embedding.weight": torch.rand(97, 4)}}


def as_mmocr(state):
    """By the rules of the converter that the oCLIP code has for MMOCR."""
    stem = {"conv1": "0", "bn1": "1", "conv2": "3", "bn2": "4", "conv3": "6", "bn3": "7"}
    renamed = {}
    for key, value in state.items():
        first, _, rest = key.partition(".")
        key = f"stem.{stem[first]}.{rest}" if first in stem else key
        renamed[re.sub(r"downsample\.(\d)", lambda m: f"downsample.{int(m[1]) + 1}", key)] = value
    return renamed


@pytest.mark.parametrize("backbone", BLOCKS)
def test_every_weight_finds_its_place(backbone):
    with torch.device("meta"):
        state = published(backbone, 16 if backbone == "clip-light" else 64)
        own = make_backbone(backbone).state_dict()
    found = rename(state, "here")
    assert {key.removeprefix("backbone."): value.shape for key, value in found.items()} == {
        key: value.shape for key, value in own.items()
    }
    assert found["backbone.stages.1.0.shortcut.1.weight"] is state["layer2.0.downsample.0.weight"]
    assert found["backbone.stages.3.1.body.3.weight"] is state["layer4.1.conv3.weight"]
    assert found["backbone.stem.2.1.running_var"] is state["bn3.running_var"]
    again = rename(as_mmocr(state), "here")
    assert again.keys() == found.keys()
    assert all(again[key] is value for key, value in found.items())


@pytest.mark.parametrize("kind", ["oclip", "clip-half", "safetensors"])
def test_a_detector_starts_from_a_converted_checkpoint(toy_data, tmp_path, capsys, kind):
    torch.manual_seed(0)
    state = published("clip-light", 16)
    file = tmp_path / f"published.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "oclip":
        torch.save(as_oclip(state), file)
    elif kind == "clip-half":  # as CLIP has it, in half precision and without counts
        half = {f"visual.{key}": value.half() for key, value in state.items() if "num_batches" not in key}
        torch.save(half | {"logit_scale": torch.tensor(1.0)}, file)
    else:
        save_file(as_mmocr(state), file)
    out = tmp_path / "backbone"
    assert main(["convert-weights", str(file), "--out", str(out), "--licence", "MIT"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "MIT" in (out / "README.md").read_text()
    weights, parts = initial_weights(str(out))
    assert parts == ("backbone",)
    assert torch.allclose(weights["backbone.stem.0.0.weight"], state["conv1.weight"], atol=1e-3)
    if kind == "oclip":
        recipe = toy_recipe("db-light", "net.backbone='clip-light'", "stages.0.lr=0.0", "optim.ema=0.0")
        run = Options(toy_data, tmp_path / "run", weights=str(out), workers=0, threads=1, device="cpu")
        after = load_checkpoint(train(recipe, run))[0]["average"]
        key = "backbone.stages.2.1.body.1.0.weight"
        assert torch.equal(after[key], state["layer3.1.conv2.weight"])


def test_what_is_no_such_checkpoint_is_one_clear_line(tmp_path, capsys):
    state = published("clip-light", 16)
    lacking = {key: value for key, value in state.items() if key != "layer3.1.conv2.weight"}
    wrong = {
        "missing": (lacking, "lacks backbone.stages.2.1.body.1.0.weight"),
        "more": (state | {"layer5.0.conv1.weight": torch.zeros(1)}, "has no backbone.stages.4"),
        "other": (state | {"layer1.0.se.fc.weight": torch.zeros(1)}, "no weight of a CLIP ResNet"),
        "none": ({"visual.attnpool.q_proj.weight": torch.zeros(1)}, "holds no weights of a CLIP ResNet"),
        "list": ([torch.zeros(1)], "holds no state dict"),
    }
    for name, (content, told) in wrong.items():
        torch.save(content, tmp_path / f"{name}.pt")
        with pytest.raises(TrainingError, match=re.escape(told)):
            convert_weights(tmp_path / f"{name}.pt", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    (tmp_path / "empty.pt").touch()
    torch.save({0: torch.zeros(1)}, tmp_path / "numbers.pt")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    old = (tmp_path / "old.pt").read_bytes()
    for part in (3, 40, len(old) // 2):
        (tmp_path / f"cut{part}.pt").write_bytes(old[:part])
    cut = [path.name for path in tmp_path.glob("cut*.pt")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), tmp_path / "code.pt")
    for name in (
        "broken.pt",
        "broken.safetensors",
        "empty.pt",
        "numbers.pt",
        "code.pt",
        "none-there.pt",
        *cut,
    ):
        assert main(["convert-weights", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert name in line
    with pytest.raises(TrainingError, match="state_dict"):
        convert_weights(tmp_path / "code.pt", tmp_path / "out")


class Harmful:
    def __reduce__(self):
        return (print, ("run",))


def test_nothing_in_a_checkpoint_is_run(tmp_path, capsys):
    torch.save({"state_dict": {"conv1.weight": Harmful()}}, tmp_path / "harmful.pt")
    with pytest.raises(TrainingError, match="cannot be read as weights alone"):
        convert_weights(tmp_path / "harmful.pt", tmp_path / "out")
    assert capsys.readouterr().out == ""


def test_a_bundle_that_is_there_is_replaced_and_anything_else_is_not(tmp_path):
    torch.save(published("clip-light", 16), tmp_path / "a.pt")
    for _ in range(2):
        convert_weights(tmp_path / "a.pt", tmp_path / "out")
    assert load_file(tmp_path / "out" / "backbone.safetensors")
    with pytest.raises(Exception, match="not a bundle"):
        convert_weights(tmp_path / "a.pt", tmp_path)
