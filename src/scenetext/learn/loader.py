"""From data sets and synthesis to training batches, in worker processes, the same for the same seed.

A stage of a recipe is a sequence of blocks of a few batches. Block b depends on nothing but the seed of the
recipe, the stage, b and the rank, so a run that was killed goes on with the very batches it would have seen.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..codecs import SceneCodec, TextCodec
from ..data import open_dataset
from ..errors import BadImageError, DataError, ScenetextError, SettingsError
from ..recipe import Data, Recipe
from ..settings import build
from ..synth.corpus import Corpus
from ..synth.scenes import SceneSynth
from ..synth.score_sheets import ScoreSynth
from ..synth.words import WordSynth
from ..types import Sample, TextInstance
from ..view import CropResize, SceneResize
from .augment import SceneAugment, WordAugment
from .bag import BagAugment
from .whole import WholeAugment, make_scene_augment

log = logging.getLogger(__name__)

Batch = dict[str, Tensor]
"""What a network's `losses` needs, and "dropped" (len(DROPPED),): samples left out, by reason."""

DROPPED = {
    "unlabelled": "without a label of one word",
    "charset": "with characters outside the charset",
    "undecodable": "that cannot be decoded",
    "too_long": "with labels too long for the network",
}
"""Why samples are left out, and how a log says it."""

# Draws of one sample before a data set is given up as unusable. With 20, one of which half cannot be used
# would end a run after some million samples.
_ATTEMPTS = 200

SYNTHS: dict[str, type] = {
    "synth-words": WordSynth,
    "synth-scenes": SceneSynth,
    "synth-scores": ScoreSynth,
}


class Draws(Protocol):
    """Where samples come from."""

    def draw(self, rng: np.random.Generator) -> tuple[Sample, bool]:
        """A sample, and whether it was made rather than photographed."""


class _Synth(Protocol):
    def sample(self, seed: int) -> Sample: ...


class Mixture:
    """Several sources of samples, drawn from in the proportions of their shares."""

    def __init__(self, data: Sequence[Data], root: Path) -> None:
        self.sources = [make_source(entry, root) for entry in data]
        shares = np.array([entry.share for entry in data], dtype=np.float64)
        if (shares < 0).any() or shares.sum() <= 0:
            raise SettingsError("the shares of a stage's data are positive")
        self.shares = shares / shares.sum()

    def draw(self, rng: np.random.Generator) -> tuple[Sample, bool]:
        """A sample, and whether it was made rather than photographed."""
        source = self.sources[int(rng.choice(len(self.sources), p=self.shares))]
        if isinstance(source, Sequence):
            return source[int(rng.integers(len(source)))], False
        return source.sample(int(rng.integers(2**62))), True


class Fixed:
    """A few samples, again and again: for the overfitting self-test."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def draw(self, rng: np.random.Generator) -> tuple[Sample, bool]:
        """One of the samples; they count as made, so that words are not changed further."""
        return self.samples[int(rng.integers(len(self.samples)))], True


def fixed_samples(recipe: Recipe, codec: Any, root: Path, count: int) -> list[Sample]:
    """The samples that every stage of an overfitting self-test trains and is scored on."""
    mixture = Mixture(recipe.stages[0].data, root)
    rng = np.random.default_rng(recipe.seed)
    if recipe.task == "recognition":
        return [_draw_word(mixture, codec, rng, Counter())[0] for _ in range(count)]
    return [_draw_scene(mixture, rng, Counter())[0] for _ in range(count)]


def _draw_word(
    mixture: Draws, codec: TextCodec, rng: np.random.Generator, dropped: Counter[str]
) -> tuple[Sample, np.ndarray, bool]:
    """(sample, pixels, made?) of a word that can be decoded and that the charset can write."""
    for _ in range(_ATTEMPTS):
        try:
            sample, made = mixture.draw(rng)
            text = sample.instances[0].text if len(sample.instances) == 1 else None
            if not text:
                dropped["unlabelled"] += 1
            elif codec.characters.unknown(text):
                dropped["charset"] += 1
            else:
                return sample, sample.image, made
        except BadImageError as error:
            log.warning("left out: %s", error)
            dropped["undecodable"] += 1
    raise DataError(
        f"{_ATTEMPTS} samples in a row cannot be used (left out: {describe_dropped(dropped)}); word crops "
        "are needed that can be decoded, with labels in characters of the charset"
    )


def _draw_scene(mixture: Draws, rng: np.random.Generator, dropped: Counter[str]) -> tuple[Sample, np.ndarray]:
    """(sample, pixels) of a scene that can be decoded."""
    for _ in range(_ATTEMPTS):
        try:
            sample, _ = mixture.draw(rng)
            return sample, sample.image
        except BadImageError as error:
            log.warning("left out: %s", error)
            dropped["undecodable"] += 1
    raise DataError(f"{_ATTEMPTS} scenes in a row cannot be decoded")


def describe_dropped(dropped: Mapping[str, int]) -> str:
    """How many samples were left out, and why, in words."""
    told = [f"{dropped[reason]} {words}" for reason, words in DROPPED.items() if dropped.get(reason)]
    return ", ".join(told) or "none"


def _counts(dropped: Mapping[str, int]) -> Tensor:
    return torch.tensor([dropped.get(reason, 0) for reason in DROPPED])


def make_source(entry: Data, root: Path) -> Sequence[Sample] | _Synth:
    """The data set or synthesiser of an entry. Synthesis finds fonts, backgrounds and words.txt in root,
    unless the entry's settings name others. Raises SettingsError, DataError."""
    if entry.name not in SYNTHS:
        if entry.settings:
            raise SettingsError(f"data {entry.name!r}: only synthesis has settings")
        dataset = open_dataset(entry.name, root)
        if len(dataset) == 0:
            raise SettingsError(f"data {entry.name!r}: holds no samples")
        return dataset
    places: dict[str, Any] = {"fonts": str(root / "fonts"), "backgrounds": str(root / "backgrounds")}
    if (root / "words.txt").is_file():
        places["corpus"] = Corpus.from_file(root / "words.txt")
    synth = SYNTHS[entry.name]
    known = {field.name for field in fields(synth)}  # scores need no fonts
    places = {name: place for name, place in places.items() if name in known}
    source: _Synth = build(synth, places | entry.settings, f"data {entry.name!r}")
    return source


