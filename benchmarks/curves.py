"""The curves of training runs as one drawing: the losses of each, and how all of them did in validation.

    python benchmarks/curves.py RUN ... --out DRAWING.svg [--together]

Reads `log.csv` and `validation.jsonl` of the runs. A panel for each run has its losses on a logarithmic
scale, as they were logged, and a broken line where a stage begins; a loss of 0, of what a stage does not
learn, is left out. The last panel has the main figure of the first validation set, in percent.

With --together runs are named SYSTEM-START-SEED, as for transfer.py: a panel for each system has the
validation figures of each start, averaged over the sets and the seeds.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT, COLUMNS = 420, 250, 2  # of a panel; panels side by side
LEFT, RIGHT, TOP, BOTTOM = 52, 100, 30, 30  # what a panel keeps clear around its curves
COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#7d5ba6", "#00798c")

Curve = list[tuple[float, float]]


def losses(run: Path) -> dict[str, Curve]:
    """The logged losses of a run by name: (step, value)."""
    rows = _log(run)
    columns = list(rows[0])
    names = columns[columns.index("rate") + 1 : columns.index("gradient")]  # the losses stand between these
    return {
        name: [(float(row["step"]), float(row[name])) for row in rows if float(row[name]) > 0]
        for name in names
    }


def stages(run: Path) -> list[float]:
    """The steps after which a stage begins, but for the first."""
    rows = _log(run)
    return [float(a["step"]) for a, b in pairwise(rows) if a["stage"] != b["stage"]]


def _log(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures(run: Path) -> Curve:
    """The main figure of the first validation set, in percent."""
    found = []
    for line in (run / "validation.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        score = next(iter(entry["scores"].values()))
        found.append((float(entry["step"]), 100 * score["values"][score["main"]]))
    return found


def starts(runs: Sequence[Path]) -> dict[str, dict[str, Curve]]:
    """By system and start: validation in percent, averaged over the sets and the seeds."""
    found: dict[str, dict[str, dict[float, list[float]]]] = {}
    for run in runs:
        system, start, _ = run.name.rsplit("-", 2)
        curve = found.setdefault(system, {}).setdefault(start, {})
        for line in (run / "validation.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            curve.setdefault(float(entry["step"]), []).append(100 * entry["figure"])
    return {
        system: {
            start: [(step, sum(values) / len(values)) for step, values in sorted(curve.items())]
            for start, curve in curves.items()
        }
        for system, curves in found.items()
    }


def panel(
    title: str, curves: Mapping[str, Curve], place: int, logarithmic: bool, starts: Sequence[float] = ()
) -> list[str]:
    """The elements of one panel. starts: steps that are marked."""
    left = LEFT + place % COLUMNS * WIDTH
    top = TOP + place // COLUMNS * HEIGHT
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    points = [point for curve in curves.values() for point in curve]
    last = max(x for x, _ in points)
    high = max(y for _, y in points)
    low = min(y for _, y in points) if logarithmic else 0.0
    high = high if high > low else low + 1
    if logarithmic:
        low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
    scale = math.log10 if logarithmic else float

    def at(x: float, y: float) -> str:
        share = (scale(max(y, low)) - scale(low)) / (scale(high) - scale(low))
        return f"{left + x / last * width:.1f},{top + (1 - share) * height:.1f}"

    drawn = [f'<text x="{left}" y="{top - 10}" class="title">{escape(title)}</text>']
    for y in _ticks(low, high, logarithmic):
        x0, y0 = at(0, y).split(",")
        drawn.append(f'<line x1="{x0}" y1="{y0}" x2="{left + width}" y2="{y0}" class="grid"/>')
        drawn.append(f'<text x="{left - 6}" y="{float(y0) + 4}" class="tick">{y:g}</text>')
    for x in (0, last / 2, last):
        x0 = at(x, low).split(",")[0]
        drawn.append(f'<text x="{x0}" y="{top + height + 16}" class="middle">{x:.0f}</text>')
    for x in starts:
        x0 = at(x, low).split(",")[0]
        drawn.append(f'<line x1="{x0}" y1="{top}" x2="{x0}" y2="{top + height}" class="stage"/>')
    ends = []
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        line = " ".join(at(x, y) for x, y in curve)
        drawn.append(f'<polyline points="{line}" stroke="{colour}"/>')
        ends.append((float(at(*curve[-1]).split(",")[1]), name, colour))
    lowest = -math.inf
    for y, name, colour in sorted(ends):  # names keep a line's distance
        lowest = max(y + 4, lowest + 13)
        drawn.append(f'<text x="{left + width + 6}" y="{lowest:.1f}" fill="{colour}">{escape(name)}</text>')
    return drawn


def _ticks(low: float, high: float, logarithmic: bool) -> Sequence[float]:
    if logarithmic:
        return [10.0**k for k in range(round(math.log10(low)), round(math.log10(high)) + 1)]
    step = 10.0 if high > 25 else 5.0
    return [step * k for k in range(int(high / step) + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--out", type=Path, required=True, metavar="DRAWING.svg")
    parser.add_argument("--together", action="store_true", help="a panel for each system")
    args = parser.parse_args()
    drawn = []
    if args.together:
        panels = starts(args.runs)
        for place, (system, curves) in enumerate(panels.items()):
            drawn += panel(f"{system}: validation, %", curves, place, False)
        write(args.out, drawn, len(panels))
        return
    names = {run: json.loads((run / "recipe.json").read_text(encoding="utf-8"))["name"] for run in args.runs}
    for place, run in enumerate(args.runs):
        drawn += panel(f"{names[run]}: losses", losses(run), place, True, stages(run))
    validated = {names[run]: figures(run) for run in args.runs}
    drawn += panel("validation, %", validated, len(args.runs), False)
    write(args.out, drawn, len(args.runs) + 1)


def write(out: Path, drawn: Sequence[str], panels: int) -> None:
    """The drawing as a file."""
    rows = -(-panels // COLUMNS)
    style = (
        "text{font:11px sans-serif} .title{font-weight:bold} .tick{text-anchor:end} "
        ".middle{text-anchor:middle} .grid{stroke:#ddd} .stage{stroke:#999;stroke-dasharray:3 3} "
        "polyline{fill:none;stroke-width:1.5}"
    )
    size = f'width="{COLUMNS * WIDTH}" height="{rows * HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>'
    ground = '<rect width="100%" height="100%" fill="white"/>'
    out.write_text("\n".join([head, ground, *drawn, "</svg>"]) + "\n", encoding="utf-8")
    print(f"{out}  {out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
