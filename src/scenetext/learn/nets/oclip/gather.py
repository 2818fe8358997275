"""Values of all processes of a run, with gradients as of one batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def gather(x: Tensor) -> Tensor:
    """x (N, ...) of all processes (world * N, ...), in the order of their ranks; x itself without others.

    If every process computes the same loss of it, and gradients are then averaged over the processes, as
    DistributedDataParallel does, they are those of that loss on the joined batch.
    """
    if not _together():
        return x
    gathered: Tensor = _Gather.apply(x)  # type: ignore[no-untyped-call]
    return gathered


def total(count: Tensor) -> Tensor:
    """The mean, over all processes, of a count: what a sum has to be divided by for its average over the
    processes to be the mean over the joined batch."""
    count = count.float()
    if not _together():
        return count
    distributed.all_reduce(count)
    return count / distributed.get_world_size()


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, x.contiguous())
        ctx.count = len(x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous()
        distributed.all_reduce(gradient)
        start = distributed.get_rank() * ctx.count
        return gradient[start : start + ctx.count]