@dataclass(frozen=True)
class WordBlocks(Dataset[list[Batch]]):
    """Batches of word crops. Each block is sorted by width and cut into batches, so that the words of a batch
    are stretched to a common width close to their own.

    frames   {view width: frames that the network makes of it}
    """

    mixture: Draws
    codec: TextCodec
    resize: CropResize
    augment: WordAugment
    frames: Mapping[int, int]
    batch: int
    seed: tuple[int, ...]
    group: int = 16

    def __getitem__(self, block: int) -> list[Batch]:
        rng = np.random.default_rng((*self.seed, block))
        words: list[tuple[np.ndarray, str]] = []
        dropped: Counter[str] = Counter()
        while len(words) < self.batch * self.group:
            sample, crop, made = _draw_word(self.mixture, self.codec, rng, dropped)
            words.append((crop if made else self.augment(crop, rng), sample.instances[0].text or ""))
        # by the width of the view, not by the exact aspect: words of one width stay mixed, and batch
        # normalisation sees different words even where there are only a few
        words.sort(key=lambda word: self.resize.width_for(*word[0].shape[:2]))
        batches = [self._batch(words[i * self.batch : (i + 1) * self.batch]) for i in range(self.group)]
        batches[0]["dropped"] = batches[0]["dropped"] + _counts(dropped)
        return [batches[i] for i in rng.permutation(self.group)]

    def _batch(self, words: Sequence[tuple[np.ndarray, str]]) -> Batch:
        view_width = self._width([crop for crop, _ in words])
        # a word that its frames cannot spell has no loss; another one is repeated in its place
        while not (fits := self._fitting(words, view_width)) and view_width < self.resize.max_width:
            view_width = self.resize.wider(view_width)
        if not fits:
            raise DataError(
                f"{len(words)} words in a row, {words[0][1]!r} among them, are too long for the widest view "
                f"({self.resize.max_width} pixels, {self.frames[view_width]} frames); raise resize.max_width "
                "(of an attention model, codec.length)"
            )
        dropped = {"too_long": len(words) - len(fits)}
        words = list(itertools.islice(itertools.cycle(fits), len(words)))
        images = np.concatenate([self.resize(crop, view_width).data for crop, _ in words])
        targets = self.codec.encode([text for _, text in words])
        batch = {"images": torch.from_numpy(images), "dropped": _counts(dropped)}
        return batch | {key: torch.from_numpy(value) for key, value in targets.items()}

    def _width(self, crops: Sequence[np.ndarray]) -> int:
        """The common width of the views of some crops."""
        if self.resize.pad:  # to the widest: what has room to be padded is never squeezed
            return max(self.resize.width_for(*crop.shape[:2]) for crop in crops)
        middle = float(np.median([crop.shape[1] / crop.shape[0] for crop in crops]))
        return self.resize.width_for(1000, max(int(middle * 1000), 1))

    def _fitting(
        self, words: Sequence[tuple[np.ndarray, str]], view_width: int
    ) -> list[tuple[np.ndarray, str]]:
        frames = self.frames[view_width]
        return [word for word in words if self.codec.fits(word[1], frames)]


