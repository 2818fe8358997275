"""Freezing parts of a network, and rates of their own for them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from scenetext.errors import SettingsError
from scenetext.learn.parts import freeze, stage_rates
from scenetext.recipe import Data, Stage

STAGE = Stage(steps=1, batch=1, lr=0.1, data=(Data("synth-words"),))


class Net(nn.Module):
    """Convolution, normalisation and dropout; a recurrent layer; a head. And a number that never learns."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(0.5))
        self.reader = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(3, 1)
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.reader(self.trunk(x).mean(3).transpose(1, 2))[0]).mean() * self.scale


def rates(**changes) -> dict[str, float]:
    return stage_rates(Net(), replace(STAGE, **changes), "here")


def test_without_settings_all_learn_at_the_rate_of_the_stage_but_what_never_does():
    names = [name for name, _ in Net().named_parameters() if name != "scale"]
    assert rates() == dict.fromkeys(names, 1.0)


def test_a_name_means_all_below_it_and_nothing_that_begins_alike():
    net = Net()
    net.trunk2 = nn.Linear(1, 1)
    left = stage_rates(net, replace(STAGE, frozen=("trunk", "head.bias")), "here")
    assert {name.partition(".")[0] for name in left} == {"trunk2", "reader", "head"}
    assert "head.weight" in left
    assert "head.bias" not in left


def test_of_several_rates_the_longest_name_counts_and_frozen_goes_before_all():
    given = {"trunk.1": 0.5, "trunk": 0.01, "head": 2.0}
    found = rates(rates=given, frozen=("trunk.0.bias",))
    assert found["trunk.0.weight"] == 0.01
    assert found["trunk.1.weight"] == 0.5
    assert found["head.bias"] == 2.0
    assert found["reader.weight_ih_l0"] == 1.0
    assert "trunk.0.bias" not in found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frozen": ("tronk",)}, r"^here: frozen: .*mean 'trunk'\? \(known: head, reader, trunk\)"),
        ({"frozen": ("trunk.7",)}, r"'trunk\.7'.*known: trunk\.0, trunk\.1\)"),
        ({"frozen": ("trunk.2",)}, r"'trunk\.2'.*known: trunk\.0, trunk\.1\)"),  # dropout has no parameters
        ({"frozen": ("",)}, "known: head"),
        ({"rates": {"head.wieght": 0.1}}, r"^here: rates: .*did you mean 'head\.weight'"),
        ({"frozen": ("trunk", "reader", "head")}, "here: frozen leaves nothing to learn"),
    ],
)  # fmt: skip
def test_a_part_that_does_not_exist_is_an_error_that_lists_the_parts_there(changes, message):
    with pytest.raises(SettingsError, match=message):
        rates(**changes)


def test_what_is_frozen_has_no_gradient_and_computes_as_in_reading():
    net = Net()
    net(torch.rand(2, 1, 3, 3)).backward()
    freeze(net, ["trunk", "reader"], stage_rates(net, replace(STAGE, frozen=("trunk", "reader")), "here"))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net(torch.rand(2, 1, 3, 3)).backward()
    assert {name for name, p in net.named_parameters() if p.grad is not None} == {"head.weight", "head.bias"}
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not net.trunk(torch.rand(2, 1, 3, 3)).requires_grad  # nothing is kept for a way back
    assert {name for name, module in net.named_modules() if not module.training} == {
        "trunk", "trunk.0", "trunk.1", "trunk.2"
    }  # fmt: skip


def test_the_next_stage_thaws_what_it_does_not_freeze():
    net = Net()
    whole = stage_rates(net, STAGE, "here")
    freeze(net, ["trunk"], stage_rates(net, replace(STAGE, frozen=("trunk",)), "here"))
    freeze(net, [], whole)
    assert {name for name, p in net.named_parameters() if p.requires_grad} == whole.keys()
    assert all(module.training for module in net.modules())
    mean = net.trunk[1].running_mean.clone()
    net(torch.rand(2, 1, 3, 3)).backward()
    assert not torch.equal(net.trunk[1].running_mean, mean)
    assert net.trunk[0].weight.grad is not None
