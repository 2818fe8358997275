"""The text recognition network against its equations, region by region and step by step."""

import itertools

import pytest
import torch

from scenetext.learn.nets.li2017.reading import TextRecognitionNetwork


def literal(net, states, start, characters):
    """Log-probabilities and attention of one region (W, R): step 0, then one for each character seen."""
    v = net.lstm(states[None])[0][0]
    h = c = torch.zeros(v.shape[1])
    rows, looks = [], []
    for step, character in enumerate([None, start, *characters]):
        x = v[-1] if step == 0 else torch.tanh(net.embedding.weight[character])
        if net.key is None:
            alpha = torch.zeros(len(v))
            alpha[-1] = 1
        else:
            g = [torch.tanh(net.key.weight @ v_j + net.query(h)) for v_j in v]
            alpha = torch.softmax(torch.stack([net.energy.weight[0] @ g_j for g_j in g]), dim=0)
            x = torch.cat([x, sum(a * v_j for a, v_j in zip(alpha, v, strict=True))])
        h, c = net.cell(x, (h, c))
        if step:
            rows.append(torch.log_softmax(net.output(h), dim=0))
            looks.append(alpha)
    return torch.stack(rows), torch.stack(looks)


@pytest.fixture(params=[True, False], ids=["attention", "last state"])
def net(request):
    torch.manual_seed(0)
    return TextRecognitionNetwork(12, 7, attention=request.param)


def test_the_greedy_text_follows_the_equations_for_each_region_alone(net):
    states, widths = torch.randn(3, 6, 12), torch.tensor([6, 2, 4])
    log_probs, attention = net(states, widths, 4)
    assert log_probs.shape == (3, 4, 7)
    assert attention.shape == (3, 4, 6)
    for i, width in enumerate(widths):
        seen = log_probs[i].argmax(dim=1)[:-1].tolist()
        rows, looks = literal(net, states[i, :width], 7, seen)
        assert torch.allclose(log_probs[i], rows, atol=1e-5)
        assert torch.allclose(attention[i, :, :width], looks, atol=1e-5)
        assert (attention[i, :, width:] == 0).all()


def test_the_loss_is_that_of_the_true_characters_and_the_end(net):
    states, widths = torch.randn(3, 6, 12), torch.tensor([6, 2, 4])
    texts = torch.tensor([[2, 3, 1, -1, -1], [5, 1, -1, -1, -1], [1, -1, -1, -1, -1]])
    losses = net.loss(states, widths, texts)
    for i, width in enumerate(widths):
        text = [kind for kind in texts[i].tolist() if kind >= 0]
        rows, _ = literal(net, states[i, :width], 7, text[:-1])
        expected = -sum(row[kind] for row, kind in zip(rows, text, strict=True))
        assert torch.allclose(losses[i], expected, atol=1e-5)


def test_every_parameter_learns(net):
    net.loss(
        torch.randn(2, 5, 12), torch.tensor([5, 3]), torch.tensor([[2, 3, 1], [4, 1, -1]])
    ).sum().backward()
    missing = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert missing == []


def test_the_ctc_loss_is_that_of_all_alignments_with_the_end_for_a_blank():
    torch.manual_seed(0)
    net = TextRecognitionNetwork(12, 5, ctc=True)
    states, widths = torch.randn(3, 4, 12), torch.tensor([4, 3, 1])
    texts = torch.tensor([[2, 3, 1, -1], [4, 4, 1, -1], [2, 3, 1, -1]])
    losses = net.ctc_loss(states, widths, texts)
    for i in range(2):
        rows = torch.softmax(net.labels(states[i, : widths[i]]), dim=1)
        total = 0.0
        for path in itertools.product(range(5), repeat=int(widths[i])):
            spelt = [label for label, _ in itertools.groupby(path) if label != 1]
            if spelt == [label for label in texts[i].tolist() if label not in (1, -1)]:
                total += torch.stack([row[label] for row, label in zip(rows, path, strict=True)]).prod()
        assert torch.allclose(losses[i], -torch.log(total), atol=1e-5)
    assert losses[2] == 0  # two characters in one column
