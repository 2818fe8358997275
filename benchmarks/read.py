"""How long a photo takes, and how much memory; beside RapidOCR if it is given.

    python benchmarks/read.py [PHOTOS] [--peer-python PATH]

PHOTOS is a folder (default: the examples). PATH is a Python with rapidocr and onnxruntime, e.g. of a virtual
environment of its own. Both systems read every photo in turn, each in a process of its own that is kept to
the same number of processors, so that whatever else the machine does meets both. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import describe, versions
from tqdm import tqdm

from scenetext.image import image_size

HERE = Path(__file__).parent
MIB = 2**20
SETTLED = 50  # photos after which the memory of a long run should have stopped growing


class Worker:
    """A process that reads photos; see worker.py."""

    def __init__(self, python: str, system: str, **settings: Any) -> None:
        self.system = system
        self._process = subprocess.Popen(
            [python, str(HERE / "worker.py"), system, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.version = self._reply()

    def read(self, photo: Path) -> dict[str, float]:
        """Reads a photo: seconds, texts, and bytes of memory now and at the peak."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{photo}\n")
        self._process.stdin.flush()
        reply: dict[str, float] = self._reply()
        return reply

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def _reply(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(
                f"{' '.join(map(str, self._process.args[:3]))}: ended; run it by hand to see why"
            )
        return json.loads(line)


def in_turn(workers: list[Worker], photos: list[Path], repeats: int) -> list[list[dict[str, float]]]:
    """The replies of each worker, after one round to warm up; they take turns photo by photo."""
    for worker, photo in itertools.product(workers, photos[:3]):
        worker.read(photo)
    replies: list[list[dict[str, float]]] = [[] for _ in workers]
    for photo in tqdm(photos * repeats, unit="photo", disable=None, file=sys.stderr):
        for worker, row in zip(workers, replies, strict=True):
            row.append(worker.read(photo))
    return replies


def start_to_end(commands: list[list[str]], repeats: int) -> list[float]:
    """Median seconds of whole commands, from start to exit; they take turns."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(repeats + 1):  # the first round only fills the file caches
        for command, row in zip(commands, seconds, strict=True):
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            row.append(time.perf_counter() - began)
    return [statistics.median(row[1:]) for row in seconds]


def growth(worker: Worker, photos: list[Path], count: int) -> tuple[float, float]:
    """Bytes of memory after SETTLED photos and after `count`, in a fresh process."""
    settled = last = 0.0
    rounds = itertools.islice(itertools.cycle(photos), count)
    for number, photo in enumerate(tqdm(rounds, total=count, disable=None, file=sys.stderr), start=1):
        last = worker.read(photo)["memory"]
        if number == min(SETTLED, count):
            settled = last
    return settled, last


def main() -> None:
    args = arguments()
    photos = sorted(p for p in args.photos.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    photos = photos[: args.photo_limit] if args.photo_limit else photos
    if not photos:
        raise SystemExit(f"{args.photos}: holds no .jpg or .png")
    chosen = {"model": args.model, "detector": args.detector, "recognizer": args.recognizer}
    settings = {key: str(value) for key, value in chosen.items() if value}
    flags = [f for key, value in settings.items() for f in (f"--{key}", value)]

    workers = [Worker(sys.executable, "scenetext", threads=args.threads, **settings)]
    commands = [
        [sys.executable, "-m", "scenetext.cli.main", "read", str(photos[0]), "--threads", str(args.threads)]
        + flags
    ]
    if args.peer_python:
        workers.append(Worker(args.peer_python, "rapidocr", threads=args.threads))
        commands.append([str(Path(args.peer_python).parent / "rapidocr"), "-img", str(photos[0])])
    replies = in_turn(workers, photos, args.repeats)
    for worker in workers:
        worker.close()
    starts = start_to_end(commands, args.repeats)

    sizes = sorted({"{} x {}".format(*image_size(photo)) for photo in photos})
    print(f"{describe()}; {versions('onnxruntime', 'numpy', 'pillow')}.")
    print(
        f"{len(photos)} photos ({', '.join(sizes[:3])}{', ...' if sizes[3:] else ''}), {args.repeats} times "
        f"each, {args.threads} threads.\n"
    )
    names = [worker.version for worker in workers]
    print(f"| | {' | '.join(names)} |{' ratio |' if len(names) == 2 else ''}")
    print("|---|" + "--:|" * (len(names) + (len(names) == 2)))
    seconds = [sorted(reply["seconds"] for reply in row) for row in replies]
    print_row("seconds a photo, median", [statistics.median(values) for values in seconds], 3)
    print_row("seconds a photo, 9 of 10 within", [values[int(0.9 * len(values))] for values in seconds], 3)
    print_row("texts found a photo, mean", [statistics.mean(r["texts"] for r in row) for row in replies], 1)
    print_row("memory at its peak, MiB", [row[-1]["peak"] / MIB for row in replies], 0)
    print_row("the command, one photo, start to end, seconds", starts, 2)
    if args.images:
        worker = Worker(sys.executable, "scenetext", threads=args.threads, **settings)
        settled, last = growth(worker, photos, args.images)
        worker.close()
        print(
            f"\nMemory of scenetext over {args.images} photos: {settled / MIB:.1f} MiB after "
            f"{min(SETTLED, args.images)}, {last / MIB:.1f} MiB at the end ({last / settled - 1:+.1%})."
        )


def print_row(what: str, values: list[float], digits: int) -> None:
    """A line of the table; with two columns, how many times the first the second is."""
    cells = [f"{value:.{digits}f}" for value in values]
    if len(values) == 2:
        cells.append(f"{values[1] / values[0]:.1f}" if values[0] else "")
    print(f"| {what} | {' | '.join(cells)} |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("photos", nargs="?", type=Path, default=HERE.parent / "examples", help="folder (default: examples)")
    add("--photo-limit", type=int, default=0, metavar="N", help="only the first N photos of the folder")
    add("--model", help="as for scenetext read")
    add("--detector", help="bundle, by name or folder")
    add("--recognizer", help="bundle, by name or folder")
    add("--threads", type=int, default=2, metavar="N", help="default: 2")
    add("--repeats", type=int, default=5, metavar="N", help="times each photo is read (default: 5)")
    add("--images", type=int, default=1000, metavar="N", help="of the long run; 0 for none (default: 1000)")
    add("--peer-python", metavar="PATH", help="a Python with rapidocr and onnxruntime")
    return parser.parse_args()


if __name__ == "__main__":
    main()
