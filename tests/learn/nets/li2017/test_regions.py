"""Region codes of varying width, and the boxes that are made of them."""

import numpy as np
import torch

from scenetext.codecs.boxes import LARGEST, clip_boxes, decode_boxes
from scenetext.learn.nets.li2017.regions import RegionFeatureEncoder, TextDetectionNetwork, moved_boxes


def test_a_code_is_the_state_after_the_last_valid_column_by_a_literal_loop():
    torch.manual_seed(0)
    net = RegionFeatureEncoder(6, 5)
    columns, widths = torch.randn(4, 7, 6), torch.tensor([7, 1, 4, 3])
    states, codes = net(columns, widths)
    w_x, w_h, b_x, b_h = (p.detach() for p in net.lstm.parameters())
    for row, width, code, given in zip(columns, widths, codes, states, strict=True):
        h, c = torch.zeros(5), torch.zeros(5)
        for j in range(width):
            i, f, g, o = (w_x @ row[j] + b_x + w_h @ h + b_h).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            assert torch.allclose(given[j], h, atol=1e-5)
        assert torch.allclose(code, h, atol=1e-5)


def test_regions_of_several_widths_are_encoded_as_each_alone():
    torch.manual_seed(0)
    net = RegionFeatureEncoder(6, 5)
    columns, widths = torch.randn(3, 9, 6), torch.tensor([2, 9, 5])
    together = net(columns, widths)[1]
    for i, width in enumerate(widths):
        alone = net(columns[i : i + 1, :width], widths[i : i + 1])[1]
        assert torch.allclose(together[i : i + 1], alone, atol=1e-6)


def test_boxes_move_in_training_as_in_reading():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 90, (8, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 60, (8, 2))], axis=1).astype(np.float32)
    offsets = rng.standard_normal((8, 4)).astype(np.float32) * [1, 1, 1, 4]
    offsets = offsets.astype(np.float32)
    expected = clip_boxes(decode_boxes(offsets, boxes), 100, 120)
    found = moved_boxes(torch.from_numpy(boxes), torch.from_numpy(offsets), 100, 120, LARGEST)
    assert np.allclose(found.numpy(), expected, atol=1e-3)


def test_the_detection_network_has_two_layers_and_two_heads():
    net = TextDetectionNetwork(1024, 2048)
    assert net.fc1.weight.shape == (2048, 1024)
    assert net.fc2.weight.shape == (2048, 2048)
    logits, offsets = net(torch.randn(3, 1024))
    assert logits.shape == (3,)
    assert offsets.shape == (3, 4)
