"""The whole network: its parts and its two losses, beside loops that say what they are."""

import pytest
import torch
from torch.nn import functional

from scenetext.codecs.ctc import CTC
from scenetext.codecs.oclip import OCLIP
from scenetext.errors import SettingsError
from scenetext.learn.nets import make_net

CODEC = OCLIP(charset="abcdefgh", length=6, words=4)
SMALL = {
    "name": "oclip", "backbone": "clip-light", "size": 64, "dim": 16, "text_width": 16, "text_heads": 2,
    "text_layers": 1, "heads": 2, "layers": 2,
}  # fmt: skip


def make(codec=CODEC, **changes):
    torch.manual_seed(0)
    net = make_net(SMALL | changes, codec)
    torch.nn.init.normal_(net.text.characters.weight)
    return net


def bags(*bags, codec=CODEC):
    rows = torch.zeros(len(bags), codec.words, codec.length, dtype=torch.int64)
    for row, bag in zip(rows, bags, strict=True):
        row[: len(bag)] = torch.from_numpy(codec.encode_words(bag))
    return rows


def images(count):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_the_released_network_has_its_parameters_by_part():
    with torch.device("meta"):
        net = make_net({"name": "oclip"}, OCLIP())
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}

    def block(width):
        attention, normalised = 4 * (width + 1) * width, 2 * 2 * width
        return attention + (width + 1) * 4 * width + (4 * width + 1) * width + normalised

    assert counts == {
        "backbone": 23_527_264,
        "pool": 257 * 2048 + 3 * 2049 * 2048 + 2049 * 384,
        "text": (97 + 25) * 64 + 6 * block(64) + 2 * 64 + 64 * 384,
        "decoder": 6 * block(384),
        "head": 2 * 384 + 385 * 97,
    }
    assert net.positions.shape == (256, 384)
    assert float(make().logit_scale.detach().exp()) == pytest.approx(1 / 0.07)


def hidden_of(net, words, seed=3):
    torch.manual_seed(seed)
    return net.hide(words)


def test_one_character_of_each_word_is_hidden_and_never_its_end():
    codec = OCLIP(charset="abcdefgh", length=6, words=3)
    words = bags(["abcdefg", "a"], codec=codec)
    seen = set()
    for seed in range(60):
        shown = hidden_of(make(codec), words, seed)
        assert (shown.words != words).sum(dim=2).tolist() == [[1, 1, 0]]
        assert shown.words.gather(2, shown.places[..., None])[0, :2, 0].tolist() == [codec.mask] * 2
        assert shown.labels.tolist() == [[int(words[0, 0, shown.places[0, 0]]), 1, 0]]
        seen.add(int(shown.places[0, 0]))
    assert seen == {0, 1, 2, 3, 4}  # five characters before the end of a word that was cut


def literal_losses(net, pictures, words, shown):
    """Word by word and image by image, as the paper has it."""
    whole, tokens = net.pool(net.backbone(pictures)[3])
    entropies, texts = [], []
    for n in range(len(words)):
        vectors = []
        for s in range(words.shape[1]):
            vector, characters = net.text(shown.words[n, s][None])
            vectors.append(vector[0])
            if not words[n, s].any():
                continue
            query = vector if net.queries == "words" else characters[:, shown.places[n, s]]
            query = query[None]
            if not net.decoder:
                query = query + whole[n]
            for block in net.decoder:
                keys = (tokens[n] + net.positions)[None]
                attended = block.attention(query, keys, tokens[n][None])
                query = query + block.norms[0](attended)
                query = query + block.feed(block.norms[1](query))
            guess = torch.log_softmax(net.head(query)[0, 0], dim=0)
            entropies.append(-guess[shown.labels[n, s]])
        kept = [v for s, v in enumerate(vectors) if net.padding or words[n, s].any()]
        texts.append(torch.stack(kept).mean(dim=0) if kept else None)
    used = [n for n in range(len(words)) if words[n].any()]
    total = 0.0
    for n in used:
        image = functional.normalize(whole[n], dim=0)
        scores = [net.logit_scale.exp() * image @ functional.normalize(texts[m], dim=0) for m in used]
        total = total - torch.log_softmax(torch.stack(scores), dim=0)[used.index(n)]
        text = functional.normalize(texts[n], dim=0)
        scores = [net.logit_scale.exp() * text @ functional.normalize(whole[m], dim=0) for m in used]
        total = total - torch.log_softmax(torch.stack(scores), dim=0)[used.index(n)]
    return torch.stack(entropies).mean(), net.contrast * total / len(used)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"queries": "characters"},
        {"padding": False},
        {"layers": 0},
        {"contrast": 1.0},
    ],
)
def test_the_losses_are_those_of_a_loop_over_words_and_images(changes):
    net = make(**changes).eval()
    words = bags(["abc", "de", "fghab"], [], ["a"], ["hg", "gh"])
    shown = hidden_of(net, words)
    torch.manual_seed(3)
    with torch.no_grad():
        losses = net.losses(images(4), {"words": words})
        masked, contrast = literal_losses(net, images(4), words, shown)
    assert float(losses["masked"]) == pytest.approx(float(masked), abs=1e-5)
    assert float(losses["contrast"]) == pytest.approx(float(contrast), abs=1e-5)


