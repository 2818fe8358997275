"""Checkpoints: round trips, damage, foreign weights."""

import pytest
import torch
from torch import nn

from scenetext.errors import BundleError, TrainingError
from scenetext.learn.checkpoint import (
    initial_weights,
    load_checkpoint,
    load_weights,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)


def test_groups_and_values_come_back(tmp_path):
    path = tmp_path / "a.safetensors"
    groups = {"net": {"x.y": torch.arange(3)}, "average": {"x.y": torch.ones(2, 2)}}
    save_checkpoint(path, groups, {"step": 7, "best": 0.5})
    loaded, meta = load_checkpoint(path)
    assert meta == {"step": 7, "best": 0.5}
    assert torch.equal(loaded["net"]["x.y"], torch.arange(3))
    assert torch.equal(loaded["average"]["x.y"], torch.ones(2, 2))
    assert list(tmp_path.iterdir()) == [path]  # nothing partial stays behind


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"\x10\0\0\0\0\0\0\0{}"])
def test_a_damaged_file_is_one_clear_error(tmp_path, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"bad\.safetensors: not a checkpoint"):
        load_checkpoint(path)
    with pytest.raises(TrainingError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"weight": torch.zeros(2, 3)}, "1 weights missing, e.g. bias"),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "x": torch.zeros(1)}, "unexpected, e.g. x"),
        ({"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}, "another shape, e.g. weight"),
    ],
)
def test_weights_have_to_fit_exactly(state, message):
    with pytest.raises(TrainingError, match=message):
        load_weights(nn.Linear(3, 2), state, "here")


def test_an_optimiser_goes_on_where_it_was():
    torch.manual_seed(0)

    def advance(net, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            net(torch.ones(1, 3)).pow(2).sum().backward()
            optimizer.step()

    net = nn.Linear(3, 2)
    other = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters(), 0.1)
    advance(net, optimizer, 3)
    other.load_state_dict(net.state_dict())
    resumed = torch.optim.AdamW(other.parameters(), 0.1)
    restore_optimizer(resumed, optimizer_tensors(optimizer, list(net.parameters())))
    advance(net, optimizer, 3)
    advance(other, resumed, 3)
    assert torch.equal(net.weight, other.weight)


def test_starting_weights_that_do_not_exist_are_an_error(tmp_path):
    with pytest.raises(BundleError, match="neither a folder nor a packaged model"):
        initial_weights(str(tmp_path / "nothing"))
