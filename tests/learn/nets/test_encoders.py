"""Feature extractors: golden frames, shapes and parameters, and the gated recurrent layer's equations."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from scenetext.errors import SettingsError
from scenetext.learn.nets.encoders import GRCL, RCNN, VGG, LightResNet, ResNet

WIDTHS = (32, 64, 100, 128, 160, 200, 256)
FRAMES = {  # of the benchmark's code and of the authors'
    "vgg": (7, 15, 24, 31, 39, 49, 63),
    "vgg-authors": (9, 17, 26, 33, 41, 51, 65),
    "rcnn": (9, 17, 26, 33, 41, 51, 65),
    "resnet": (9, 17, 26, 33, 41, 51, 65),
}
NARROW = {
    "vgg": lambda: VGG(1, width=16),
    "vgg-authors": lambda: VGG(1, "authors", width=16),
    "rcnn": lambda: RCNN(1, width=16),
    "resnet": lambda: ResNet(1, width=16),
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", FRAMES)
def test_a_width_has_the_golden_number_of_frames(name):
    stage = NARROW[name]().eval()
    shapes = [stage(torch.zeros(1, 1, 32, width)).shape for width in WIDTHS]
    assert shapes == [(1, 16, 1, frames) for frames in FRAMES[name]]
    assert tuple(stage.frames(width) for width in WIDTHS) == FRAMES[name]


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (lambda: VGG(1), 5_549_824),
        (lambda: VGG(1, "authors"), 5_551_360),
        (lambda: RCNN(1), 1_859_968),
        (lambda: ResNet(1), 44_263_904),
    ],
    ids=["vgg", "vgg-authors", "rcnn", "resnet"],
)
def test_a_published_width_has_the_golden_number_of_parameters(make, parameters):
    assert count(make()) == parameters


@pytest.mark.parametrize(
    ("form", "normalised", "biased"),
    [
        ("benchmark", {5, 6}, {1, 2, 3, 4, 7}),
        ("authors", {3, 5, 7}, {*range(1, 8)}),
    ],
)
def test_each_form_of_vgg_normalises_after_its_own_convolutions(form, normalised, biased):
    layers = list(VGG(1, form, width=16).layers)
    convolutions = [i for i, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 7
    found = {n for n, i in enumerate(convolutions, 1) if isinstance(layers[i + 1], nn.BatchNorm2d)}
    assert found == normalised
    assert {n for n, i in enumerate(convolutions, 1) if layers[i].bias is not None} == biased


def map_sizes(stage, shape):
    """(channels, height, width) after each layer of a stage that changes them."""
    sizes = []
    x = torch.zeros(1, *shape)
    for layer in stage.eval().layers:
        x = layer(x)
        if tuple(x.shape[1:]) not in sizes[-1:]:
            sizes.append(tuple(x.shape[1:]))
    return sizes


def test_the_maps_of_each_stage_have_the_golden_sizes():
    # with an eighth of the published channels
    assert map_sizes(VGG(1, width=64), (1, 32, 100)) == [
        *((8, 32, 100), (8, 16, 50), (16, 16, 50), (16, 8, 25), (32, 8, 25), (32, 4, 25), (64, 4, 25)),
        *((64, 2, 25), (64, 1, 24)),
    ]
    assert map_sizes(VGG(1, "authors", width=64), (1, 32, 100))[5:] == [
        *((32, 4, 26), (64, 4, 26), (64, 2, 27), (64, 1, 26)),
    ]
    assert map_sizes(RCNN(1, width=64), (1, 32, 100)) == [
        *((8, 32, 100), (8, 16, 50), (8, 8, 25), (16, 8, 25), (16, 4, 26), (32, 4, 26), (32, 2, 27)),
        (64, 1, 26),
    ]
    assert map_sizes(ResNet(1, width=64), (1, 32, 100)) == [
        *((4, 32, 100), (8, 32, 100), (8, 16, 50), (16, 16, 50), (16, 8, 25), (32, 8, 25), (32, 4, 26)),
        *((64, 4, 26), (64, 2, 27), (64, 1, 26)),
    ]


def test_the_resnet_has_29_convolutions_beside_its_shortcuts():
    kernels = [m.kernel_size for m in ResNet(1, width=16).modules() if isinstance(m, nn.Conv2d)]
    assert len([kernel for kernel in kernels if kernel != (1, 1)]) == 29
    assert len([kernel for kernel in kernels if kernel == (1, 1)]) == 3  # where the channels change


def test_the_music_net_of_the_paper_has_five_convolutions():
    stage = VGG(1, width=16, without=(4, 6)).eval()
    assert len([m for m in stage.modules() if isinstance(m, nn.Conv2d)]) == 5
    assert stage(torch.zeros(1, 1, 32, 100)).shape == (1, 16, 1, 24)


def test_higher_images_give_higher_maps():
    assert VGG(1, width=16).eval()(torch.zeros(1, 1, 64, 100)).shape == (1, 16, 3, 24)


@pytest.mark.parametrize("settings", [{"form": "crnn"}, {"without": (3,)}])
def test_a_form_that_does_not_exist_is_refused(settings):
    with pytest.raises(SettingsError, match="VGG"):
        VGG(1, **settings)


def randomised(module):
    """The module with every normalisation's numbers drawn, so that none is the identity."""
    generator = torch.Generator().manual_seed(3)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for value in (part.weight.data, part.running_var):
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))
            for value in (part.bias.data, part.running_mean):
                value.copy_(torch.randn(value.shape, generator=generator))
    return module


