"""The training loop. There is one; methods differ in their `losses`, not in how they are trained.

A run is a folder:
    recipe.json              the complete recipe
    log.csv                  one line per report: step, stage, rate, losses, gradient norm, images/s, images,
                             and samples left out by reason
    validation.jsonl         one object per validation: step and the scores
    samples.txt              predictions beside the truth, at each validation
    last.safetensors         weights, averages, optimiser state, step: what --resume goes on from
    best.safetensors         the averaged weights of the best validation: what export takes
    events.out.*             the same figures for TensorBoard, if it is installed
    lock                     held by the process that trains; empty
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..codecs import make_codec
from ..data import open_dataset
from ..errors import SettingsError, TrainingError
from ..evaluate.protocols import find_protocol
from ..recipe import Optim, Recipe, Stage, recipe_from_json
from ..settings import build
from ..types import Sample
from ..view import CropResize, SceneResize
from .checkpoint import (
    initial_weights,
    load_checkpoint,
    load_weights,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)
from .loader import DROPPED, Batch, batches, fixed_samples, stage_blocks
from .nets import Trainable, make_net
from .nets.recognizer import FourStage
from .optim import Averaged, gradient_norm, learning_rate, make_optimizer, place_of, set_rate
from .parts import freeze, stage_rates
from .processes import any_process, choose_device, hold_folder, join_processes, leave_processes, limit_threads
from .record import Record
from .validate import validate

log = logging.getLogger(__name__)

SAVE_EVERY = 500
_MOST_SKIPPED = 20  # steps in a row without a finite gradient, after which a run has gone wrong for good


@dataclass(frozen=True)
class Options:
    """How a recipe is run, as opposed to what it says.

    data      folder of data sets, fonts and backgrounds
    out       folder of the run
    resume    go on from out/last.safetensors
    weights   a run or bundle (folder, or packaged name) whose weights to start from; every key has to match
    parts     of the network, such as "trunk", that `weights` are taken for, if not for all there are
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
    parts: tuple[str, ...] = ()
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
    skipped: int = 0  # steps in a row whose gradient was not finite

    def __post_init__(self) -> None:
        # all that ever learn, in the order that checkpoints have; stages regroup them and leave some out
        self._parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    def enter(self, stage: Stage, rates: Mapping[str, float], settings: Optim) -> None:
        """Freezes what a stage freezes; the optimiser keeps what it knows of every parameter."""
        freeze(self.net, stage.frozen, rates)
        state = self.optimizer.state
        self.optimizer = make_optimizer(self.net, settings, rates)
        self.optimizer.state.update(state)

    def save(self, path: Path) -> None:
        save_checkpoint(
            path,
            {
                "net": self.net.state_dict(),
                "average": self.average.state,
                "optimizer": optimizer_tensors(self.optimizer, self._parameters),
                "random": {"torch": torch.get_rng_state()},
            },
            {"step": self.step, "best": self.best, "updates": self.average.updates},
        )

    def load(self, path: Path) -> None:
        """Takes up what `save` wrote, before any stage was entered."""
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
    A loss that is not finite, or gradients that stay so, stop the run with a TrainingError; the batch is
    saved and the last checkpoint stays. Raises SettingsError and DataError before anything is written.
    """
    limit_threads(options.threads)
    device = choose_device(options.device)
    codec = make_codec(recipe.codec, f"recipe {recipe.name}: [codec]")
    protocol = find_protocol(recipe.validate.protocol)
    found = recipe.task == "spotting" and protocol.task == "detection"  # what a spotter finds, unread
    if protocol.task != recipe.task and not found:
        raise SettingsError(f"recipe {recipe.name}: protocol {protocol.name} scores {protocol.task}")
    random.seed(recipe.seed)
    np.random.seed(recipe.seed)  # noqa: NPY002 - for libraries that still use the global generator
    torch.manual_seed(recipe.seed)
    net = make_net(recipe.net, codec)
    _try_out(net, recipe)
    net.to(device)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's stubs
    if options.weights is not None:
        weights, parts = initial_weights(options.weights)
        load_weights(net, weights, options.weights, options.parts or parts)
    elif options.parts:
        raise SettingsError("parts of which weights? Name them with --weights")
    rates = [
        stage_rates(net, stage, f"recipe {recipe.name}, stage {index}")
        for index, stage in enumerate(recipe.stages)
    ]
    run = _Run(net, make_optimizer(net, recipe.optim), Averaged(net, recipe.optim.ema))
    rank, world = join_processes(device)
    frames = _frames(net, recipe)
    blocks = [
        stage_blocks(recipe, index, codec, frames, options.data, rank, options.overfit)
        for index in range(len(recipe.stages))
    ]
    if options.overfit:
        sets: dict[str, Sequence[Sample]] = {
            "overfit": fixed_samples(recipe, codec, options.data, options.overfit)
        }
    else:
        sets = {name: open_dataset(name, options.data) for name in recipe.validate.data}
    last = options.out / "last.safetensors"
    held = _prepare_folder(recipe, options, rank)
    if options.resume and last.is_file():
        run.load(last)
        report(f"resumed at step {run.step} of {recipe.steps}")
    record = Record(options.out, run.step, recipe.steps, report) if rank == 0 else None
    try:
        while run.step < recipe.steps:
            index, start = place_of(recipe, run.step)
            stage = recipe.stages[index]
            run.enter(stage, rates[index], recipe.optim)
            model: nn.Module = _Losses(net)
            if world > 1:  # anew for each stage: it waits for the gradients of what learnt when it was made
                model = nn.parallel.DistributedDataParallel(model)
            for batch in batches(blocks[index], start, stage.steps, options.workers):
                rate = learning_rate(stage, place_of(recipe, run.step)[1])
                figures = _step(model, run, batch, rate, recipe, options.out)
                run.step += 1
                stopped = any_process(options.stop(), device, world)
                due = run.step % recipe.validate.every == 0 or run.step == recipe.steps
                if record is not None:
                    dropped = dict(zip(DROPPED, batch["dropped"].tolist(), strict=True))
                    record.step(run.step, index, rate, figures, len(batch["images"]), dropped)
                    if due:
                        _validate(recipe, codec, run, sets, record)
                    if due or stopped or run.step % SAVE_EVERY == 0:
                        run.save(last)
                if stopped:
                    report(f"stopped after step {run.step} of {recipe.steps}; go on with --resume")
                    raise KeyboardInterrupt
    finally:
        if record is not None:
            record.close()
        if held is not None:
            held.close()
    leave_processes(world)
    return options.out / "best.safetensors"


def _validate(
    recipe: Recipe, codec: Any, run: _Run, sets: dict[str, Sequence[Sample]], record: Record
) -> None:
    """Scores the averaged weights and keeps them if they are the best so far."""
    result = validate(recipe, codec, run.net, run.average.state, sets)
    record.validation(run.step, result)
    if result.figure > run.best:
        run.best = result.figure
        save_checkpoint(record.out / "best.safetensors", {"average": run.average.state}, {"step": run.step})


class _Losses(nn.Module):
    """`losses` behind `forward`, which is what DistributedDataParallel hooks into."""

    def __init__(self, net: Trainable) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.net.losses(images, targets)


def _step(
    model: nn.Module, run: _Run, batch: Batch, rate: float, recipe: Recipe, out: Path
) -> dict[str, float]:
    """One optimiser step; returns the losses and the norm of the gradient before clipping."""
    set_rate(run.optimizer, rate)
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
    if torch.isfinite(norm):
        run.skipped = 0
        run.optimizer.step()
        run.average.update(run.net)
    else:  # one overflowing gradient must not ruin the weights
        run.skipped += 1
        if run.skipped >= _MOST_SKIPPED:
            raise TrainingError(
                f"step {run.step}: the gradient was not finite {run.skipped} times in a row. "
                "Try a lower learning rate or precision fp32, then --resume"
            )
    return {name: float(loss.detach()) for name, loss in losses.items()} | {"gradient": float(norm)}


def _frames(net: Trainable, recipe: Recipe) -> dict[int, int]:
    if not isinstance(net, FourStage):
        return {}
    resize = build(CropResize, recipe.resize, "[resize]")
    return {
        width: net.frame_count(width)
        for width in (*range(0, resize.max_width + 1, resize.multiple), resize.min_width, resize.max_width)
    }


def _try_out(net: Trainable, recipe: Recipe) -> None:
    """Runs the network once on an empty view of the recipe's size. Raises SettingsError if it cannot."""
    resize: CropResize | SceneResize
    if recipe.task == "recognition":
        resize = build(CropResize, recipe.resize, f"recipe {recipe.name}: [resize]")
        shape = (1, resize.channels, resize.height, resize.min_width)
    else:
        resize = build(SceneResize, recipe.resize, f"recipe {recipe.name}: [resize]")
        shape = (1, 3, 2 * resize.multiple, resize.multiple)
    net.eval()
    try:
        with torch.no_grad():
            net(torch.zeros(shape))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f"recipe {recipe.name}: the net cannot take {shape} inputs: {reason}") from error
    net.train()


def _prepare_folder(recipe: Recipe, options: Options, rank: int) -> IO[str] | None:
    """Makes the run's folder, or checks that it holds a run that this recipe can go on with. Of the first
    process: what holds it.

    Stages, data, validation and seed may change; what weights and optimiser state depend on may not.
    """
    place = options.out / "recipe.json"
    if options.resume and place.is_file():
        old = recipe_from_json(place.read_text(encoding="utf-8"), str(place))
        for part in ("task", "net", "codec", "resize", "optim"):
            if getattr(old, part) != getattr(recipe, part):
                raise SettingsError(
                    f"{options.out}: holds a run with another {part}; choose another --out, or start "
                    "from its weights with --weights"
                )
    elif place.is_file():
        raise SettingsError(
            f"{options.out}: holds a run already; go on with --resume or choose another --out"
        )
    elif options.resume:
        raise SettingsError(f"{options.out}: holds no run to resume")
    if torch.distributed.is_initialized():
        torch.distributed.barrier()  # or a slower process would find the folder that the first one makes
    if rank != 0:
        return None
    options.out.mkdir(parents=True, exist_ok=True)
    held = hold_folder(options.out)
    place.write_text(recipe.to_json() + "\n", encoding="utf-8")
    return held
