"""The attention decoder, against the same written down step by step."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from scenetext.codecs.attention import END, START, Attention
from scenetext.errors import SettingsError
from scenetext.learn.nets.attention import AttentionHead

CODEC = Attention("abcde", length=6)
DEPTH, HIDDEN = 12, 10


def make_head(**settings):
    torch.manual_seed(5)
    head = AttentionHead(DEPTH, CODEC, hidden=HIDDEN, **settings)
    for parameter in head.parameters():  # biases start at zero
        torch.nn.init.normal_(parameter, std=0.5)
    return head.eval()


def literal_step(head, frames, hidden, cell, previous, weights):
    """Equations of Baek et al. for one image: frames (T, D), one step. Returns logits and the states."""
    energies = []
    for i in range(len(frames)):
        inside = head.key.weight @ frames[i] + head.query.weight @ hidden + head.query.bias
        if head.location is not None:
            kernel = head.location[0].weight[:, 0]  # (filters, 11)
            padded = functional.pad(weights, (5, 5))
            inside = inside + head.location[2].weight @ (kernel @ padded[i : i + 11])
        energies.append(head.score.weight[0] @ torch.tanh(inside))
    alpha = torch.softmax(torch.stack(energies), dim=0)
    glimpse = sum(alpha[i] * frames[i] for i in range(len(frames)))
    onehot = torch.zeros(CODEC.classes)
    onehot[previous] = 1
    x = torch.cat([glimpse, onehot])
    part = head.cell.cell
    gates = part.weight_ih @ x + part.bias_ih
    back = part.weight_hh @ hidden + part.bias_hh
    if cell is not None:
        i, f, g, o = (gates + back).chunk(4)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
    else:
        r, z, n = gates.chunk(3)
        r_back, z_back, n_back = back.chunk(3)
        r, z = torch.sigmoid(r + r_back), torch.sigmoid(z + z_back)
        hidden = (1 - z) * torch.tanh(n + r * n_back) + z * hidden
    return head.output.weight @ hidden + head.output.bias, hidden, cell, alpha


def literal_path(head, frames, truth=None):
    """Log-probabilities of all steps for one image; each step sees the truth before it, or its own choice."""
    lstm = isinstance(head.cell.cell, torch.nn.LSTMCell)
    hidden, cell = torch.zeros(HIDDEN), torch.zeros(HIDDEN) if lstm else None
    weights, previous, rows = torch.zeros(len(frames)), START, []
    for step in range(len(truth) if truth is not None else CODEC.length + 1):
        logits, hidden, cell, weights = literal_step(head, frames, hidden, cell, previous, weights)
        rows.append(torch.log_softmax(logits, dim=0))
        previous = int(truth[step]) if truth is not None else int(logits.argmax())
    return torch.stack(rows)


SETTINGS = [{}, {"cell": "gru"}, {"location": 3}, {"cell": "gru", "location": 2}]


@pytest.mark.parametrize("settings", SETTINGS)
def test_greedy_steps_are_those_of_the_equations(settings):
    head = make_head(**settings)
    frames = torch.randn(3, 8, DEPTH)
    with torch.no_grad():
        found = head(frames)["log_probs"]
        expected = torch.stack([literal_path(head, image) for image in frames])
    assert found.shape == (3, CODEC.length + 1, CODEC.classes)
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_loss_is_the_mean_over_all_characters_and_ends(settings):
    head = make_head(**settings)
    frames = torch.randn(3, 8, DEPTH)
    targets = {key: torch.from_numpy(value) for key, value in CODEC.encode(["abc", "", "edcba"]).items()}
    with torch.no_grad():
        found = head.losses(frames, targets)["attention"]
        terms = []
        for image, truth in zip(frames, targets["targets"], strict=True):
            length = truth.tolist().index(END) + 1
            rows = literal_path(head, image, truth[:length])
            terms += [-rows[i, c] for i, c in enumerate(truth[:length].tolist())]
    assert len(terms) == 4 + 1 + 6
    assert float(found) == pytest.approx(float(torch.stack(terms).mean()), abs=1e-5)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_step_graph_walks_the_greedy_path(settings):
    head = make_head(**settings)
    with torch.no_grad():
        outputs = head(torch.randn(2, 9, DEPTH))
        states = {name: value for name, value in outputs.items() if name.startswith("state_")}
        previous, step = torch.full((2,), START), head.step()
        for row in range(CODEC.length + 1):
            after = step(memory=outputs["memory"], previous=previous, **states)
            log_probs = after.pop("log_probs")
            assert torch.allclose(log_probs, outputs["log_probs"][:, row], atol=1e-5)
            assert {f"state_{name.removeprefix('next_')}" for name in after} == states.keys()
            states = {f"state_{name.removeprefix('next_')}": value for name, value in after.items()}
            previous = log_probs.argmax(dim=1)


def test_the_greedy_path_is_what_the_codec_reads():
    head = make_head()
    frames = torch.randn(4, 8, DEPTH)
    with torch.no_grad():
        outputs = {name: value.numpy() for name, value in head(frames).items()}
        paths = [literal_path(head, image).argmax(dim=1).tolist() for image in frames]
    texts = []
    for path in paths:
        ended = path[: path.index(END)] if END in path else path
        texts.append("".join("abcde"[c - 2] for c in ended if c >= 2))
    assert [text for text, _ in CODEC.decode(outputs)] == texts


def test_an_image_is_read_the_same_in_any_company():
    head = make_head()
    frames = torch.randn(3, 8, DEPTH)
    with torch.no_grad():
        together = head(frames)["log_probs"]
        for i in range(3):
            assert torch.allclose(together[i], head(frames[i : i + 1])["log_probs"][0], atol=1e-5)


def test_one_image_can_be_learnt():
    torch.manual_seed(0)
    head = AttentionHead(DEPTH, CODEC, hidden=24).train()
    frames = torch.randn(1, 7, DEPTH)
    targets = {key: torch.from_numpy(value) for key, value in CODEC.encode(["badce"]).items()}
    optimizer = torch.optim.Adam(head.parameters(), lr=0.03)
    for _ in range(60):
        optimizer.zero_grad()
        loss = head.losses(frames, targets)["attention"]
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.05
    outputs = {name: value.detach().numpy() for name, value in head.eval()(frames).items()}
    assert CODEC.decode(outputs)[0][0] == "badce"
    assert np.isfinite(outputs["log_probs"]).all()


def test_an_unknown_cell_is_refused():
    with pytest.raises(SettingsError, match="'lstm' or 'gru'"):
        AttentionHead(DEPTH, CODEC, cell="rnn")