def test_several_masks_of_a_word_are_as_many_bags_for_the_decoder_and_one_for_the_contrast():
    net = make(masks=3).eval()
    words = bags(["abc", "de"], ["hg"])
    shown = hidden_of(net, words.repeat(1, 3, 1))
    torch.manual_seed(3)
    with torch.no_grad():
        losses = net.losses(images(2), {"words": words})
        parts = [
            shown._replace(**{k: v[:, at : at + 4] for k, v in shown._asdict().items()}) for at in (0, 4, 8)
        ]
        each = [literal_losses(net, images(2), words, part) for part in parts]
    assert len({tuple(part.places[0, :2].tolist()) for part in parts}) > 1
    assert float(losses["masked"]) == pytest.approx(sum(float(m) for m, _ in each) / 3, abs=1e-5)
    assert float(losses["contrast"]) == pytest.approx(float(each[0][1]), abs=1e-5)


def test_further_characters_are_blanked_in_all_copies_but_the_first():
    net = make(masks=50, blanks=0.5)
    asked = []
    net.guess = lambda queries, whole, tokens, grid: torch.zeros(*queries.shape[:2], CODEC.classes)
    net._encode = lambda words, shown: asked.append((words, shown)) or [torch.ones(*words.shape[:2], 16)] * 2
    words = bags(["abcde", "de"], ["hgfa"])
    net.losses(images(2), {"words": words})
    [(seen, shown)] = asked
    letters = (words != 0) & (words != CODEC.end)
    hidden = (seen == CODEC.mask).reshape(2, 50, 4, 6)
    assert (hidden[:, 0].sum(dim=2) == letters.any(dim=2)).all()
    assert not hidden[letters[:, None].expand_as(hidden).logical_not()].any()
    share = hidden[:, 1:].float().mean(dim=1)[letters].mean()
    expected = 0.5 + 0.5 * (3 / letters.sum())  # of three words one letter each is hidden for certain
    assert float(share) == pytest.approx(float(expected), abs=0.08)
    assert (seen.gather(2, shown.places[..., None])[..., 0] == CODEC.mask).equal(shown.labels != 0)


def losses_of(net, words, hide_at=None):
    if hide_at is not None:
        net.hide = lambda words: net.hide_at(words, hide_at)
    with torch.no_grad():
        losses = net.eval().losses(images(len(words)), {"words": words})
    return {name: float(loss) for name, loss in losses.items()}


def test_the_order_of_words_does_not_matter():
    words = bags(["abc", "de", "fgh"], ["hg", "ab"])
    turned = words[:, [2, 0, 1, 3]]
    at = torch.tensor([[0, 1, 2, 0], [1, 0, 0, 0]])
    one, other = losses_of(make(), words, at), losses_of(make(), turned, at[:, [2, 0, 1, 3]])
    assert one == pytest.approx(other, abs=1e-5)


def test_room_for_more_words_changes_the_text_only_where_padding_counts():
    wide = OCLIP(charset="abcdefgh", length=6, words=9)
    texts = ["abc", "de"], ["hg"]
    net = make(padding=False, masked=0.0)
    assert losses_of(net, bags(*texts)) == pytest.approx(losses_of(net, bags(*texts, codec=wide)), abs=1e-6)
    net = make(masked=0.0)
    assert losses_of(net, bags(*texts)) != pytest.approx(losses_of(net, bags(*texts, codec=wide)), abs=1e-4)


def test_a_batch_without_words_has_losses_of_nothing():
    net = make()
    losses = net.losses(images(2), {"words": bags([], [])})
    assert all(float(loss.detach()) == 0 for loss in losses.values())
    sum(losses.values()).backward()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, {"masked", "contrast"}),
        ({"masked": 0.0}, {"contrast"}),
        ({"contrast": 0.0}, {"masked"}),
        ({"layers": 0}, {"masked", "contrast"}),
        ({"contrast": 0.0, "layers": 0, "queries": "characters"}, {"masked"}),
    ],
)
def test_every_parameter_that_learns_has_a_gradient(changes, names):
    net = make(**changes)
    losses = net.losses(images(2), {"words": bags(["abc"], ["de", "fgh"])})
    assert losses.keys() == names
    sum(losses.values()).backward()
    for name, parameter in net.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


def test_images_of_other_sizes_pass():
    outputs = make().eval()(torch.randn(2, 3, 32, 96))
    assert (outputs["image"].shape, outputs["tokens"].shape) == ((2, 16), (2, 3, 16))
    assert torch.allclose(outputs["image"].norm(dim=1), torch.ones(2))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": 100}, "multiple of 32"),
        ({"heads": 3}, "heads divide"),
        ({"masks": 0}, "masks is at least 1"),
        ({"blanks": 1.5}, "blanks is a chance"),
        ({"blanks": 0.5}, "raise masks"),
        ({"masked": 0.0, "contrast": 0.0}, "one of them is positive"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, told):
    with pytest.raises(SettingsError, match=told):
        make(**changes)
    with pytest.raises(SettingsError, match="needs codec 'oclip'"):
        make_net(SMALL, CTC())
