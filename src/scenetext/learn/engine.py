"""The training loop. There is one; methods differ in their `losses`, not in how they are trained.

A run is a folder:
    recipe.json              the complete recipe
    log.csv                  one line per report: step, stage, rate, losses, gradient norm, images/s
    validation.jsonl         one object per validation: step and the scores
    samples.txt              predictions beside the truth, at each validation
    last.safetensors         weights, averages, optimiser state, step: what --resume goes on from
    best.safetensors         the averaged weights of the best validation: what export takes
    events.out.*             the same figures for TensorBoard, if it is installed
"""

from __future__ import annotations

import csv
import json
import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..codecs import make_codec
from ..data import open_dataset
from ..errors import SettingsError, TrainingError
from ..image import CropResize
from ..recipe import Recipe, recipe_from_json
from ..settings import build
from ..types import Sample
from .checkpoint import (
    initial_weights,
    load_checkpoint,
    load_weights,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)
from .loader import Batch, batches, fixed_samples, stage_blocks
from .nets import Trainable, make_net
from .nets.recognizer import FourStage
from .optim import Averaged, gradient_norm, learning_rate, make_optimizer, place_of
from .validate import validate

log = logging.getLogger(__name__)

REPORT_EVERY = 50
SAVE_EVERY = 500


@dataclass(frozen=True)
class Options:
    """How a recipe is run, as opposed to what it says.

    data      folder of data sets, fonts and backgrounds
    out       folder of the run
    resume    go on from out/last.safetensors
    weights   a run or bundle (folder, or packaged name) whose weights to start from; every key has to match
    workers   processes that make batches
    threads   torch threads, 0 for torch's own choice
    device    "cpu", "cuda", ... or "auto": the GPU if there is one
    overfit   0, or a self-test: train on this many fixed samples and validate on the same ones
    stop      asked after every step; once it says True the run saves its state and raises KeyboardInterrupt
    """

    data: Path
    out: Path
    resume: bool = False
    weights: str | None = None
    workers: int = 1
    threads: int = 0
    device: str = "auto"
    overfit: int = 0
    stop: Callable[[], bool] = lambda: False


@dataclass
class _Run:
    """What a checkpoint holds."""

    net: Trainable
    optimizer: torch.optim.Optimizer
    average: Averaged
    step: int = 0
    best: float = -1.0

    def save(self, path: Path) -> None:
        save_checkpoint(
            path,
            {
                "net": self.net.state_dict(),
                "average": self.average.state,
                "optimizer": optimizer_tensors(self.optimizer),
                "random": {"torch": torch.get_rng_state()},
            },
            {"step": self.step, "best": self.best, "updates": self.average.updates},
        )

    def load(self, path: Path) -> None:
        groups, meta = load_checkpoint(path)
        load_weights(self.net, groups["net"], str(path))
        device = next(self.net.parameters()).device
        self.average.state = {key: value.to(device) for key, value in groups["average"].items()}
        self.average.updates = meta["updates"]
        restore_optimizer(self.optimizer, groups.get("optimizer", {}))
        torch.set_rng_state(groups["random"]["torch"])
        self.step, self.best = meta["step"], meta["best"]


