"""`scenetext synth`: synthetic words, scenes or fragments of music on disk."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from .arguments import positive, whole

HELP = """Draw synthetic data: word crops as an LMDB, scenes as pictures with ICDAR label files or one file of
JSON lines, fragments of music scores as pictures with a file of their pitches."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("kind", choices=("words", "scenes", "music"))
    parser.add_argument(
        "--fonts", type=Path, metavar="DIR", help="folder of .ttf and .otf files, for words and scenes"
    )
    parser.add_argument(
        "--backgrounds", type=Path, metavar="DIR", help="folder of photographs (not needed for clean music)"
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
        "--layout",
        choices=("icdar", "jsonl"),
        default="icdar",
        help="of scenes: a folder of gt_NAME.txt, or one labels.jsonl, which also says where "
        "characters are (default: %(default)s)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of WordSynth, SceneSynth or ScoreSynth, such as curved=0.5",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the data set; returns 0."""
    from tqdm import tqdm

    from ..data.icdar import write_icdar
    from ..data.lmdb_words import write_lmdb
    from ..data.targets import TARGETS
    from ..data.writing import Row
    from ..errors import SettingsError
    from ..settings import build, parse_change
    from ..synth.corpus import Corpus
    from ..synth.scenes import SceneSynth
    from ..synth.score_sheets import ScoreSynth
    from ..synth.words import WordSynth

    if args.out.exists() and any(args.out.iterdir()):
        raise SettingsError(f"{args.out}: not empty; choose another --out")
    settings: dict[str, object] = {}
    for name in ("fonts", "backgrounds"):
        if folder := getattr(args, name):
            settings[name] = str(folder)
        elif args.kind != "music":
            raise SettingsError(f"synth {args.kind} needs --{name} DIR")
    if args.words:
        settings["corpus"] = Corpus.from_file(args.words)
    settings |= dict(parse_change(change) for change in args.set)
    seeds = tqdm(range(args.seed, args.seed + args.count), disable=None, file=sys.stderr, unit="img")
    if args.kind == "words":
        words = build(WordSynth, settings, "synth words")
        samples = (words.sample(seed) for seed in seeds)
        write_lmdb(args.out, ((_jpeg(sample.image), sample.instances[0].text or "") for sample in samples))
    elif args.kind == "music":
        scores = build(ScoreSynth, settings, "synth music")
        args.out.mkdir(parents=True, exist_ok=True)
        samples = (scores.sample(seed) for seed in seeds)
        # PNG, for what JPEG leaves of a clean fragment is not clean
        rows = (Row(sample, _encoded(sample.image, "PNG"), True) for sample in samples)
        TARGETS["tsv"].write(args.out, rows)
    else:
        scenes = build(SceneSynth, settings, "synth scenes")
        args.out.mkdir(parents=True, exist_ok=True)
        samples = (scenes.sample(seed) for seed in seeds)
        if args.layout == "jsonl":
            rows = (Row(sample, _jpeg(sample.image), False) for sample in samples)
            TARGETS["jsonl"].write(args.out, rows)
        else:
            for sample in samples:
                (args.out / f"{sample.name}.jpg").write_bytes(_jpeg(sample.image))
                write_icdar(args.out, sample.name, sample.instances)
    print(args.out)
    return 0


def _jpeg(image: np.ndarray) -> bytes:
    return _encoded(image, "JPEG", quality=92)


def _encoded(image: np.ndarray, form: str, **settings: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form, **settings)
    return buffer.getvalue()
