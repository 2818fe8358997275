"""The experiment of pre-training: the same short trainings from different starts.

    python benchmarks/starts.py {systems,ablation,portions} --data FOLDER --runs FOLDER [--jobs N]

`systems` fine-tunes four detectors and a spotter from nothing, from a supervised start (a detector that was
trained on the same images, with their polygons), and from oCLIP. `ablation` pre-trains oCLIP without its
parts, `portions` with 25, 50 and 75 % of the words, for half as long, and fine-tunes PSENet. All backbones
are `clip-light`. Runs are named SYSTEM-START-SEED, as for transfer.py, which scores them, and pre-trainings
pre-START.

Each is a `scenetext train` in a process of its own, `--jobs` at a time, with one thread and one process that
makes its batches. What was stopped goes on with the same command. The scenes that are read are those of
docs/pretraining.md, drawn beforehand.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

DETECTORS = ("psenet", "db", "fcenet", "textbpn")
SPOTTER = "mask_textspotter"
WITHOUT = {  # parts of oCLIP that are left in
    "cae": ("net.layers=0", "net.contrast=0.0"),
    "cae_vtd": ("net.contrast=0.0",),
    "cae_bcl": ("net.layers=0",),
    "whole": (),
}
PORTIONS = (0.25, 0.5, 0.75)

PLAIN = 'name="icdar:plain/train"'
SCENES = 'name="icdar:scenes/train"'
CURVED = 'name="icdar:curved/train"'
PHOTOS = 'name="icdar2015:train"'
MIXTURE = f"[{{{PLAIN},share=0.2}},{{{SCENES},share=0.5}},{{{PHOTOS},share=0.3}}]"
NEVER = 1_000_000  # steps between validations of runs that have none


@dataclass(frozen=True)
class Training:
    """One run: a recipe, its changes, and the run whose backbone it starts from, if any."""

    name: str
    recipe: str
    changes: tuple[str, ...]
    start: str | None = None


def supervised(name: str, steps: int) -> Training:
    """A detector (DB) on the images that oCLIP sees, in windows as short trainings have them."""
    augment = "{size=256,crops=4,text_height=[10.0,60.0],scale=[0.4,3.0],rotation=10.0}"
    rate = 'lr=2e-3,warmup=200,schedule="cosine"'
    stage = f"{{steps={steps},batch=16,{rate},data={MIXTURE},augment={augment}}}"
    changes = ('net.backbone="clip-light"', "optim.ema=0.99", f"stages=[{stage}]", f"validate.every={NEVER}")
    return Training(name, "db-light", changes)


def unlabelled(name: str, steps: Sequence[int], changes: Sequence[str] = ()) -> Training:
    """oCLIP on images and their words; `steps` of its two stages."""
    own = (
        f"stages.0.steps={steps[0]}",
        f"stages.1.steps={steps[1]}",
        f"stages.0.data=[{{{PLAIN}}}]",
        f"stages.1.data={MIXTURE}",
        f"validate.every={NEVER}",
    )
    return Training(name, "oclip-light", (*own, *changes))


def short(system: str, start: str, seed: int, steps: int, source: str | None) -> Training:
    """A short training of a system. Validation, for curves, is on few images; transfer.py scores all."""
    augment = "{size=256,crops=4,text_height=[10.0,60.0],scale=[0.5,3.0],rotation=10.0,steep=0.03}"
    data = f"[{{{PHOTOS},share=0.5}},{{{SCENES},share=0.3}},{{{CURVED},share=0.2}}]"
    batch = 8
    extra: tuple[str, ...] = ()
    if system == SPOTTER:  # a step costs as much as twice as many windows of a detector
        batch, extra = 4, ("codec.min_sequence=0.0", "codec.min_score=0.5")
    stage = (
        f"{{steps={steps},batch={batch},lr=2e-3,warmup={max(steps // 10, 1)},"
        f'schedule="cosine",data={data},augment={augment}}}'
    )
    changes = (
        'net.backbone="clip-light"',
        "optim.ema=0.99",
        f"stages=[{stage}]",
        f"seed={seed}",
        f"validate.every={max(steps // 3, 1)}",
        'validate.data=["icdar2015:val","icdar:curved/test"]',
        "validate.limit=20",
        'validate.protocol="icdar2015-detection"',
        *extra,
    )
    return Training(f"{system}-{start}-{seed}", f"{system}-light", changes, source)


def plan(args: argparse.Namespace) -> list[Training]:
    """The trainings of an experiment, each behind the one that it starts from."""
    first, second, seeds = args.oclip[0], args.oclip[1], range(1, args.seeds + 1)
    half = (first // 2, second // 2)
    if args.experiment == "systems":
        found = [supervised("pre-det", args.supervised), unlabelled("pre-oclip", (first, second))]
        sources = {"oclip": "pre-oclip", "det": "pre-det", "scratch": None}
        systems: tuple[str, ...] = (*DETECTORS, SPOTTER)
    else:
        changes: Mapping[str, Sequence[str]] = WITHOUT
        if args.experiment == "portions":
            changes = {
                f"words_{round(100 * share)}": [f"stages.{i}.augment.portion={share}" for i in (0, 1)]
                for share in PORTIONS
            }
        found = [unlabelled(f"pre-{name}", half, change) for name, change in changes.items()]
        sources = {name: f"pre-{name}" for name in changes}
        systems = ("psenet",)
    for seed in seeds:
        for system in systems:
            steps = args.spotter_steps if system == SPOTTER else args.steps
            found += [short(system, start, seed, steps, source) for start, source in sources.items()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("experiment", choices=("systems", "ablation", "portions"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=450, help="of a detector's short training")
    parser.add_argument("--spotter-steps", type=int, default=900, help="of the spotter's: 225 find nothing")
    parser.add_argument("--oclip", type=int, nargs=2, default=(1600, 1600), help="steps of the two stages")
    parser.add_argument(
        "--supervised", type=int, default=4400, help="steps of that start: choose what takes as long"
    )
    args = parser.parse_args()
    todo = plan(args)
    done: dict[str, Future[bool]] = {}
    with ThreadPoolExecutor(args.jobs) as pool:
        # a training waits only for ones that stand before it, so that some training always goes on
        for training in todo:
            waited = done.get(training.start) if training.start else None
            done[training.name] = pool.submit(work, training, waited, args.data, args.runs)
    failed = [name for name, ended in done.items() if not ended.result()]
    if failed:
        sys.exit(f"failed: {', '.join(failed)} (see {args.runs}/NAME.log)")
    print("python benchmarks/transfer.py", *(args.runs / t.name for t in todo if "pre-" not in t.name))


def work(training: Training, waited: Future[bool] | None, data: Path, runs: Path) -> bool:
    """Run or go on with a training; whether it ended well."""
    if waited is not None and not waited.result():
        return False
    out = runs / training.name
    mark = runs / f"{training.name}.done"
    if mark.is_file():
        return True
    runs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "scenetext.cli.main", "train", training.recipe, "--threads", "1"]
    command += ["--data", str(data), "--out", str(out)]
    for change in training.changes:
        command += ["--set", change]
    if training.start is not None:
        command += ["--weights", str(runs / training.start), "--parts", "backbone"]
    if (out / "last.safetensors").is_file():
        command.append("--resume")
    elif out.is_dir():  # stopped before its first checkpoint
        shutil.rmtree(out)
    began = time.monotonic()
    with (runs / f"{training.name}.log").open("a", encoding="utf-8") as log:
        ended = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode == 0
    minutes = (time.monotonic() - began) / 60
    print(f"{training.name}: {'done' if ended else 'failed'} after {minutes:.1f} minutes", flush=True)
    if ended:
        mark.write_text(f"{minutes:.1f} minutes, one core\n", encoding="utf-8")
    return ended


if __name__ == "__main__":
    main()
