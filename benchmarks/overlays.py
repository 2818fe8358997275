"""What several detectors find in the same photos, side by side, as one picture.

    python benchmarks/overlays.py --detectors NAME|DIR ... --out PICTURE PHOTO ... [--recognizer NAME|DIR]

A row for each photo, a column for each detector. With a recogniser, what it reads in the words stands beside
them, and words that it cannot read are left out, as `scenetext read` does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scenetext.detector import Detector
from scenetext.draw import draw_instances
from scenetext.image import load_image
from scenetext.recognizer import Recognizer
from scenetext.spotter import Cascade

GAP, HEAD = 8, 34
INK, PAPER = (20, 20, 20), (245, 245, 245)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument("--detectors", nargs="+", required=True, metavar="NAME|DIR")
    parser.add_argument("--recognizer", metavar="NAME|DIR", help="default: words are found, not read")
    parser.add_argument("--min-score", type=float, default=0.6, help="of readings; default: 0.6")
    parser.add_argument("--out", type=Path, required=True, metavar="PICTURE")
    parser.add_argument("--width", type=int, default=480, metavar="N", help="of a photo; default: 480")
    args = parser.parse_args()
    detectors = [Detector.load(name) for name in args.detectors]
    if args.recognizer:
        recognizer = Recognizer.load(args.recognizer)
        find = [Cascade(detector, recognizer, min_score=args.min_score).spot for detector in detectors]
    else:
        find = [detector.detect for detector in detectors]
    photos = [load_image(path) for path in args.photos]
    heights = [round(args.width * photo.shape[0] / photo.shape[1]) for photo in photos]
    size = (GAP + len(find) * (args.width + GAP), HEAD + sum(height + GAP for height in heights))
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for column, (name, finds) in enumerate(zip(args.detectors, find, strict=True)):
        left, top = GAP + column * (args.width + GAP), HEAD
        draw.text((left, 6), Path(name).name, fill=INK, font=font)
        for photo, height in zip(photos, heights, strict=True):
            drawn = draw_instances(photo, finds(photo)).resize((args.width, height), Image.Resampling.LANCZOS)
            sheet.paste(drawn, (left, top))
            top += height + GAP
    sheet.save(args.out, quality=88)
    print(f"{args.out}  {sheet.width}x{sheet.height}")


if __name__ == "__main__":
    main()