@dataclass(frozen=True)
class SceneBlocks(Dataset[list[Batch]]):
    """Batches of windows cut from scenes; several from each scene, spread over a block's batches.

    Words that are pasted into a window come from the scene that was drawn before. Where windows differ in
    size, those of a batch are padded with black, on the right and below, to the largest.
    """

    mixture: Draws
    codec: SceneCodec
    resize: SceneResize
    augment: SceneAugment | WholeAugment | BagAugment
    batch: int
    seed: tuple[int, ...]
    group: int = 4

    def __getitem__(self, block: int) -> list[Batch]:
        rng = np.random.default_rng((*self.seed, block))
        windows: list[tuple[np.ndarray, list[TextInstance]]] = []
        dropped: Counter[str] = Counter()
        donor: tuple[Sample, np.ndarray] | None = None
        while len(windows) < self.batch * self.group:
            sample, image = _draw_scene(self.mixture, rng, dropped)
            windows += [self.augment(sample, image, rng, donor) for _ in range(self.augment.crops)]
            donor = sample, image
        order = rng.permutation(len(windows))[: self.batch * self.group]
        batches = []
        for i in range(self.group):
            chosen = [windows[j] for j in order[i * self.batch : (i + 1) * self.batch]]
            batches.append(self._batch(chosen))
            batches[-1]["dropped"] = _counts(dropped if i == 0 else {})
        return batches

    def _batch(self, windows: Sequence[tuple[np.ndarray, list[TextInstance]]]) -> Batch:
        height = max(window.shape[0] for window, _ in windows)
        width = max(window.shape[1] for window, _ in windows)
        rows = []
        for window, instances in windows:
            room = (0, height - window.shape[0]), (0, width - window.shape[1]), (0, 0)
            image = self.resize.normalise(np.pad(window, room) if np.any(room) else window)[0]
            rows.append({"images": image} | self.codec.encode(instances, (height, width)))
        return {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}


def stage_blocks(
    recipe: Recipe, index: int, codec: Any, frames: Mapping[int, int], root: Path, rank: int, overfit: int = 0
) -> WordBlocks | SceneBlocks:
    """The blocks of a stage for one process of a run; `overfit` as in `engine.Options`."""
    stage = recipe.stages[index]
    mixture: Draws = Mixture(stage.data, root)
    if overfit:
        mixture = Fixed(fixed_samples(recipe, codec, root, overfit))
    seed = (recipe.seed, index, rank)
    where = f"recipe {recipe.name}, stage {index}: augment"
    if recipe.task == "recognition":
        resize = build(CropResize, recipe.resize, "[resize]")
        return WordBlocks(
            mixture, codec, resize, build(WordAugment, stage.augment, where), frames, stage.batch, seed
        )
    scene_resize = build(SceneResize, recipe.resize, "[resize]")
    augment: SceneAugment | WholeAugment | BagAugment
    if recipe.task == "pretraining":
        augment = build(BagAugment, stage.augment, where)
    else:
        augment = make_scene_augment(stage.augment, scene_resize, where)
    return SceneBlocks(mixture, codec, scene_resize, augment, stage.batch, seed)


class _Guarded(Dataset[list[Batch] | ScenetextError]):
    """Blocks whose errors are values: a DataLoader would make a traceback of many lines of them."""

    def __init__(self, blocks: WordBlocks | SceneBlocks) -> None:
        self.blocks = blocks

    def __getitem__(self, block: int) -> list[Batch] | ScenetextError:
        try:
            return self.blocks[block]
        except ScenetextError as error:
            return error


def batches(blocks: WordBlocks | SceneBlocks, start: int, stop: int, workers: int) -> Iterator[Batch]:
    """Batches start to stop (exclusive) of a stage, made by `workers` processes, or here for 0."""
    group = blocks.group
    order = range(start // group, -(-stop // group))
    loader: DataLoader[list[Batch] | ScenetextError] = DataLoader(
        _Guarded(blocks),
        sampler=order,
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_quiet_worker,
        prefetch_factor=2 if workers else None,
        # its seeds for workers, which are not used, else come from the numbers that networks draw: a resumed
        # run, which makes a loader within a stage, would draw others from there on
        generator=torch.Generator(),
    )
    for block, content in zip(order, loader, strict=True):
        if isinstance(content, ScenetextError):
            raise content
        for i, batch in enumerate(content, start=block * group):
            if start <= i < stop:
                yield batch


def _quiet_worker(_: int) -> None:
    # the training process owns the cores; a worker with threads of its own only gets in its way
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
