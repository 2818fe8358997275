"""Where the time goes in the spotter of Li, Wang and Shen, and what it saves that its features are shared.

    python benchmarks/spotters.py my-spotter other-spotter               # bundles
    python benchmarks/spotters.py li2017 li2017-light --keep exports     # recipes, exported untrained

One photo of 600x800 pixels with words of 112x32, one thread, processor time; least and median of several
rounds, in each of which everything takes its turn. An untrained network finds no words, and time does not
depend on weights: so the graphs run on the photo, and what decides on boxes is put in their place. Random
anchors are certain, of which the codec makes proposals; these lead to the words, which are read.

Prints three tables in Markdown. The parts: each of a bundle's graphs is cut in pieces at the names of the
network's parts, which onnxruntime runs one by one; together they have to put out what the whole graph does.
The same beside the paper's figures. And both ways to read the words that were located: from the features that
are there, and with a second network of the same kind, whose trunk sees each word cut out, 32 pixels high;
with the packaged pair `light` beside them, whose recogniser gets the same words.

Exporting takes minutes; --keep has it done once.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, versions
from pieces import cut
from PIL import Image, ImageDraw, ImageFont

from scenetext.bundle import Bundle, Manifest, load_bundle, write_bundle
from scenetext.cli.tables import markdown
from scenetext.codecs.boxes import encode_boxes
from scenetext.geometry import box_polygon
from scenetext.reader import MODELS, load_cascade
from scenetext.recipe import load_recipe, recipe_names
from scenetext.settings import build, to_dict
from scenetext.types import TextInstance
from scenetext.view import CropResize, SceneResize

SIZE = (600, 800)
WORD = (32, 112)
TEXTS = ("coffee", "Station", "market", "Museum", "OPEN", "street", "Hotel", "bakery", "Garden", "library")
PAPER = {
    "convolutions": 0.45,
    "proposals": 0.02,
    "region encoding": 0.25,
    "detection": 0.01,
    "recognition": 0.15,
}
"""Seconds in the paper, on a GPU of 2017."""
# what is timed, in order, and what the paper calls it
PARTS = {
    "trunk": "convolutions",
    "tpn": "proposals",
    "propose: proposals": "proposals",
    "pooling, proposals": "region encoding",
    "rfe, proposals": "region encoding",
    "tdn": "detection",
    "propose: words": "detection",
    "pooling, words": "region encoding",
    "rfe, words": "region encoding",
    "trn": "recognition",
    "decode": "recognition",
}
PIECES = ("trunk", "tpn"), ("pooling", "rfe", "tdn"), ("pooling", "rfe", "trn")  # of the graphs, in order
LOCATE, SHARED, ALONE = "locating", "reading, shared", "reading, alone"


class Clock:
    """Calls functions, and keeps the processor milliseconds of each call by system and label."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, str], list[float]] = defaultdict(list)

    def __call__(self, system: str, label: str, function: Callable[..., Any], *arguments: Any) -> Any:
        began = time.process_time()
        result = function(*arguments)
        self.times[system, label].append(1000 * (time.process_time() - began))
        return result

    def of(self, system: str, *labels: str) -> np.ndarray:
        """The sums over labels, by round; the first round warms up and does not count."""
        return np.sum([self.times[system, label] for label in labels], axis=0)[1:]