def literal_grcl(layer, u, norm):
    """The equations of Wang and Hu, 2017, one after the other."""
    w_f, w_r = layer.forth.weight, layer.back.weight
    w_gf, w_gr = layer.gate_forth.weight, layer.gate_back.weight
    x = functional.relu(norm(layer.first, functional.conv2d(u, w_f, padding=1)))
    for bn in layer.norms:
        gate = torch.sigmoid(
            norm(bn["gate_forth"], functional.conv2d(u, w_gf))
            + norm(bn["gate_back"], functional.conv2d(x, w_gr))
        )
        recurrent = norm(bn["back"], functional.conv2d(x, w_r, padding=1))
        x = functional.relu(
            norm(bn["forth"], functional.conv2d(u, w_f, padding=1)) + norm(bn["gated"], recurrent * gate)
        )
    return x


def by_running_statistics(bn, x):
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    return (x - bn.running_mean[:, None, None]) * scale[:, None, None] + bn.bias[:, None, None]


def by_batch_statistics(bn, x):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    variance = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    return (x - mean) / torch.sqrt(variance + bn.eps) * bn.weight[:, None, None] + bn.bias[:, None, None]


@pytest.mark.parametrize("iterations", [1, 5])
def test_a_grcl_computes_its_equations(iterations):
    layer = randomised(GRCL(3, 4, iterations)).eval()
    u = torch.randn(2, 3, 6, 9)
    assert torch.allclose(layer(u), literal_grcl(layer, u, by_running_statistics), atol=1e-5)
    layer.train()
    assert torch.allclose(layer(u), literal_grcl(layer, u, by_batch_statistics), atol=1e-4)


def test_a_grcl_shares_its_convolutions_and_not_its_normalisations():
    layer = GRCL(64, 128)
    # three by three and one by one, from below and from itself; one pair at first, five in each iteration
    assert count(layer) == (9 + 1) * (64 * 128 + 128 * 128) + (1 + 5 * 5) * 2 * 128


@pytest.mark.parametrize("make", [*NARROW.values(), lambda: LightResNet(1)], ids=[*NARROW, "light"])
def test_every_parameter_learns(make):
    stage = make().train()
    stage(torch.randn(2, 1, 32, 64)).square().sum().backward()
    gradients = {name: p.grad for name, p in stage.named_parameters()}
    assert [name for name, g in gradients.items() if g is None or not torch.isfinite(g).all()] == []
