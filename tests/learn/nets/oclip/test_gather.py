"""Two processes beside one with the joined batch."""

from __future__ import annotations

import os
import subprocess
import sys

import torch
from safetensors.torch import load_file

from scenetext.learn.nets.oclip.gather import gather, total

PROGRAM = """
import sys
import torch
from safetensors.torch import save_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from scenetext.codecs.oclip import OCLIP
from scenetext.learn.nets import make_net

class Losses(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
    def forward(self, images, words):
        return self.net.losses(images, {"words": words})

codec = OCLIP(charset="abcdefgh", length=6, words=3)
torch.manual_seed(0)
net = make_net({"name": "oclip", "backbone": "clip-light", "size": 32, "dim": 16, "text_width": 16,
    "text_heads": 2, "text_layers": 1, "heads": 2, "layers": 1, "masked": 1.0}, codec).eval()
bags = [["abc", "de"], ["a"], ["fgh"], [], ["hg", "gh", "ab"], ["c"]]
words = torch.zeros(6, 3, 6, dtype=torch.int64)
for row, bag in zip(words, bags):
    row[: len(bag)] = torch.from_numpy(codec.encode_words(bag))
images = torch.randn(6, 3, 32, 32)
net.hide = lambda words: net.hide_at(words, torch.zeros(words.shape[:2], dtype=torch.int64))
model, share = Losses(net), slice(0, 6)
if len(sys.argv) > 2:
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    model, share = DistributedDataParallel(model), slice(3 * rank, 3 * rank + 3)
losses = model(images[share], words[share])
sum(losses.values()).backward()
found = {name: value.detach().clone() for name, value in losses.items()}
if len(sys.argv) > 2:
    for value in found.values():
        distributed.all_reduce(value, op=distributed.ReduceOp.SUM)
        value /= 2
found |= {f"{name}.grad": p.grad for name, p in net.named_parameters() if p.requires_grad}
if len(sys.argv) <= 2 or rank == 0:
    save_file(found, sys.argv[1])
if len(sys.argv) > 2:
    distributed.barrier()  # or one of them may find the other gone
    distributed.destroy_process_group()
"""


def test_a_single_process_gathers_what_it_has():
    x = torch.randn(3, 2)
    assert gather(x) is x
    assert total(torch.tensor(4)) == 4


def test_losses_and_gradients_of_two_processes_are_those_of_the_joined_batch(tmp_path):
    """With different numbers of words in each, and an image without any."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for launcher, arguments in (([], ["one"]), (launch, ["two", "together"])):
        done = subprocess.run(
            [sys.executable, *launcher, str(program), *arguments],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    one, two = load_file(tmp_path / "one"), load_file(tmp_path / "two")
    assert one.keys() == two.keys()
    assert float(one["masked"]) > 0.1
    assert float(one["contrast"]) > 0.1
    for name, value in one.items():
        assert torch.allclose(value, two[name], atol=1e-5, rtol=1e-4), name
    gradients = [value for name, value in one.items() if name.endswith("grad")]
    assert sum(float(value.abs().max()) > 1e-3 for value in gradients) > len(gradients) / 2
