"""What a run writes about itself: figures, validations, samples."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .loader import DROPPED, describe_dropped
from .validate import Validation

REPORT_EVERY = 50


class Record:
    """The log files of a run's folder, and lines for whoever watches.

    out      the folder; `log.csv` and `validation.jsonl` there are cut back to `step`, so that a run that was
             killed after its last checkpoint does not tell the same steps twice
    total    steps of the whole run
    report   takes lines
    """

    def __init__(self, out: Path, step: int, total: int, report: Callable[[str], None]) -> None:
        self.out = out
        self.total = total
        self.report = report
        self._rows = self._earlier(step)
        self._forget_validations(step)
        self._board = _tensorboard(out, step)
        self._all_images = sum(int(row.get("images") or 0) for row in self._rows)
        self._all_dropped = Counter(
            {reason: sum(int(row.get(f"dropped_{reason}") or 0) for row in self._rows) for reason in DROPPED}
        )
        self._start()

    def step(
        self,
        step: int,
        stage: int,
        rate: float,
        figures: Mapping[str, float],
        images: int,
        dropped: Mapping[str, int],
    ) -> None:
        """Takes in one step: losses and gradient norm, images of its batch, and samples left out of it."""
        for name, value in figures.items():
            self._figures.setdefault(name, []).append(value)
        self._count += 1
        self._images += images
        self._all_images += images
        self._dropped.update(dropped)
        self._all_dropped.update(dropped)
        if step % REPORT_EVERY and step != self.total:
            return
        seconds = time.monotonic() - self._since
        # a loss may begin or end with a stage, and the stage within these steps
        means = {name: sum(values) / len(values) for name, values in self._figures.items()}
        row = {"step": str(step), "stage": str(stage), "rate": f"{rate:.6g}"}
        row |= {name: f"{value:.6g}" for name, value in means.items()}
        row |= {"images_per_second": f"{self._images / seconds:.6g}", "images": str(self._images)}
        row |= {f"dropped_{reason}": str(self._dropped[reason]) for reason in DROPPED}
        self._rows.append(row)
        self._write()
        if self._board:
            for name, value in means.items():
                self._board.add_scalar(f"train/{name}", value, step)
        shown = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        left = (self.total - step) * seconds / self._count / 60
        self.report(
            f"step {step}/{self.total}  {shown}  {self._images / seconds:.0f} img/s  {left:.0f} min left"
        )
        self._start()

    def validation(self, step: int, result: Validation) -> None:
        """Takes in a validation."""
        with (self.out / "validation.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "figure": result.figure, "scores": result.scores}) + "\n")
        with (self.out / "samples.txt").open("a", encoding="utf-8") as file:
            file.write(f"--- step {step}\n" + "\n".join(result.examples) + "\n")
        if self._board:
            self._board.add_scalar("validation/figure", result.figure, step)
        for name, score in result.scores.items():
            figures = "  ".join(f"{key} {value:.4f}" for key, value in score["values"].items())
            self.report(f"validation at step {step}: {name}  {figures}")
        for line in result.examples[:8]:
            self.report(f"    {line}")
        self._start()  # the time it took is not the steps'

    def close(self) -> None:
        """Reports what the whole run has left out, and writes what TensorBoard still holds back."""
        self.report(f"samples used: {self._all_images}; left out: {describe_dropped(self._all_dropped)}")
        if self._board:
            self._board.close()

    def _start(self) -> None:
        self._figures: dict[str, list[float]] = {}
        self._count = self._images = 0
        self._dropped: Counter[str] = Counter()
        self._since = time.monotonic()

    def _earlier(self, step: int) -> list[dict[str, str]]:
        place = self.out / "log.csv"
        if not place.is_file():
            return []
        with place.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if int(row["step"]) <= step]

    def _forget_validations(self, step: int) -> None:
        place = self.out / "validation.jsonl"
        if place.is_file():
            lines = place.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= step]
            place.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def _write(self) -> None:
        # whole each time: a resumed run may have other losses, that is, other columns
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        with (self.out / "log.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self._rows)


def _tensorboard(out: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # optional, and slow to import
    except ImportError:
        return None
    return SummaryWriter(str(out), purge_step=step + 1)
