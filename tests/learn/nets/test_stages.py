"""The stages one by one: every entry of each table."""

import pytest
import torch

from scenetext.learn.nets.stages import FEAT, PRED, SEQ, TRANS


@pytest.mark.parametrize("name", sorted(TRANS))
def test_a_transformation_keeps_the_images_shape(name):
    assert TRANS[name](1)(torch.zeros(2, 1, 32, 64)).shape == (2, 1, 32, 64)


@pytest.mark.parametrize("name", sorted(FEAT))
def test_a_feature_stage_says_its_channels_and_frames(name):
    stage = FEAT[name](1).eval()
    features = stage(torch.zeros(1, 1, 32, 80))
    assert features.shape[1] == stage.channels
    assert features.shape[3] == stage.frames(80)


@pytest.mark.parametrize("name", sorted(SEQ))
def test_a_sequence_stage_keeps_the_frames(name):
    stage = SEQ[name](24)
    assert stage(torch.zeros(2, 9, 24)).shape == (2, 9, stage.channels)


@pytest.mark.parametrize(
    ("settings", "channels"),
    [
        ({}, 8),
        ({"projection": False}, 16),
        ({"bidirectional": False}, 8),
        ({"bidirectional": False, "projection": False}, 8),
    ],
)
def test_a_bilstm_says_its_channels_in_every_form(settings, channels):
    stage = SEQ["bilstm"](24, hidden=8, **settings)
    assert stage.channels == channels
    assert stage(torch.zeros(2, 9, 24)).shape == (2, 9, channels)


def test_one_direction_sees_nothing_of_what_follows():
    frames = torch.randn(1, 9, 24)
    changed = frames.clone()
    changed[:, 5:] = 0
    with torch.no_grad():
        one = SEQ["bilstm"](24, hidden=8, bidirectional=False)
        assert torch.equal(one(frames)[:, :5], one(changed)[:, :5])
        both = SEQ["bilstm"](24, hidden=8)
        assert not torch.equal(both(frames)[:, :5], both(changed)[:, :5])


@pytest.mark.parametrize("name", sorted(PRED))
def test_a_prediction_stage_names_its_outputs(name):
    codec = PRED[name].codec("abcdefgh")
    outputs = PRED[name](24, codec)(torch.zeros(2, 9, 24))
    assert outputs["log_probs"].shape[::2] == (2, codec.classes)
    assert torch.allclose(outputs["log_probs"].exp().sum(dim=2), torch.tensor(1.0), atol=1e-5)
    assert all(value.shape[0] == 2 for value in outputs.values())
