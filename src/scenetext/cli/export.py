"""`scenetext export`: a bundle from a run."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from ..errors import SettingsError
from .arguments import positive

HELP = "Make a bundle of a training run's best weights, and check it against torch. Needs the extra 'train'."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="folder to write")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("data"),
        metavar="DIR",
        help="folder of data sets: the validation sets are scored with torch and as exported; the bundle is "
        "written only if they agree (default: data)",
    )
    parser.add_argument(
        "--unscored",
        action="store_true",
        help="compare only the outputs of the two, where the data sets are not at hand",
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME:SPLIT",
        help="score this data set too, besides the recipe's validation sets",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="convolutions of a detector, or of a spotter's first graph, compute with 8-bit integers, "
        "calibrated on photos of the recipe's last stage: about half the time to read; refused if a figure "
        "falls by more than 0.005",
    )
    parser.add_argument(
        "--no-weights",
        action="store_true",
        help="leave out the weights, which serve to train on and not to read: about half the size",
    )
    parser.add_argument("--name", help="of the model (default: the recipe's)")
    parser.add_argument("--licence", default="Apache-2.0", help="of the weights (default: %(default)s)")
    parser.add_argument("--threads", type=positive, metavar="N", help="processors to use (default: all)")


def run(args: argparse.Namespace) -> int:
    """Writes the bundle and prints its folder."""
    from ..learn.export import export
    from ..learn.pretrained import export_backbone
    from ..learn.validate import recipe_of

    logging.getLogger("scenetext").setLevel(logging.INFO)
    data = None if args.unscored else args.data
    if recipe_of(args.run).task == "pretraining":
        if args.int8 or args.no_weights:
            raise SettingsError("--int8 and --no-weights are for models that read; this run has a backbone")
        given = {"name": args.name, "licence": args.licence, "threads": args.threads, "also": args.also}
        print(export_backbone(args.run, args.out, data=data, **given).folder)
        return 0
    bundle = export(
        args.run,
        args.out,
        data=data,
        name=args.name,
        also=args.also,
        licence=args.licence,
        threads=args.threads,
        int8=args.int8,
        weights=not args.no_weights,
    )
    print(bundle.folder)
    return 0
