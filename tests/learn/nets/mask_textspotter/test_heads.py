"""What is made of regions, and that each is seen by itself."""

import torch

from scenetext.learn.nets.mask_textspotter.heads import BoxHead, MaskHead


def test_a_region_is_scored_the_same_in_any_company():
    torch.manual_seed(0)
    head, regions = BoxHead(4 * 49, 8).eval(), torch.randn(5, 4, 7, 7)
    logits, moves = head(regions)
    assert (logits.shape, moves.shape) == ((5,), (5, 4))
    alone = head(regions[2:3])
    assert torch.allclose(logits[2], alone[0][0], atol=1e-5)
    assert torch.allclose(moves[2], alone[1][0], atol=1e-5)


def test_masks_have_twice_the_bins_of_their_regions():
    head = MaskHead(4, 8, 37).eval()
    instance, characters, seen = head(torch.randn(2, 4, 32, 32))
    assert (instance.shape, characters.shape, seen.shape) == ((2, 64, 64), (2, 37, 64, 64), (2, 8, 64, 64))
    assert (seen >= 0).all()
