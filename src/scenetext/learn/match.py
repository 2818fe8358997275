"""A pre-trained network asked what it knows of images, while it learns and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely
import torch
from torch import Tensor
from torch.nn import functional

from ..codecs.oclip import OCLIP, PAD
from ..errors import SettingsError
from ..evaluate.retrieval import Match
from ..geometry import valid_shape
from ..types import Sample, TextInstance
from ..view import SceneResize
from .bag import BagAugment
from .nets.oclip import OCLIPNetwork

_STRIDE = 8  # of the cells that are probed
_CELLS = 256  # of an image that are probed, drawn at random
_RIDGE = 1e-2  # of the probe, in units of the features' variance


class Matcher:
    """Finds texts for images, images for texts, hidden characters, and places with text.

    Of each sample it sees one view, cut as the run's last stage cuts them, and always the same one.
    """

    def __init__(self, net: OCLIPNetwork, codec: OCLIP, resize: SceneResize, augment: BagAugment) -> None:
        self.net = net
        self.codec = codec
        self.resize = resize
        self.augment = augment

    def match(
        self, samples: Sequence[Sample], batch: int, progress: Callable[[int], object] = lambda done: None
    ) -> tuple[list[list[str]], list[Match]]:
        """The words of each view, and what the network makes of it among `batch` of them or a few fewer.

        Raises BadImageError for a sample that cannot be decoded.
        """
        bags: list[list[str]] = []
        found: list[Match] = []
        features: list[np.ndarray] = []
        truth: list[np.ndarray] = []
        was_training = self.net.training
        self.net.eval()
        try:
            with torch.inference_mode():
                for chosen in np.array_split(np.arange(len(samples)), -(-len(samples) // batch) or 1):
                    views = [self._view(samples[i], i) for i in chosen.tolist()]
                    if views:
                        bags += [self.codec.bag(instances) for _, instances in views]
                        matches, rows = self._batch(views, bags[-len(views) :])
                        found += matches
                        for i, row, (image, instances) in zip(chosen.tolist(), rows, views, strict=True):
                            some = np.random.default_rng(i).permutation(len(row))[:_CELLS]
                            features.append(row[some])
                            truth.append(_cells(instances, image.shape[:2])[some])
                    progress(len(chosen))
        finally:
            self.net.train(was_training)
        probed = _probe(features, truth)
        return bags, [
            replace(match, scores=scores, truth=cells)
            for match, (scores, cells) in zip(found, probed, strict=True)
        ]

    def look(self, image: np.ndarray, words: Sequence[str]) -> list[tuple[str, np.ndarray]]:
        """Where the network looks in an image, (H, W, 3) uint8: titles and weights (h, w).

        First the image encoder, then the decoder for each word, of which the middle character is hidden; the
        title says what it is taken for, and how surely. A word is cut where the codec cuts it, and without
        characters of its charset left out. Raises SettingsError for a network without a decoder.
        """
        if not len(self.net.decoder) or not self.net.masked:
            raise SettingsError("this network was trained without a decoder, which is what looks for words")
        bag = [word for word in map(self.codec.written, words) if word]
        device = next(self.net.parameters()).device
        was_training = self.net.training
        self.net.eval()
        try:
            with torch.inference_mode():
                rows = torch.from_numpy(self.codec.encode_words(bag)).to(device)[None]
                shown = self.net.hide_at(rows, ((rows != PAD) & (rows != self.net.end)).sum(dim=2) // 2)
                pixels = torch.from_numpy(self.resize(image).data).to(device)
                features = self.net.backbone(pixels)[3]
                whole, tokens = self.net.pool(features)
                questions = self.net.questions(shown)
                logits = self.net.guess(questions, whole, tokens, features.shape[2:])
                pooled, maps = self.net.looks(features, questions)
        finally:
            self.net.train(was_training)
        log_probs = torch.log_softmax(logits[0].float(), dim=1).cpu().numpy()
        hidden = shown.words[0].cpu().numpy()
        guesses = self.codec.decode({"words": hidden, "log_probs": log_probs})
        titles = [
            f"{word[: len(word) // 2]}_{word[len(word) // 2 + 1 :]}: {text} {score:.2f}"
            for word, (text, score) in zip(bag, guesses, strict=True)
        ]
        found = [("image encoder", pooled[0]), *zip(titles, maps[0], strict=True)]
        return [(title, weights.float().cpu().numpy()) for title, weights in found]

    def _view(self, sample: Sample, index: int) -> tuple[np.ndarray, list[TextInstance]]:
        return self.augment(sample, sample.image, np.random.default_rng(index))

    def _batch(
        self, views: Sequence[tuple[np.ndarray, list[TextInstance]]], bags: Sequence[Sequence[str]]
    ) -> tuple[list[Match], np.ndarray]:
        """What is made of the images of one batch, and the features of their cells."""
        net = self.net
        device = next(net.parameters()).device
        pixels = np.concatenate([self.resize.normalise(image) for image, _ in views])
        maps = net.backbone(torch.from_numpy(pixels).to(device))
        whole, tokens = net.pool(maps[3])
        encoded = [self.codec.encode(instances, image.shape[:2])["words"] for image, instances in views]
        words = torch.from_numpy(np.stack(encoded)).to(device)
        first = torch.where(torch.arange(words.shape[1], device=device)[:, None] == 0, words, PAD)
        near, near_word = self._nearness(whole, words), self._nearness(whole, first)
        shown = net.hide_at(words, ((words != PAD) & (words != net.end)).sum(dim=2) // 2)
        questions, grid = net.questions(shown), maps[3].shape[2:]
        guesses = self._filled(shown.words, net.guess(questions, whole, tokens, grid))
        blind: list[tuple[str, ...]] = [()] * len(views)
        if len(views) > 1:  # each image in the place of the one before it
            blind = self._filled(shown.words, net.guess(questions, whole.roll(1, 0), tokens.roll(1, 0), grid))
        with_words = [i for i, bag in enumerate(bags) if bag]
        found = []
        for i, bag in enumerate(bags):
            match = Match(guesses[i][: len(bag)], blind[i][: len(bag)])
            if bag:
                # images of the same words are no rivals; of rivals as near none is told from the others
                rivals = [j for j in with_words if sorted(bags[j]) != sorted(bag)]
                words_of_others = [j for j in with_words if bags[j][0] not in bag]
                match = replace(
                    match,
                    text=_nearer(near[i, i], near[i, rivals]),
                    image=_nearer(near[i, i], near[rivals, i]),
                    word=_nearer(near_word[i, i], near_word[i, words_of_others]),
                )
            found.append(match)
        return found, _features(maps).float().cpu().numpy()

    def _nearness(self, whole: Tensor, words: Tensor) -> np.ndarray:
        """(n, n): cosines of images (rows) and texts."""
        texts = functional.normalize(self.net.text_of(self.net.encode(words), words), dim=1)
        cosines = functional.normalize(whole, dim=1) @ texts.t()
        return np.asarray(cosines.float().cpu().numpy())

    def _filled(self, words: Tensor, logits: Tensor) -> list[tuple[str, ...]]:
        """The words (n, S, L) of each image with their hidden characters guessed."""
        log_probs = torch.log_softmax(logits.float(), dim=2).cpu().numpy()
        return [
            tuple(text for text, _ in self.codec.decode({"words": rows, "log_probs": guessed}))
            for rows, guessed in zip(words.cpu().numpy(), log_probs, strict=True)
        ]


def _nearer(own: float, others: np.ndarray) -> bool | None:
    """Whether nothing else is as near; None if there is nothing else."""
    return bool(own > others.max()) if len(others) else None


def _features(maps: Sequence[Tensor]) -> Tensor:
    """(N, cells, channels of all maps) at stride 8: finer maps averaged, coarser ones enlarged."""
    size = maps[1].shape[2], maps[1].shape[3]
    levels = [functional.adaptive_avg_pool2d(maps[0], size), maps[1]]
    levels += [functional.interpolate(m, size=size, mode="bilinear") for m in maps[2:]]
    return torch.cat(levels, dim=1).flatten(2).transpose(1, 2)


def _cells(instances: Sequence[TextInstance], size: tuple[int, int]) -> np.ndarray:
    """(cells,) of a view: whether the middle of a cell lies in text, 1 or 0; -1 in don't-care."""
    ys, xs = np.mgrid[0 : size[0] : _STRIDE, 0 : size[1] : _STRIDE] + _STRIDE / 2
    points = shapely.points(xs.ravel(), ys.ravel())
    labels = np.zeros(len(points), dtype=np.int64)
    for instance in sorted(instances, key=lambda instance: instance.legible):  # text over don't-care
        inside = shapely.contains(valid_shape(instance.polygon), points)
        labels[inside] = 1 if instance.legible else -1
    return labels


def _probe(
    features: Sequence[np.ndarray], truth: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray] | tuple[None, None]]:
    """A ridge regression of text on the features of cells, fitted to every second image.

    What it says of the others: scores and truth of the cells of each of those, nothing for the rest; for none
    if it is not known where any text is.
    """
    found: list[tuple[np.ndarray, np.ndarray] | tuple[None, None]] = [(None, None) for _ in features]
    if not any((labels == 1).any() for labels in truth[::2]):
        return found
    known = [labels >= 0 for labels in truth]
    rows = np.concatenate([f[k] for f, k in zip(features[::2], known[::2], strict=True)]).astype(np.float64)
    wanted = np.concatenate([t[k] for t, k in zip(truth[::2], known[::2], strict=True)]).astype(np.float64)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    rows = (rows - mean) / spread
    gram = rows.T @ rows / len(rows) + _RIDGE * np.eye(rows.shape[1])
    weights = np.linalg.solve(gram, rows.T @ (wanted - wanted.mean()) / len(rows))
    for i in range(1, len(found), 2):
        if known[i].any():
            scores = (features[i][known[i]] - mean) / spread @ weights
            found[i] = scores.astype(np.float32), truth[i][known[i]] == 1
    return found
