"""The character-aware text encoder."""

import torch

from scenetext.learn.nets.oclip.text import CharacterEncoder


def encoder():
    torch.manual_seed(0)
    net = CharacterEncoder(8, 6, 16, 2, 2, 5)
    torch.nn.init.normal_(net.characters.weight)  # so that characters differ by much
    return net.eval()


def test_a_word_is_what_stands_at_its_end():
    net = encoder()
    words = torch.tensor([[1, 2, 7, 0, 0, 0], [3, 7, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    vectors, characters = net(words)
    assert (vectors.shape, characters.shape) == ((3, 5), (3, 6, 5))
    assert torch.equal(vectors, torch.stack([characters[0, 2], characters[1, 1], characters[2, 0]]))


def test_words_do_not_see_each_other_and_nothing_after_their_end():
    net = encoder()
    word = torch.tensor([[1, 2, 3, 7, 0, 0]])
    alone, _ = net(word)
    beside, _ = net(torch.cat([word, torch.tensor([[4, 4, 4, 4, 4, 7]])]))
    assert torch.allclose(alone[0], beside[0], atol=1e-6)
    assert torch.allclose(alone, net(word[:, :4])[0], atol=1e-6)
    followed = torch.tensor([[1, 2, 3, 7, 5, 6]])
    assert torch.allclose(alone, net(followed)[0], atol=1e-6)


def test_the_order_of_characters_matters():
    net = encoder()
    one, other = net(torch.tensor([[1, 2, 7], [2, 1, 7]]))[0]
    assert (one - other).abs().max() > 0.01
