"""The spatial attention module."""

from itertools import product

import pytest
import torch

from scenetext.codecs.spelling import CLASSES, END
from scenetext.learn.nets.mask_textspotter.sequence import SpatialAttention


def make(beam=6, classes=CLASSES, end=END):
    torch.manual_seed(0)
    sequence = SpatialAttention(16, 16, classes, end, beam).eval()
    with torch.no_grad():  # so that it is surer of some texts than of others
        sequence.out.weight.mul_(4)
        sequence.embed.weight.mul_(2)
    return sequence


@pytest.mark.parametrize("beam", [1, 6])
def test_the_sequences_loss_is_that_of_the_steps_that_are_searched(beam):
    sequence = make(beam)
    regions = torch.randn(3, 16, 64, 64)
    with torch.no_grad():
        path, log_probs, attention = sequence(regions, 5)
        taken = log_probs.gather(2, path[:, :, None])[:, :, 0]
        assert not (path == END).any()
        assert torch.allclose(sequence.loss(regions, path), -taken.sum(dim=1), atol=1e-4)
        cut = path.clone()
        cut[:, 3:] = -1
        assert torch.allclose(sequence.loss(regions, cut), -taken[:, :3].sum(dim=1), atol=1e-4)
        if beam == 1:
            assert torch.equal(path, log_probs.argmax(dim=2))
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


@pytest.mark.parametrize("seed", range(4))
def test_a_search_that_keeps_all_texts_finds_the_likeliest_of_all(seed):
    """Of texts of at most three steps over four classes, the last of which ends them."""
    sequence = make(beam=4**3, classes=4, end=3)
    regions = torch.randn(1, 16, 64, 64, generator=torch.Generator().manual_seed(seed))
    texts = {text[: (*text, 3).index(3) + 1] for text in product(range(4), repeat=3)}
    with torch.no_grad():
        padded = torch.tensor([[*text, *[-1] * (3 - len(text))] for text in sorted(texts)])
        losses = sequence.loss(regions.expand(len(texts), -1, -1, -1), padded)
        path, log_probs, _ = sequence(regions, 3)
    best = sorted(texts)[int(losses.argmin())]
    assert tuple(path[0, : len(best)].tolist()) == best
    total = sum(float(log_probs[0, step, number]) for step, number in enumerate(best))
    assert total == pytest.approx(-float(losses.min()), abs=1e-4)
