"""Schedules, stages, optimisers, averages."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from scenetext.errors import SettingsError
from scenetext.learn.optim import Averaged, gradient_norm, learning_rate, make_optimizer, place_of, set_rate
from scenetext.recipe import Data, Optim, Stage, load_recipe

STAGE = Stage(steps=100, batch=2, lr=0.1, data=(Data("synth-words"),), warmup=10)


def test_the_rate_rises_over_the_warm_up_and_then_follows_its_schedule():
    assert learning_rate(STAGE, 0) == pytest.approx(0.01)
    assert learning_rate(STAGE, 9) == pytest.approx(0.1)
    assert learning_rate(STAGE, 99) == 0.1
    cosine = replace(STAGE, schedule="cosine")
    assert learning_rate(cosine, 55) == pytest.approx(0.0505)
    assert learning_rate(cosine, 100) == pytest.approx(0.001)
    assert learning_rate(replace(STAGE, schedule="linear"), 55) == pytest.approx(0.1 * (0.01 + 0.99 * 0.5))


def test_steps_are_found_in_their_stage():
    recipe = load_recipe("crnn")
    recipe = replace(recipe, stages=(replace(STAGE, steps=3), replace(STAGE, steps=2)))
    assert [place_of(recipe, step) for step in range(5)] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]


@pytest.mark.parametrize("name", ["adamw", "adadelta", "sgd"])
def test_every_optimiser_steps_and_spares_biases_the_decay(name):
    net = nn.Linear(3, 2)
    optimizer = make_optimizer(net, Optim(name=name, weight_decay=0.1))
    before = net.weight.detach().clone()
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, net.weight)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]


@pytest.mark.parametrize("name", ["adamw", "adadelta", "sgd"])
def test_a_part_steps_by_its_factor_of_the_rate_and_decays_by_it(name):
    torch.manual_seed(0)
    net = nn.ModuleDict({"slow": nn.Linear(3, 2), "fast": nn.Linear(3, 2)})
    net["fast"].load_state_dict(net["slow"].state_dict())
    before = net["slow"].weight.detach().clone()
    settings = Optim(name=name, weight_decay=0.1)
    optimizer = make_optimizer(net, settings, {"slow.weight": 0.25, "slow.bias": 0.25})
    assert [(group["weight_decay"], group["factor"]) for group in optimizer.param_groups] == [
        (0.1, 0.25),
        (0.1, 1.0),
        (0.0, 0.25),
        (0.0, 1.0),
    ]
    set_rate(optimizer, 0.4)
    sum(part(torch.ones(1, 3)).sum() for part in net.values()).backward()
    optimizer.step()
    slow, fast = (net[key].weight.detach() - before for key in ("slow", "fast"))
    assert float(fast.abs().min()) > 1e-5
    assert torch.allclose(slow, 0.25 * fast, rtol=1e-3, atol=1e-7)


def test_a_setting_the_optimiser_does_not_know_is_refused():
    with pytest.raises(SettingsError, match="optim"):
        make_optimizer(nn.Linear(2, 2), Optim(settings={"momentumm": 0.9}))


def test_the_average_follows_the_weights_and_without_decay_equals_them():
    net = nn.Linear(1, 1, bias=False)
    average, plain = Averaged(net, 0.5), Averaged(net, 0.0)
    with torch.no_grad():
        net.weight.fill_(1.0)
    for each in (average, plain):
        each.state["weight"].zero_()
        each.update(net)
    assert float(plain.state["weight"]) == 1.0
    assert 0 < float(average.state["weight"]) < 1  # the warm-up lets the first update in with 1 - 2/11
    assert float(average.state["weight"]) == pytest.approx(1 - 2 / 11)


def test_gradients_are_clipped_to_the_limit():
    weight = nn.Parameter(torch.zeros(4))
    weight.grad = torch.full((4,), 3.0)
    assert float(gradient_norm([weight], 1.0)) == pytest.approx(6.0)
    assert float(weight.grad.norm()) == pytest.approx(1.0, rel=1e-4)
