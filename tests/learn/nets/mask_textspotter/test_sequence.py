"""The spatial attention module."""

import torch

from scenetext.codecs.spelling import CLASSES, END
from scenetext.learn.nets.mask_textspotter.sequence import SpatialAttention


def make():
    torch.manual_seed(0)
    return SpatialAttention(16, 16, CLASSES, END).eval()


def test_the_sequences_loss_is_that_of_its_greedy_steps():
    sequence = make()
    regions = torch.randn(3, 16, 64, 64)
    with torch.no_grad():
        log_probs, attention = sequence(regions, 5)
        path = log_probs.argmax(dim=2)
        loss = sequence.loss(regions, path)
        expected = -log_probs.max(dim=2).values.sum(dim=1)
        assert torch.allclose(loss, expected, atol=1e-4)
        cut = path.clone()
        cut[:, 3:] = -1
        expected = -log_probs.max(dim=2).values[:, :3].sum(dim=1)
        assert torch.allclose(sequence.loss(regions, cut), expected, atol=1e-4)
    assert attention.shape == (3, 5, 32)
    assert torch.allclose(attention.sum(dim=2), torch.ones(3, 5), atol=1e-5)


def test_places_of_the_sequence_tell_row_and_column():
    seen = make().places(torch.randn(2, 16, 64, 64))
    assert seen.shape == (2, 256, 16 + 40)
    assert seen[0, 32 * 3 + 7, 16:48].argmax() == 7
    assert seen[0, 32 * 3 + 7, 48:].argmax() == 3
    assert (seen[:, :, 16:].sum(dim=2) == 2).all()


def test_a_batch_of_texts_is_that_of_each_alone():
    sequence, regions = make(), torch.randn(3, 16, 64, 64)
    texts = torch.tensor([[5, 9, END, -1], [7, END, -1, -1], [1, 2, 3, END]])
    with torch.no_grad():
        together = sequence.loss(regions, texts)
        alone = [sequence.loss(regions[i : i + 1], texts[i : i + 1])[0] for i in range(3)]
    assert torch.allclose(together, torch.stack(alone), atol=1e-4)
