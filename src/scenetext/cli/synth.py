"""`scenetext synth`: synthetic words or scenes on disk."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from ..types import Sample
from .arguments import positive, whole

HELP = "Draw synthetic training data: word crops as an LMDB, or scenes as pictures with ICDAR label files."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("kind", choices=("words", "scenes"))
    parser.add_argument(
        "--fonts", type=Path, required=True, metavar="DIR", help="folder of .ttf and .otf files"
    )
    parser.add_argument(
        "--backgrounds", type=Path, required=True, metavar="DIR", help="folder of photographs"
    )
    parser.add_argument(
        "--words", type=Path, metavar="FILE", help="lexicon, one word a line (default: a packaged one)"
    )
    parser.add_argument("--count", type=positive, required=True, metavar="N", help="how many")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="S", help="the same seed gives the same pixels"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of WordSynth or SceneSynth, such as curved=0.5",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the data set; returns 0."""
    from tqdm import tqdm

    from ..data.icdar import write_icdar
    from ..data.lmdb_words import write_lmdb
    from ..errors import SettingsError
    from ..settings import build, parse_change
    from ..synth.corpus import Corpus
    from ..synth.scenes import SceneSynth
    from ..synth.words import WordSynth

    if args.out.exists() and any(args.out.iterdir()):
        raise SettingsError(f"{args.out}: not empty; choose another --out")
    settings: dict[str, object] = {"fonts": str(args.fonts), "backgrounds": str(args.backgrounds)}
    if args.words:
        settings["corpus"] = Corpus.from_file(args.words)
    for change in args.set:
        key, value = parse_change(change)
        settings[key] = value
    seeds = tqdm(range(args.seed, args.seed + args.count), disable=None, file=sys.stderr, unit="img")
    if args.kind == "words":
        words = build(WordSynth, settings, "synth words")
        write_lmdb(args.out, (_encoded(words.sample(seed)) for seed in seeds))
    else:
        scenes = build(SceneSynth, settings, "synth scenes")
        args.out.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            sample = scenes.sample(seed)
            (args.out / f"{sample.name}.jpg").write_bytes(_jpeg(sample.image))
            write_icdar(args.out, sample.name, sample.instances)
    print(args.out)
    return 0


def _encoded(sample: Sample) -> tuple[bytes, str]:
    """The picture as JPEG, and the text."""
    return _jpeg(sample.image), sample.instances[0].text or ""


def _jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
