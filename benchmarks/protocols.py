"""Checks our protocols against figures that are known for the same result files.

    python benchmarks/protocols.py --data FOLDER

FOLDER holds archives of truth and detections from public repositories, under their paths there:

    tiou                  Yuliang-Liu/TIoU-metric
    textbpnpp             GXYM/TextBPN-Plus-Plus
    davar                 hikopensource/DAVAR-Lab-OCR
    totaltext_official    cs-chan/Total-Text-Dataset

The figures stand in the documentation of the repositories; those of TextBPN++'s sample were computed with
another implementation. Each has to agree in all four digits. Of the five example pictures of Total-Text the
shares of area that DetEval starts from are known, for 30 pairs of truth and prediction; they have to agree to
0.000001. The words of ICDAR 2013's weak lexicon have to be those that are made of its truth. The exit code is
1 if anything does not agree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenetext.cli import score
from scenetext.data.mat import load_mat
from scenetext.errors import ScenetextError
from scenetext.evaluate.detection import intersections, shapes_of
from scenetext.evaluate.lexicons import choose_lexicons
from scenetext.evaluate.results import read_results
from scenetext.evaluate.spotting import dictionary_word
from scenetext.lexicon import Lexicon, fold_case
from scenetext.types import Sample, TextInstance


@dataclass(frozen=True)
class Known:
    """The known recall, precision and hmean of one result file."""

    what: str
    truth: str
    predictions: str
    protocol: str
    recall: float
    precision: float
    hmean: float
    settings: tuple[str, ...] = ()


_CURVED = "davar/demo/text_detection/evaluation"
_SPOTTING = "davar/demo/text_spotting/evaluation"
_ICDAR2013 = f"{_SPOTTING}/gts/gt-icdar2013.zip"
_MANGO = f"{_SPOTTING}/preds/mango_r50_ic13_none.zip"
_VOCABULARY = f"{_SPOTTING}/lexicons/icdar2013/ch2_test_vocabulary.txt"
_MANGO_SETTINGS = ("iou=0.1", "ignore_overlap=0.1")  # its script has one constant for both

KNOWN = (
    Known(
        "ICDAR 2015, PixelLink",
        "tiou/gt.zip",
        "tiou/pixellinkch4.zip",
        "icdar2015-detection",
        *(0.8166, 0.8289, 0.8227),
    ),
    Known(
        "ICDAR 2015, TextBPN++'s sample",
        "textbpnpp/dataset/icdar15/gt.zip",
        "textbpnpp/dataset/icdar15/submit.zip",
        "icdar2015-detection",
        *(0.7670, 0.8825, 0.8207),
    ),
    Known(
        "CTW1500, the official baseline",
        "tiou/curved-tiou/ctw1500-gt.zip",
        "tiou/curved-tiou/det_ctw1500.zip",
        "ctw1500-detection",
        *(0.8162, 0.7497, 0.7815),
    ),
    Known(
        "Total-Text, the official baseline",
        "tiou/curved-tiou/total-text-gt.zip",
        "tiou/curved-tiou/total-text_baseline.zip",
        "totaltext-detection",
        *(0.7014, 0.8038, 0.7492),
    ),
    Known(
        "Total-Text, Text Perceptron",
        f"{_CURVED}/gt/total-text-gt.zip",
        f"{_CURVED}/pred/pred_tp_det_r50_tt_e25-45b1f5cf.zip",
        "totaltext-detection",
        *(0.8234, 0.8632, 0.8428),
    ),
    Known(
        "ICDAR 2013, MANGO, detection",
        _ICDAR2013,
        _MANGO,
        "icdar2015-detection",
        *(0.9269, 0.9626, 0.9444),
        _MANGO_SETTINGS,
    ),
    Known(
        "ICDAR 2013, MANGO, end-to-end",
        _ICDAR2013,
        _MANGO,
        "icdar2015-end-to-end",
        *(0.7950, 0.8256, 0.8100),
        _MANGO_SETTINGS,
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder with the archives")
    data = parser.parse_args().data
    wrong = 0
    print(f"{'':34} recall           precision        hmean            seconds")
    for known in KNOWN:
        start = time.perf_counter()
        try:
            values = run_score(data, known)
        except ScenetextError as error:
            print(f"{known.what:34} {error}")
            wrong += 1
            continue
        cells = []
        for name, figure in (
            ("recall", known.recall),
            ("precision", known.precision),
            ("hmean", known.hmean),
        ):
            same = f"{values[name]:.4f}" == f"{figure:.4f}"
            wrong += not same
            cells.append(f"{values[name]:.4f} {'=' if same else '!'} {figure:.4f}")
        print(f"{known.what:34} {'  '.join(cells)}  {time.perf_counter() - start:.2f}")
    pairs, worst = compare_shares(data / "totaltext_official/Evaluation_Protocol/Examples")
    wrong += not worst < 1e-6
    print(f"{'Total-Text, shares of area':34} {pairs} pairs, largest difference {worst:.1e}")
    ours, common, published = compare_words(data)
    wrong += not ours == common == published
    print(f"{'ICDAR 2013, weak lexicon':34} {ours} words, {published} published, {common} in both")
    print(f"{wrong} figures differ" if wrong else "all figures agree", file=sys.stderr)
    return 1 if wrong else 0


def compare_shares(folder: Path) -> tuple[int, float]:
    """The pairs of Total-Text's example that are known, and the largest difference of a share of theirs."""
    ours: list[tuple[str, float, float]] = []
    for truth in sorted((folder / "Groundtruth").glob("*.mat")):
        rows = load_mat(truth, "polygt")["polygt"]
        found = load_mat(folder / "Prediction" / truth.name.removeprefix("poly_gt_"), "accuInf")["accuInf"]
        wanted = [TextInstance(np.stack([row[1].ravel(), row[3].ravel()], 1).astype("f4")) for row in rows]
        guesses = [TextInstance(outline.astype("f4")) for outline in found.ravel()]
        shapes, areas, _ = shapes_of(wanted, whole_pixels=False)
        others, other_areas, _ = shapes_of(guesses, whole_pixels=False)
        for g, d, shared in zip(*intersections(shapes, others), strict=True):
            if shared > 0:
                ours.append((truth.name, shared / other_areas[d], shared / areas[g]))
    lines = [line.split() for line in (folder / "Result.txt").read_text().splitlines() if line.strip()]
    known = [(name, float(tau), float(sigma)) for name, tau, sigma in lines]
    worst = 0.0
    for (name, *shares), (known_name, *known_shares) in zip(sorted(ours), sorted(known), strict=True):
        assert name == known_name
        worst = max(worst, *(abs(a - b) for a, b in zip(shares, known_shares, strict=True)))
    return len(known), worst


def compare_words(data: Path) -> tuple[int, int, int]:
    """How many words are in the weak lexicon made of ICDAR 2013's truth, in both, and in the published."""
    truth = read_results(data / _ICDAR2013, "quad")
    samples = [Sample(name, b"", tuple(instances)) for name, instances in truth.items()]
    made = choose_lexicons("weak", samples, data, word=dictionary_word).of(samples[0])
    published = Lexicon.from_file(data / _VOCABULARY)
    ours, theirs = ({fold_case(word) for word in lexicon.words} for lexicon in (made, published))
    return len(ours), len(ours & theirs), len(theirs)


def run_score(data: Path, known: Known) -> dict[str, float]:
    """The values that `scenetext score` prints."""
    parser = argparse.ArgumentParser()
    score.configure(parser)
    arguments = ["--truth", str(data / known.truth), "--predictions", str(data / known.predictions)]
    arguments += ["--protocol", known.protocol, "--format", "json"]
    for setting in known.settings:
        arguments += ["--set", setting]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        score.run(parser.parse_args(arguments))
    values: dict[str, float] = json.loads(printed.getvalue())["values"]
    return values


if __name__ == "__main__":
    sys.exit(main())
