"""`scenetext convert-weights`: a backbone of published weights."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "Make a bundle of the backbone in a checkpoint of CLIP or oCLIP (ResNets). Needs the extra 'train'."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = (
        "The checkpoint is a state dict, as PyTorch or safetensors write it; nothing in it is run. To start "
        "a detector from the bundle: scenetext train RECIPE --set net.backbone=clip-resnet50 --weights BUNDLE"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help=".pt, .pth or .safetensors")
    parser.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="folder to write")
    parser.add_argument("--name", help="of the weights (default: the file's)")
    parser.add_argument("--licence", default="", help="of the weights, for the card")


def run(args: argparse.Namespace) -> int:
    """Writes the bundle and prints its folder."""
    from ..learn.convert_weights import convert_weights

    print(convert_weights(args.file, args.out, name=args.name, licence=args.licence).folder)
    return 0
