"""Running exported graphs with onnxruntime; the only module that imports it."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from .errors import BundleError, GraphError
from .types import Graph

log = logging.getLogger(__name__)

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def cpu_count() -> int:
    """The processors this process may use: its affinity, and the quota of its control group if it has one."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no control groups, or the quota is "max"
        pass
    return count


def hand_back_memory() -> None:
    """Makes this process give large blocks back to the system at once, where its C library is glibc.

    glibc raises the size above which it does so as a program goes on, and the views and maps of photos then
    stay with the process: a quarter less memory at the peak for a tenth more time. It holds for the whole
    process, which is why commands ask for it and the library does not.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another system, or another C library
        return
    mallopt(_M_MMAP_THRESHOLD, 8_000_000)
    mallopt(_M_TRIM_THRESHOLD, 64_000_000)


class OrtGraph:
    """An ONNX file as a Graph. Safe to share between threads; pickles as its path.

    Of the arrays it is given it takes those that it has inputs for.

    threads   threads of its own that a call may use; None: as many as `cpu_count`.
    Raises BundleError if the file is not a graph that onnxruntime can load; called, GraphError if it cannot
    be run on its inputs, which may be of a size it does not take, or more than memory holds.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path = Path(path)
        self.threads = threads or cpu_count()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Views differ in size from image to image. Planning memory for each size seen, and keeping it, would
        # grow the process with every new one.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False
        # Idle threads that spin would take the processor from whoever cuts crops and decodes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(
                os.fspath(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no base class of their own
            raise BundleError(f"{path}: onnxruntime cannot load this graph ({_one_line(error)})") from error
        self._session = session
        self._inputs = [given.name for given in session.get_inputs()]
        self._outputs = [output.name for output in session.get_outputs()]

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        taken = {name: inputs[name] for name in self._inputs if name in inputs}
        try:
            outputs = self._session.run(self._outputs, taken)
        except Exception as error:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in taken.items())
            raise GraphError(f"{self.path}: cannot be run on {shapes}: {_one_line(error)}") from error
        return dict(zip(self._outputs, outputs, strict=True))

    def __reduce__(self) -> tuple[type, tuple[Path, int]]:
        return type(self), (self.path, self.threads)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def run(graphs: Sequence[Graph], codec: Any, inputs: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The outputs of a model of one graph, or of several with proposals in between.

    Each further graph gets all outputs so far, and what `codec.propose` makes of them. Decoding sees both.
    """
    outputs = graphs[0](inputs)
    for graph in graphs[1:]:
        outputs = outputs | codec.propose(outputs)
        outputs = outputs | graph(outputs)
    return outputs
