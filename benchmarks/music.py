"""A picture of music with what a model reads in it: clean fragments, beside them the same photographed.

    python benchmarks/music.py --recognizer NAME|DIR --backgrounds FOLDER --out PICTURE [--seed N]

The fragments are those of the seeds N, N + 1, ..., not picked out. Below each stands what was read: right
pitches in black, wrong or superfluous ones in red, missing ones in brackets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from scenetext.recognizer import Recognizer
from scenetext.synth.score_sheets import ScoreSynth

WIDTH, GAP, LINE = 600, 14, 22
BLACK, RED, PAPER = (20, 20, 20), (200, 0, 0), (245, 245, 245)


def marked(truth: list[str], read: list[str]) -> list[tuple[str, bool]]:
    """What was read, token by token, and whether it is right; what is missing in brackets."""
    tokens: list[tuple[str, bool]] = []
    for change in Levenshtein.opcodes(truth, read):
        wanted, found = truth[change.src_start : change.src_end], read[change.dest_start : change.dest_end]
        if change.tag == "delete":
            tokens += [(f"[{token}]", False) for token in wanted]
        else:
            tokens += [(token, change.tag == "equal") for token in found]
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recognizer", required=True, metavar="NAME|DIR")
    parser.add_argument("--backgrounds", required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="PICTURE")
    parser.add_argument("--seed", type=int, default=1_000_000, metavar="N", help="default: 1000000")
    parser.add_argument("--count", type=int, default=5, metavar="N", help="of each kind; default: 5")
    args = parser.parse_args()
    model = Recognizer.load(args.recognizer)
    seeds = range(args.seed, args.seed + args.count)
    kinds = (ScoreSynth(augmented=0.0), ScoreSynth(args.backgrounds, augmented=1.0))
    samples = [synth.sample(seed) for synth in kinds for seed in seeds]
    texts = [text for text, _ in model.recognize([sample.image for sample in samples])]
    sheet = Image.new("RGB", (2 * (WIDTH + GAP) + GAP, 4 * WIDTH), PAPER)
    draw, font, bottoms = ImageDraw.Draw(sheet), ImageFont.load_default(16), []
    for number, (sample, text) in enumerate(zip(samples, texts, strict=True)):
        row, left = number % args.count, float(GAP + number // args.count * (WIDTH + GAP))
        if row == 0:
            bottoms.append(GAP)
        picture = Image.fromarray(sample.image)
        scale = min(1.0, WIDTH / picture.width)
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        sheet.paste(picture, (int(left), bottoms[-1]))
        top = bottoms[-1] + picture.height + 2
        for token, right in marked((sample.instances[0].text or "").split(), text.split()):
            draw.text((left, top), token, fill=BLACK if right else RED, font=font)
            left += font.getlength(token + " ")
        bottoms[-1] = top + LINE + GAP - 2
    sheet = sheet.crop((0, 0, sheet.width, max(bottoms)))
    sheet.save(args.out)


if __name__ == "__main__":
    main()
