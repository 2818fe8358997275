"""From data sets and synthesis to training batches, in worker processes, the same for the same seed.

A stage of a recipe is a sequence of blocks of a few batches. Block b depends on nothing but the seed of the
recipe, the stage, b and the rank, so a run that was killed goes on with the very batches it would have seen.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..codecs.ctc import CTC
from ..codecs.db import DB
from ..data import open_dataset
from ..errors import BadImageError, DataError, ScenetextError, SettingsError
from ..image import CropResize, SceneResize
from ..recipe import Data, Recipe
from ..settings import build
from ..synth.corpus import Corpus
from ..synth.scenes import SceneSynth
from ..synth.words import WordSynth
from ..types import Sample
from .augment import SceneAugment, WordAugment

log = logging.getLogger(__name__)

Batch = dict[str, Tensor]
"""What a network's `losses` needs, and "dropped": samples of this batch that could not be used."""

_ATTEMPTS = 20  # draws of one sample before a data set is given up as unusable

SYNTHS: dict[str, type] = {"synth-words": WordSynth, "synth-scenes": SceneSynth}


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
        return [_draw_word(mixture, codec, rng)[0] for _ in range(count)]
    return [_draw_scene(mixture, rng)[0] for _ in range(count)]


def _draw_word(mixture: Draws, codec: CTC, rng: np.random.Generator) -> tuple[Sample, np.ndarray, bool, int]:
    """(sample, pixels, made?, draws in vain) of a word that can be decoded and that the charset can write."""
    for attempt in range(_ATTEMPTS):
        try:
            sample, made = mixture.draw(rng)
            text = sample.instances[0].text if len(sample.instances) == 1 else None
            if text and not codec.characters.unknown(text):
                return sample, sample.image, made, attempt
        except BadImageError as error:
            log.warning("left out: %s", error)
    raise DataError(
        f"{_ATTEMPTS} samples in a row cannot be used: word crops are needed that can be decoded, with "
        "labels in characters of the charset"
    )


def _draw_scene(mixture: Draws, rng: np.random.Generator) -> tuple[Sample, np.ndarray, int]:
    """(sample, pixels, draws in vain) of a scene that can be decoded."""
    for attempt in range(_ATTEMPTS):
        try:
            sample, _ = mixture.draw(rng)
            return sample, sample.image, attempt
        except BadImageError as error:
            log.warning("left out: %s", error)
    raise DataError(f"{_ATTEMPTS} scenes in a row cannot be decoded")


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
    source: _Synth = build(SYNTHS[entry.name], places | entry.settings, f"data {entry.name!r}")
    return source


@dataclass(frozen=True)
class WordBlocks(Dataset[list[Batch]]):
    """Batches of word crops. Each block is sorted by width and cut into batches, so that the words of a batch
    are stretched to a common width close to their own.

    frames   {view width: frames that the network makes of it}
    """

    mixture: Draws
    codec: CTC
    resize: CropResize
    augment: WordAugment
    frames: Mapping[int, int]
    batch: int
    seed: tuple[int, ...]
    group: int = 16

    def __getitem__(self, block: int) -> list[Batch]:
        rng = np.random.default_rng((*self.seed, block))
        words: list[tuple[np.ndarray, str]] = []
        dropped = 0
        while len(words) < self.batch * self.group:
            sample, crop, made, failures = _draw_word(self.mixture, self.codec, rng)
            words.append((crop if made else self.augment(crop, rng), sample.instances[0].text or ""))
            dropped += failures
        # by the width of the view, not by the exact aspect: words of one width stay mixed, and batch
        # normalisation sees different words even where there are only a few
        words.sort(key=lambda word: self.resize.width_for(*word[0].shape[:2]))
        batches = [self._batch(words[i * self.batch : (i + 1) * self.batch]) for i in range(self.group)]
        batches[0]["dropped"] = batches[0]["dropped"] + dropped
        return [batches[i] for i in rng.permutation(self.group)]

    def _batch(self, words: Sequence[tuple[np.ndarray, str]]) -> Batch:
        middle = float(np.median([crop.shape[1] / crop.shape[0] for crop, _ in words]))
        view_width = self.resize.width_for(1000, max(int(middle * 1000), 1))
        needed = [self.codec.frames_needed(text) for _, text in words]
        while min(needed) > self.frames[view_width] and view_width < self.resize.max_width:
            view_width = min(view_width + self.resize.multiple, self.resize.max_width)
        # a word that its frames cannot spell has no loss; another one is repeated in its place
        fits = [word for word, frames in zip(words, needed, strict=True) if frames <= self.frames[view_width]]
        if not fits:
            raise DataError(
                f"{len(words)} words in a row, {words[0][1]!r} among them, are too long for the widest view "
                f"({self.resize.max_width} pixels, {self.frames[view_width]} frames); raise resize.max_width"
            )
        dropped = len(words) - len(fits)
        words = list(itertools.islice(itertools.cycle(fits), len(words)))
        images = np.concatenate([self.resize(crop, view_width).data for crop, _ in words])
        targets = self.codec.encode([text for _, text in words])
        batch = {"images": torch.from_numpy(images), "dropped": torch.tensor(dropped)}
        return batch | {key: torch.from_numpy(value) for key, value in targets.items()}


@dataclass(frozen=True)
class SceneBlocks(Dataset[list[Batch]]):
    """Batches of windows cut from scenes; several from each scene, spread over a block's batches."""

    mixture: Draws
    codec: DB
    resize: SceneResize
    augment: SceneAugment
    batch: int
    seed: tuple[int, ...]
    group: int = 4

    def __getitem__(self, block: int) -> list[Batch]:
        rng = np.random.default_rng((*self.seed, block))
        rows: list[dict[str, np.ndarray]] = []
        dropped = 0
        while len(rows) < self.batch * self.group:
            sample, image, failures = _draw_scene(self.mixture, rng)
            dropped += failures
            for _ in range(self.augment.crops):
                window, instances = self.augment(sample, image, rng)
                targets = self.codec.encode(instances, window.shape[:2])
                rows.append({"images": self.resize.normalise(window)[0]} | targets)
        order = rng.permutation(len(rows))[: self.batch * self.group]
        batches = []
        for i in range(self.group):
            chosen = [rows[j] for j in order[i * self.batch : (i + 1) * self.batch]]
            batches.append(
                {key: torch.from_numpy(np.stack([row[key] for row in chosen])) for key in chosen[0]}
            )
            batches[-1]["dropped"] = torch.tensor(dropped if i == 0 else 0)
        return batches


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
    return SceneBlocks(
        mixture, codec, scene_resize, build(SceneAugment, stage.augment, where), stage.batch, seed
    )


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
