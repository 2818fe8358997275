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


@pytest.mark.parametrize("name", sorted(PRED))
def test_a_prediction_stage_names_its_outputs(name):
    outputs = PRED[name](24, 11)(torch.zeros(2, 9, 24))
    assert outputs
    assert all(value.shape[0] == 2 for value in outputs.values())