def train(recipe: Recipe, options: Options, report: Callable[[str], None] = log.info) -> Path:
    """Runs a recipe to its end and returns the best checkpoint.

    Under torchrun every process takes its own share of each step's batches and gradients are averaged.
    A non-finite loss stops the run with a TrainingError after saving the batch; the last checkpoint stays.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    rank, world = _join_processes()
    random.seed(recipe.seed)
    np.random.seed(recipe.seed)  # noqa: NPY002 - for libraries that still use the global generator
    torch.manual_seed(recipe.seed)
    codec = make_codec(recipe.codec, f"recipe {recipe.name}: [codec]")
    device = _device(options.device, rank)
    net = make_net(recipe.net, codec).to(device)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
    if options.weights is not None:
        load_weights(net, initial_weights(options.weights), options.weights)
    optimizer = make_optimizer(net, recipe.optim)
    run = _Run(net, optimizer, Averaged(net, recipe.optim.ema))
    last = options.out / "last.safetensors"
    # everything that can be wrong with the data shows before the folder is made
    frames = _frames(net, recipe)
    blocks = [
        stage_blocks(recipe, index, codec, frames, options.data, rank, options.overfit)
        for index in range(len(recipe.stages))
    ]
    sets = _validation_sets(recipe, options)
    _prepare_folder(recipe, options, rank)
    if options.resume and last.is_file():
        run.load(last)
        report(f"resumed at step {run.step} of {recipe.steps}")
    model: nn.Module = _Losses(net)
    if world > 1:
        model = nn.parallel.DistributedDataParallel(model)
    logger = _Logger(options.out, recipe, report) if rank == 0 else None
    while run.step < recipe.steps:
        stage_index, start = place_of(recipe, run.step)
        for batch in batches(blocks[stage_index], start, recipe.stages[stage_index].steps, options.workers):
            rate = learning_rate(recipe.stages[stage_index], place_of(recipe, run.step)[1])
            losses, norm = _step(model, run, batch, rate, recipe, options.out)
            run.step += 1
            if logger:
                logger.step(run.step, stage_index, rate, losses, norm, batch)
            if rank == 0 and (run.step % recipe.validate.every == 0 or run.step == recipe.steps):
                result = validate(recipe, codec, net, run.average.state, sets)
                assert logger is not None
                logger.validation(run.step, result)
                if result.figure > run.best:
                    run.best = result.figure
                    save_checkpoint(
                        options.out / "best.safetensors", {"average": run.average.state}, {"step": run.step}
                    )
            stopped = options.stop()
            if rank == 0 and (stopped or run.step % SAVE_EVERY == 0 or run.step % recipe.validate.every == 0):
                run.save(last)
            if stopped:
                report(f"stopped after step {run.step} of {recipe.steps}; go on with --resume")
                raise KeyboardInterrupt
    if rank == 0:
        run.save(last)
    if world > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    return options.out / "best.safetensors"


class _Losses(nn.Module):
    """`losses` behind `forward`, which is what DistributedDataParallel hooks into."""

    def __init__(self, net: Trainable) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.net.losses(images, targets)


def _step(
    model: nn.Module, run: _Run, batch: Batch, rate: float, recipe: Recipe, out: Path
) -> tuple[dict[str, float], float]:
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    targets = {key: value for key, value in batch.items() if key not in ("images", "dropped")}
    device = next(model.parameters()).device
    targets = {key: value.to(device, non_blocking=True) for key, value in targets.items()}
    images = batch["images"].to(device, non_blocking=True, memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
        losses: dict[str, Tensor] = model(images, targets)
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
    if not torch.isfinite(total):
        place = out / "bad_batch.safetensors"
        save_checkpoint(place, {"batch": batch}, {"step": run.step})
        named = ", ".join(f"{name} {float(loss.detach()):g}" for name, loss in losses.items())
        raise TrainingError(
            f"step {run.step}: the loss is not finite ({named}); the batch is in {place}. "
            "Try a lower learning rate or stricter clipping, then --resume"
        )
    run.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(total)
    norm = gradient_norm(run.net.parameters(), recipe.optim.clip)
    if torch.isfinite(norm):  # one overflowing gradient must not ruin the weights; the log shows it
        run.optimizer.step()
        run.average.update(run.net)
    return {name: float(loss.detach()) for name, loss in losses.items()}, float(norm)


def _frames(net: Trainable, recipe: Recipe) -> dict[int, int]:
    if not isinstance(net, FourStage):
        return {}
    resize = build(CropResize, recipe.resize, "[resize]")
    return {
        width: net.frame_count(width)
        for width in (*range(0, resize.max_width + 1, resize.multiple), resize.min_width, resize.max_width)
    }


def _validation_sets(recipe: Recipe, options: Options) -> dict[str, Sequence[Sample]]:
    if options.overfit:
        return {"overfit": fixed_samples(recipe, options.data, options.overfit)}
    return {name: open_dataset(name, options.data) for name in recipe.validate.data}


def _prepare_folder(recipe: Recipe, options: Options, rank: int) -> None:
    """Makes the run's folder, or checks that it holds a run of the same recipe."""
    place = options.out / "recipe.json"
    if options.resume and place.is_file():
        old = recipe_from_json(place.read_text(encoding="utf-8"), str(place))
        if (old.net, old.codec) != (recipe.net, recipe.codec):
            raise SettingsError(f"{options.out}: holds a run of another network; choose another --out")
    elif place.is_file():
        raise SettingsError(
            f"{options.out}: holds a run already; go on with --resume or choose another --out"
        )
    elif options.resume:
        raise SettingsError(f"{options.out}: holds no run to resume")
    if torch.distributed.is_initialized():
        torch.distributed.barrier()  # or a slower process would find the folder that the first one makes
    if rank == 0:
        options.out.mkdir(parents=True, exist_ok=True)
        place.write_text(recipe.to_json() + "\n", encoding="utf-8")


