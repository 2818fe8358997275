"""Reads photos for read.py, in a process of its own: a path a line comes in, a JSON object a line goes out.

    python worker.py SYSTEM SETTINGS        SYSTEM: scenetext or rapidocr; SETTINGS: a JSON object

It needs nothing but the system that it runs, so that each can have its own environment. The first line that
goes out says which version answers; the others hold the seconds, the number of texts, and the memory of the
process in bytes, now and at its peak.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Read = Callable[[str], int]


def scenetext(threads: int, **settings: Any) -> Read:
    """A reader that returns how many texts it finds in a photo."""
    from scenetext import Reader
    from scenetext.runtime import hand_back_memory

    hand_back_memory()  # as `scenetext read` does
    reader = Reader(threads=threads, **settings)
    return lambda path: len(reader.read(path).instances)


def rapidocr(threads: int) -> Read:
    """The same with RapidOCR, its default models and settings."""
    from rapidocr import RapidOCR

    place = "EngineConfig.onnxruntime"
    engine = RapidOCR(params={f"{place}.intra_op_num_threads": threads, f"{place}.inter_op_num_threads": 1})
    return lambda path: len(engine(path).txts or ())


SYSTEMS: dict[str, Callable[..., Read]] = {"scenetext": scenetext, "rapidocr": rapidocr}


def main() -> None:
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    # what a library prints must not get between the replies
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):  # also for threads that no setting reaches
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: settings["threads"]])
    read = SYSTEMS[name](**settings)
    print(json.dumps(f"{name} {version(name)}"), file=replies, flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        texts = read(line.rstrip("\n"))
        seconds = time.perf_counter() - began
        now, peak = memory()
        reply = {"seconds": seconds, "texts": texts, "memory": now, "peak": peak}
        print(json.dumps(reply), file=replies, flush=True)


def memory() -> tuple[int, int]:
    """Resident bytes of this process, now and at the peak; without /proc, the peak twice."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return peak, peak


if __name__ == "__main__":
    main()
