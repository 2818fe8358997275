"""Two processes under torchrun share a run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import torch
from toy_recipes import toy_recipe

from scenetext.learn.checkpoint import load_checkpoint

# The recipe of toy_recipes, through the library: the command line has no place for a test's recipe.
PROGRAM = """
import sys
from pathlib import Path
import torch
from scenetext.learn.checkpoint import save_checkpoint
from scenetext.learn import engine
from scenetext.recipe import recipe_from_json

recipe = recipe_from_json(Path(sys.argv[1]).read_text())
out = Path(sys.argv[3])
finish = torch.distributed.destroy_process_group
def keep():
    rank = torch.distributed.get_rank()
    save_checkpoint(out / f"rank{rank}.safetensors", {"net": dict(engine_net.state_dict())}, {})
    finish()
torch.distributed.destroy_process_group = keep
make = engine.make_net
def remember(*args):
    global engine_net
    engine_net = make(*args)
    return engine_net
engine.make_net = remember
engine.train(recipe, engine.Options(Path(sys.argv[2]), out, workers=0, threads=1, device="cpu"), print)
"""


def test_two_processes_end_with_the_same_weights_from_different_batches(toy_data, tmp_path):
    """Through stages that freeze one part, the other, and none."""
    recipe = toy_recipe("crnn-light", "net.seq='none'", "net.seq_args={}", "precision=fp32")
    stage = recipe.stages[0]
    frozen = (replace(stage, frozen=("pred",)), replace(stage, frozen=("feat",)), stage)
    recipe = replace(recipe, stages=frozen)
    place = tmp_path / "recipe.json"
    place.write_text(replace(recipe, name="two").to_json())
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = [str(tmp_path / "program.py"), str(place), str(toy_data), str(tmp_path / "run")]
    done = subprocess.run(
        [*command, *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (
        load_checkpoint(tmp_path / "run" / f"rank{rank}.safetensors")[0]["net"] for rank in (0, 1)
    )
    trained = [key for key in first if "running" not in key and "num_batches" not in key]
    assert all(torch.equal(first[key], second[key]) for key in trained)
    statistics = [key for key in first if "running_mean" in key]
    assert any(not torch.equal(first[key], second[key]) for key in statistics)  # each saw its own words
