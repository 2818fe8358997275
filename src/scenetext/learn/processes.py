"""What a run computes on: the device, the threads, and the processes that torchrun starts."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import IO

import cv2
import torch

from ..errors import SettingsError


def hold_folder(folder: Path) -> IO[str]:
    """Keeps a second process from training in a run's folder, until the file is closed or this process ends.

    Raises SettingsError if another one holds it. On Windows, and where files cannot be locked, nothing is.
    """
    file = (folder / "lock").open("a", encoding="utf-8")
    if sys.platform != "win32":
        import fcntl

        try:
            # held by the process and not by the file, so that workers that outlive it do not hold it
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            file.close()
            raise SettingsError(f"{folder}: another process is training there; stop it first") from error
        except OSError:  # a file system without locks
            pass
    return file


def limit_threads(count: int | None) -> None:
    """Lets torch and OpenCV use `count` threads; None or 0 leaves torch its own choice."""
    if count:
        torch.set_num_threads(count)
        cv2.setNumThreads(count)


def choose_device(name: str) -> torch.device:
    """The device of this process: "auto" is a GPU if there is one, and each process of a machine has its own.

    Raises SettingsError for a device that does not exist here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
        if device.type == "cuda":
            torch.cuda.set_device(device)
    except (RuntimeError, AssertionError) as error:  # torch builds without CUDA assert
        raise SettingsError(f"--device {name}: {str(error).splitlines()[0]}") from error
    return device


def join_processes(device: torch.device) -> tuple[int, int]:
    """(rank, number of processes) of a run under torchrun; (0, 1) without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 1
    # the others wait while the first process validates
    torch.distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo", timeout=timedelta(hours=6)
    )
    return torch.distributed.get_rank(), world


def any_process(answer: bool, device: torch.device, world: int) -> bool:
    """True if any process says so: they have to stop at the same step."""
    if world == 1:
        return answer
    votes = torch.tensor(int(answer), device=device)
    torch.distributed.all_reduce(votes)
    return bool(votes.item())


def leave_processes(world: int) -> None:
    """Waits for all and ends what `join_processes` began."""
    if world > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