def _device(name: str, rank: int) -> torch.device:
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", rank % torch.cuda.device_count())
    return torch.device("cpu")


def _join_processes() -> tuple[int, int]:
    """(rank, world size) of a run under torchrun, (0, 1) otherwise."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 1
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return torch.distributed.get_rank(), world


class _Logger:
    """Writes what happens to the run's folder and reports it in lines."""

    def __init__(self, out: Path, recipe: Recipe, report: Callable[[str], None]) -> None:
        self.out = out
        self.recipe = recipe
        self.report = report
        self.board = _tensorboard(out)
        self._sums: dict[str, float] = {}
        self._count = self._images = self._dropped = 0
        self._since = time.monotonic()

    def step(
        self, step: int, stage: int, rate: float, losses: dict[str, float], norm: float, batch: Batch
    ) -> None:
        for name, value in (losses | {"gradient": norm}).items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        self._images += len(batch["images"])
        self._dropped += int(batch["dropped"])
        if step % REPORT_EVERY and step != self.recipe.steps:
            return
        means = {name: value / self._count for name, value in self._sums.items()}
        speed = self._images / (time.monotonic() - self._since)
        left = (self.recipe.steps - step) / self._count * (time.monotonic() - self._since)
        row = {"step": step, "stage": stage, "rate": rate} | means
        row |= {"images_per_second": speed, "dropped": self._dropped}
        place = self.out / "log.csv"
        new = not place.exists()
        with place.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
        if self.board:
            for name, value in means.items():
                self.board.add_scalar(f"train/{name}", value, step)
        figures = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        self.report(
            f"step {step}/{self.recipe.steps}  {figures}  {speed:.0f} img/s  {left / 60:.0f} min left"
        )
        self._start()

    def _start(self) -> None:
        self._sums, self._count, self._images, self._dropped = {}, 0, 0, 0
        self._since = time.monotonic()

    def validation(self, step: int, result: Any) -> None:
        with (self.out / "validation.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "figure": result.figure, "scores": result.scores}) + "\n")
        with (self.out / "samples.txt").open("a", encoding="utf-8") as file:
            file.write(f"--- step {step}\n" + "\n".join(result.examples) + "\n")
        if self.board:
            self.board.add_scalar("validation/figure", result.figure, step)
        for name, score in result.scores.items():
            figures = "  ".join(f"{key} {value:.4f}" for key, value in score["values"].items())
            self.report(f"validation at step {step}: {name}  {figures}")
        for line in result.examples[:8]:
            self.report(f"    {line}")
        self._start()


def _tensorboard(out: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # optional, and slow to import
    except ImportError:
        return None
    return SummaryWriter(str(out))
