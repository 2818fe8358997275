"""How fast synthesis is: word crops, scenes and fragments of music per second on one core.

    python benchmarks/synth.py --fonts FOLDER --backgrounds FOLDER

Prints a table in Markdown. Fonts and photographs are opened before the clock starts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from machine import describe, versions

from scenetext.synth.scenes import SceneSynth
from scenetext.synth.score_sheets import ScoreSynth
from scenetext.synth.words import WordSynth
from scenetext.types import Sample


def per_second(sample: Callable[[int], Sample], count: int, warm_up: int) -> float:
    """Samples a second, over `count` after `warm_up`."""
    for seed in range(warm_up):
        sample(seed)
    began = time.process_time()  # of this process alone: whatever else runs on the core does not count
    for seed in range(warm_up, warm_up + count):
        sample(seed)
    return count / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--backgrounds", type=Path, required=True)
    parser.add_argument("--words", type=int, default=5000, metavar="N", help="default: 5000")
    parser.add_argument("--scenes", type=int, default=200, metavar="N", help="default: 200")
    parser.add_argument("--scores", type=int, default=1000, metavar="N", help="default: 1000")
    args = parser.parse_args()
    cv2.setNumThreads(0)
    places = {"fonts": str(args.fonts), "backgrounds": str(args.backgrounds)}
    # enough to have met most fonts and all the photographs that words keep in memory
    words = per_second(WordSynth(**places).sample, args.words, 2000)
    scenes = per_second(SceneSynth(**places).sample, args.scenes, 40)
    clean = per_second(ScoreSynth(augmented=0.0).sample, args.scores, 20)
    photos = per_second(ScoreSynth(places["backgrounds"], augmented=1.0).sample, args.scores, 20)
    print(f"{describe()}; {versions('numpy', 'opencv-python-headless', 'pillow')}.\n")
    print("| | made | a second and core |\n|---|--:|--:|")
    print(f"| word crops | {args.words} | {words:.0f} |")
    print(f"| scenes, 640 x 640 | {args.scenes} | {scenes:.1f} |")
    print(f"| fragments of music, clean | {args.scores} | {clean:.0f} |")
    print(f"| fragments of music, photographed | {args.scores} | {photos:.0f} |")


if __name__ == "__main__":
    main()
