"""`scenetext train`: a run by a recipe."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from .arguments import names, positive, whole

HELP = "Train a model by a recipe. Needs the extra 'train'."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = (
        "The folder --data holds the data sets by name (icdar2015, iiit5k, ...) and, for synthesis, fonts, "
        "backgrounds and words.txt. A run that was stopped goes on with --resume. `torchrun` starts several "
        "processes that share the work."
    )
    parser.add_argument("recipe", help="a packaged recipe (see: scenetext recipes) or a .toml file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, such as optim.clip=1",
    )
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="default: data")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: runs/RECIPE)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of --out")
    parser.add_argument(
        "--weights", metavar="RUN|BUNDLE", help="start from these weights instead of random ones"
    )
    parser.add_argument(
        "--parts",
        type=names,
        default=(),
        metavar="NAME,...",
        help="take only these parts of the network from --weights, such as trunk; the others start new",
    )
    parser.add_argument(
        "--workers", type=whole, default=1, metavar="N", help="processes that make batches (default: 1)"
    )
    parser.add_argument(
        "--threads", type=whole, default=0, metavar="N", help="threads that compute (default: torch's choice)"
    )
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:1, ... (default: the GPU if there is one)"
    )
    parser.add_argument(
        "--overfit",
        type=positive,
        metavar="N",
        help="self-test: train on the same N samples (50, say) and score on them; it should reach about 1",
    )


def run(args: argparse.Namespace) -> int:
    """Trains; progress goes to stderr, the best checkpoint's path to stdout."""
    from ..learn.engine import Options, train
    from ..recipe import load_recipe

    stopping = False

    def stop(signum: int, frame: object) -> None:
        nonlocal stopping
        if stopping:  # asked twice: now, at the price of the steps since the last checkpoint
            raise KeyboardInterrupt
        stopping = True

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    recipe = load_recipe(args.recipe, args.set)
    out = args.out or Path("runs") / recipe.name
    options = Options(
        data=args.data,
        out=out,
        resume=args.resume,
        weights=args.weights,
        parts=args.parts,
        workers=args.workers,
        threads=args.threads,
        device=args.device,
        overfit=args.overfit or 0,
        stop=lambda: stopping,
    )
    best = train(recipe, options, report=lambda line: print(line, file=sys.stderr, flush=True))
    if os.environ.get("RANK", "0") == "0":  # one of torchrun's processes speaks for all
        print(best)
    return 0