def painted(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo, and the boxes (count, 4) of its words, which stand in columns of three."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 6, (*SIZE, 3)) + np.linspace(170, 220, SIZE[1])[None, :, None]
    photo = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
    rows = -(-count // 3)
    boxes = []
    for i in range(count):
        left = int((i % 3 + 0.5) * SIZE[1] / 3 - WORD[1] / 2)
        top = int((i // 3 + 0.5) * SIZE[0] / rows - WORD[0] / 2)
        font = ImageFont.load_default(48)
        text = TEXTS[i % len(TEXTS)]
        ink = font.getbbox(text)
        word = Image.new("L", (round(ink[2] - ink[0]) + 8, round(ink[3] - ink[1]) + 8))
        ImageDraw.Draw(word).text((4 - ink[0], 4 - ink[1]), text, 255, font)
        photo.paste((30, 30, 50), (left, top), word.resize(WORD[::-1]))
        boxes.append((left, top, left + WORD[1], top + WORD[0]))
    return np.asarray(photo), np.array(boxes, dtype=np.float32)


class System:
    """A bundle, whole and in pieces, and what is put in place of its decisions on boxes.

    Boxes are those of the words in the photo; they lie in the view as they are, since the two differ little.
    """

    def __init__(self, bundle: Bundle, folder: Path, boxes: np.ndarray, proposals: int) -> None:
        self.name = bundle.manifest.name
        self.bundle = bundle
        self.resize: SceneResize = bundle.resize
        self.codec = replace(bundle.codec, proposals=proposals)
        self.graphs = bundle.graphs(1)
        folder.mkdir()
        self.pieces = [cut(graph.path, folder) for graph in self.graphs]
        self.view = self.resize.size_for(*SIZE)
        self.boxes = boxes
        height, width = (side // self.codec.stride for side in self.view)
        rng = np.random.default_rng(0)
        objectness = np.zeros((1, self.codec.anchors, height, width), dtype=np.float32)
        some = rng.choice(objectness.size, self.codec.candidates, replace=False)
        objectness.ravel()[some] = rng.uniform(0.1, 1, len(some))
        offsets = np.zeros((1, 4 * self.codec.anchors, height, width), dtype=np.float32)
        found = self.codec.proposals_of(objectness[0], offsets[0])
        words = np.resize(boxes, (len(found), 4))
        self.given = (
            {"objectness": objectness, "offsets": offsets},
            {"scores": np.full(len(found), 0.9, np.float32), "moves": encode_boxes(words, found)},
            {},
        )
        self.proposals = len(found)
        self.crops = CropResize(
            WORD[0], self.codec.stride, channels=3, mean=self.resize.mean, std=self.resize.std
        )

    def parts(self, clock: Clock, photo: np.ndarray) -> None:
        """Each part in turn."""
        outputs = {"images": self.resize(photo).data}
        for pieces, given, what in zip(self.pieces, self.given, ("", "proposals", "words"), strict=True):
            if what:
                outputs |= clock(self.name, f"propose: {what}", self.codec.propose, outputs)
            for piece in pieces:
                label = f"{piece.part}, {what}" if piece.part in ("pooling", "rfe") else piece.part
                outputs |= clock(self.name, label, piece.graph, outputs)
            outputs |= given
        clock(self.name, "decode", self.codec.decode, outputs, self.view)

    def check(self, photo: np.ndarray) -> None:
        """Raises AssertionError if the pieces do not put out what the whole graphs do, or not all words."""
        outputs = {"images": self.resize(photo).data}
        for i, (graph, pieces, given) in enumerate(zip(self.graphs, self.pieces, self.given, strict=True)):
            assert tuple(piece.part for piece in pieces) == PIECES[i], self.name
            outputs |= self.codec.propose(outputs) if i else {}
            whole, put = graph(outputs), dict(outputs)
            for piece in pieces:
                put |= piece.graph(put)
            for name in whole.keys() - {"log_probs", "attention"}:  # of an untrained reader, any step may tie
                largest = max(1.0, float(np.abs(whole[name]).max()))
                assert np.abs(whole[name] - put[name]).max() < 1e-3 * largest, (self.name, name)
            outputs |= whole | given
        assert len(outputs["proposals"]) == self.proposals
        assert len(outputs["log_probs"]) == len(self.boxes)

    def locate(self, photo: np.ndarray) -> dict[str, np.ndarray]:
        """What the first two graphs make of a photo, and the boxes to read."""
        outputs = self.graphs[0]({"images": self.resize(photo).data}) | self.given[0]
        outputs |= self.codec.propose(outputs)
        outputs |= self.graphs[1](outputs) | self.given[1]
        return outputs | self.codec.propose(outputs)

    def read(self, outputs: dict[str, np.ndarray]) -> list[TextInstance]:
        """The words, from the features of the photo."""
        found: list[TextInstance] = self.codec.decode(outputs | self.graphs[2](outputs), self.view)
        return found

    def read_alone(self, photo: np.ndarray, outputs: dict[str, np.ndarray]) -> list[TextInstance]:
        """The words, cut out, from features of their own: all of one width, so that they run together."""
        words = [
            photo[int(top) : int(bottom), int(left) : int(right)] for left, top, right, bottom in self.boxes
        ]
        images = np.concatenate([self.crops(word).data for word in words])
        features = self.pieces[0][0].graph({"images": images})["features"]
        height, width = images.shape[2:]
        left = width * np.arange(len(words), dtype=np.float32)
        boxes = np.stack([left, np.zeros_like(left), left + width, np.full_like(left, height)], axis=1)
        side_by_side = np.concatenate(list(features), axis=2)[None]
        given = {"features": side_by_side, "proposals": boxes, "boxes": boxes}
        given |= self.pieces[1][0].graph(given)  # pooling, of which the third graph takes the table
        read = self.graphs[2](given)
        found: list[TextInstance] = self.codec.decode(outputs | read, self.view)
        return found


def exported(name: str, folder: Path) -> Bundle:
    """The bundle of a recipe's network before training, in single precision, unless the folder has it."""
    if not (folder / "model.json").is_file():
        import torch

        from scenetext.codecs import make_codec
        from scenetext.learn.export import later_inputs, write_later, write_onnx
        from scenetext.learn.nets import make_net

        recipe = load_recipe(name)
        codec = make_codec(recipe.codec)
        torch.manual_seed(recipe.seed)
        net = make_net(recipe.net, codec).eval()
        images = np.random.default_rng(0).standard_normal((2, 3, 128, 192), dtype=np.float32)
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / "model.onnx"]
            write_onnx(net, paths[0], images, free_height=True)
            tried = later_inputs(net, codec, images)
            for title, later in net.later().items():
                paths.append(Path(scratch) / f"{title}.onnx")
                write_later(later, paths[-1], tried[title][0])
            manifest = Manifest(
                name,
                "spotting",
                recipe.codec,
                to_dict(build(SceneResize, recipe.resize)),
                tuple(path.name for path in paths),
                recipe=to_dict(recipe),
            )
            write_bundle(folder, manifest, {path.name: path for path in paths})
    return load_bundle(folder, "spotting")


def millions(bundle: Bundle) -> dict[str, float]:
    """Parameters of each part of a bundle's network, in millions."""
    import torch

    from scenetext.learn.cost import parameters
    from scenetext.learn.nets import make_net

    with torch.device("meta"):  # their number is all that is asked
        net = make_net(bundle.manifest.recipe["net"], bundle.codec)
    return {name: parameters(part) / 1e6 for name, part in net.named_children()}


def parts_table(clock: Clock, systems: Sequence[System]) -> str:
    header = ["part", "the paper's"]
    rows = [[f"`{part}`" if part.isalpha() else part, group] for part, group in PARTS.items()]
    rows.append(["all parts", ""])
    for system in systems:
        header += [f"`{system.name}`: least, ms", "median, ms", "%"]
        whole = np.median(clock.of(system.name, *PARTS))
        for row, labels in zip(rows, [*([part] for part in PARTS), [*PARTS]], strict=True):
            times = clock.of(system.name, *labels)
            middle = np.median(times)
            row += [f"{times.min():.1f}", f"{middle:.1f}", f"{100 * middle / whole:.1f}"]
    return markdown(header, rows)


def paper_table(clock: Clock, systems: Sequence[System]) -> str:
    header = ["", "paper, s", "%"]
    rows = [[name, f"{s:.2f}", f"{100 * s / sum(PAPER.values()):.0f}"] for name, s in PAPER.items()]
    for system in systems:
        header += [f"`{system.name}`, s", "%"]
        whole = np.median(clock.of(system.name, *PARTS))
        for row in rows:
            middle = np.median(clock.of(system.name, *(p for p, group in PARTS.items() if group == row[0])))
            row += [f"{middle / 1000:.3f}", f"{100 * middle / whole:.0f}"]
    return markdown(header, rows)


def ways_table(clock: Clock, systems: Sequence[System], light: str) -> str:
    header = ["", "locating, ms", "reading, ms", "both: least, ms", "median, ms", "M parameters"]
    rows = []

    def add(title: str, system: str, reading: str, count: float) -> None:
        both = clock.of(system, LOCATE, reading)
        times = [np.median(clock.of(system, label)) for label in (LOCATE, reading)]
        rows.append([title, *(f"{t:.1f}" for t in (*times, both.min(), np.median(both))), f"{count:.2f}"])

    for system in systems:
        part = millions(system.bundle)
        whole = sum(part.values())
        add(f"`{system.name}`, features shared", system.name, SHARED, whole)
        add(f"`{system.name}`, two networks", system.name, ALONE, whole + part["trunk"] + part["rfe"])
    pair = sum(sum(millions(load_bundle(name)).values()) for name in MODELS[light])
    add(f"`{light}`: {' and '.join(f'`{name}`' for name in MODELS[light])}", light, SHARED, pair)
    return markdown(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("models", nargs="+", metavar="NAME|DIR", help="bundles of the net li2017, or its recipes")
    add("--proposals", type=int, default=300, metavar="N", help="of the photo; default: 300")
    add("--words", type=int, default=10, metavar="N", help="in the photo; default: 10")
    add("--rounds", type=int, default=5, metavar="N", help="default: 5, after one to warm up")
    add("--keep", type=Path, metavar="DIR", help="where exports of recipes are kept, and looked for")
    args = parser.parse_args()
    photo, boxes = painted(args.words)
    words = [TextInstance(box_polygon(*box)) for box in boxes.tolist()]
    light = "light"
    pair = load_cascade(light, threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        systems = []
        for i, name in enumerate(args.models):
            recipe = name in recipe_names() and not Path(name).exists()
            place = (args.keep or Path(scratch)) / name
            bundle = exported(name, place) if recipe else load_bundle(name, "spotting")
            systems.append(System(bundle, Path(scratch) / f"pieces-{i}", boxes, args.proposals))
            systems[-1].check(photo)
        clock = Clock()
        for _ in range(args.rounds + 1):
            for system in systems:
                system.parts(clock, photo)
                located = clock(system.name, LOCATE, system.locate, photo)
                clock(system.name, SHARED, system.read, located)
                clock(system.name, ALONE, system.read_alone, photo, located)
            clock(light, LOCATE, pair.detector.detect, photo)
            clock(light, SHARED, pair.read, photo, words)
    counts = ", ".join(str(n) for n in dict.fromkeys(system.proposals for system in systems))
    views = ", ".join(dict.fromkeys("x".join(map(str, system.view)) for system in systems))
    print(
        f"{describe()}; {versions('onnxruntime', 'numpy')}. A photo of {SIZE[0]}x{SIZE[1]}, seen as {views}; "
        f"{counts} proposals, {args.words} words; one thread, processor time, {args.rounds} rounds.\n"
    )
    print(parts_table(clock, systems), end="\n\n")
    print(paper_table(clock, systems), end="\n\n")
    print(ways_table(clock, systems, light))


if __name__ == "__main__":
    main()
