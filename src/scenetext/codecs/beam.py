"""Beam search with a decoder that is run step by step: over all texts, or over the prefixes of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..lexicon import Trie, WordTable
from ..types import Graph

START, END = 0, 1
SPECIAL = 2  # classes before the first character

_PREFIXES = 100_000  # of all images together that an exhaustive search may have to keep
_ROWS = 256  # hypotheses that go through the step graph together
_SLACK = 1e-3  # by how much a probability may depend on what else is in its batch, in its logarithm


@dataclass(frozen=True, eq=False)
class Found:
    """The best text of an image: ln p(text | outputs), its classes, and its node in the trie, if any."""

    total: float
    classes: np.ndarray
    node: int


@dataclass(frozen=True, eq=False)
class _Hypotheses:
    """h unfinished texts: their image, node, classes so far (h, s), ln p, and states of the decoder."""

    image: np.ndarray
    node: np.ndarray
    classes: np.ndarray
    total: np.ndarray
    states: Mapping[str, np.ndarray]


_Extensions = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of each way to go on: which hypothesis, the node it leads to, its class, and the logarithm it adds."""

_Extend = Callable[[np.ndarray, np.ndarray], _Extensions]
"""All ways to go on from nodes (h,) with log-probabilities (h, C)."""


def search_texts(
    step: Graph, outputs: Mapping[str, np.ndarray], width: int, length: int
) -> list[Found | None]:
    """The best text of each image; one that does not end in time only if no other is left.

    step      {"memory", "previous" (N,) int64, "state_*"} -> {"log_probs" (N, C), "next_*"}
    outputs   "memory" and "state_*" before the first step, a row an image
    width     texts of an image that are kept at each step
    length    characters of the longest text
    """
    least = np.full(len(outputs["memory"]), -np.inf)
    return _search(step, outputs, _any_class, width, length, least, unfinished=True)


def search_words(
    step: Graph,
    outputs: Mapping[str, np.ndarray],
    table: WordTable,
    width: int,
    length: int,
    exhaustive: bool = False,
) -> list[Found | None]:
    """The best word of each image; None where no word of at most `length` characters is met.

    width        prefixes of an image that are kept at each step (RARE, section 2.4)
    exhaustive   then search again with all prefixes that could still become a better word, so that the result
                 is the best of all words.

    The classes of a letter in either case count as one, and the likelier one is what the next step sees.
    """
    extend = _Words(table).extend
    least = np.full(len(outputs["memory"]), -np.inf)
    found = _search(step, outputs, extend, width, length, least)
    if not exhaustive:
        return found
    # A prefix less probable than a word that was found need not be followed: no longer text is more probable.
    least = np.array([-np.inf if word is None else word.total for word in found])
    prefixes = len(table.trie.symbol)
    size = max(1, _PREFIXES // prefixes)
    best: list[Found | None] = []
    for start in range(0, len(least), size):
        rows = slice(start, start + size)
        some = {name: array[rows] for name, array in outputs.items()}
        best += _search(step, some, extend, prefixes, length, least[rows])
    return best


def _search(
    step: Graph,
    outputs: Mapping[str, np.ndarray],
    extend: _Extend,
    width: int,
    length: int,
    least: np.ndarray,
    unfinished: bool = False,
) -> list[Found | None]:
    """least: (images,) logarithms; less probable texts are not looked for."""
    memory = outputs["memory"]
    count = len(memory)
    found: list[Found | None] = [None] * count
    best = least - _SLACK
    going = _Hypotheses(
        np.arange(count),
        np.zeros(count, dtype=np.int64),
        np.full((count, 0), START, dtype=np.int64),
        np.zeros(count),
        {name: value for name, value in outputs.items() if name.startswith("state_")},
    )
    for _ in range(length + 1):
        log_probs, states = _run(step, memory, going)
        parent, node, label, gain = extend(going.node, log_probs)
        total, image = going.total[parent] + gain, going.image[parent]
        order = np.lexsort([-total, image])
        place = np.arange(len(order)) - np.searchsorted(image[order], image[order])  # within its image
        kept = order[(place < width) & (total[order] > best[image[order]])]
        for k in kept[label[kept] == END]:  # of an image, the best first
            if total[k] > best[image[k]]:
                found[image[k]] = Found(float(total[k]), going.classes[parent[k]], int(node[k]))
                best[image[k]] = total[k]
        kept = kept[(label[kept] != END) & (total[kept] > best[image[kept]])]
        going = _Hypotheses(
            image[kept],
            node[kept],
            np.concatenate([going.classes[parent[kept]], label[kept, None]], axis=1),
            total[kept],
            {name: value[parent[kept]] for name, value in states.items()},
        )
        if len(kept) == 0:
            break
    if unfinished:
        for k, image_of in enumerate(going.image):
            if found[image_of] is None:
                found[image_of] = Found(float(going.total[k]), going.classes[k], int(going.node[k]))
    return found


def _run(step: Graph, memory: np.ndarray, going: _Hypotheses) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(log-probabilities (h, C), states after the step)."""
    started = np.pad(going.classes, ((0, 0), (1, 0)), constant_values=START)
    previous = np.ascontiguousarray(started[:, -1])
    parts = []
    for start in range(0, len(previous), _ROWS):
        rows = slice(start, start + _ROWS)
        states = {name: value[rows] for name, value in going.states.items()}
        parts.append(step({"memory": memory[going.image[rows]], "previous": previous[rows], **states}))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    log_probs = joined.pop("log_probs").astype(np.float64)
    return log_probs, {name.replace("next_", "state_", 1): value for name, value in joined.items()}


def _any_class(node: np.ndarray, log_probs: np.ndarray) -> _Extensions:
    """Every class but the start."""
    count, classes = log_probs.shape
    parent = np.repeat(np.arange(count), classes - 1)
    label = np.tile(np.arange(1, classes), count)
    return parent, node[parent], label, log_probs[:, 1:].ravel()


class _Words:
    """The ways to go on within the words of a table."""

    def __init__(self, table: WordTable) -> None:
        self.trie: Trie = table.trie
        members = [np.flatnonzero(table.fold == k) + SPECIAL for k in range(1, len(table.symbols) + 1)]
        most = max(map(len, members), default=1)
        nothing = len(table.fold) + SPECIAL  # a class beyond the last, of probability 0
        rows = [np.pad(row, (0, most - len(row)), constant_values=nothing) for row in members]
        self.classes = np.stack([np.full(most, nothing), *rows])  # (symbols + 1, most)

    def extend(self, node: np.ndarray, log_probs: np.ndarray) -> _Extensions:
        log_probs = np.pad(log_probs, ((0, 0), (0, 1)), constant_values=-np.inf)
        parent, child = self.trie.children(node)
        classes = self.classes[self.trie.symbol[child]]
        each = log_probs[parent[:, None], classes]
        likeliest = classes[np.arange(len(child)), each.argmax(axis=1)]
        ending = np.flatnonzero(self.trie.word[node] >= 0)
        return (
            np.concatenate([parent, ending]),
            np.concatenate([child, node[ending]]),
            np.concatenate([likeliest, np.full(len(ending), END)]),
            np.concatenate([np.logaddexp.reduce(each, axis=1), log_probs[ending, END]]),
        )
