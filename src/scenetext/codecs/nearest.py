"""The word of a lexicon that is nearest to a reading, by edits that cost what the model was sure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..charset import Charset
from ..lexicon import Lexicon

_DOUBT = 5.0  # times its probability over that of what was read: how far another character gets cheaper


def nearest_word(
    lexicon: Lexicon, charset: Charset, read: Sequence[int] | np.ndarray, probabilities: np.ndarray
) -> tuple[str, float] | None:
    """The word of least edit distance to a reading, and that distance; None where no word is near.

    read            (n,) the characters that were read, as indices of the charset
    probabilities   (n, len(charset)) of each character at each of these places; the likeliest need not be the
                    one that was read, as where sequences are searched

    Edits cost (as in the end-to-end evaluation of Mask TextSpotter, 2018) for a character in another's place
    max(0, 1 - 5 p(other) / p(read)), to drop a character p(read), to add one the mean p(read) of its
    neighbours. At the borders that evaluation counts 1 for each character; here as elsewhere. It compares the
    words whose plain edit distance is at most 2 above the least; here of a small lexicon every word is
    compared, of a larger one those within the plain edit distance `delta`. Of words as near, the one that was
    read counts, then the first.
    """
    table = lexicon.table(charset)
    symbols = table.fold[np.asarray(read, dtype=np.int64)]
    if len(table) <= lexicon.small:
        places = np.arange(len(table))
    else:
        places = table.near(table.text(symbols), lexicon.delta)
    if len(places) == 0:
        return None
    folded = np.zeros((len(probabilities), len(table.symbols) + 1))
    np.add.at(folded.T, table.fold, probabilities.T)
    rows, lengths = table.rows(places), table.lengths[places]
    distances = edit_distances(folded, symbols, rows, lengths)
    own = np.pad(symbols, (0, rows.shape[1]))[: rows.shape[1]]
    other = (lengths != len(symbols)) | (rows != own).any(axis=1)
    best = np.lexsort([table.spelt[places], other, distances])[0]
    return lexicon.words[table.spelt[places[best]]], float(distances[best])


def edit_distances(
    probabilities: np.ndarray, read: np.ndarray, words: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """The weighted edit distances (words,) between a reading and words; see `nearest_word` for the weights.

    probabilities   (n, symbols + 1) of each symbol at each place of the reading
    read            (n,) the symbols that were read
    words, lengths  (words, longest) symbols, filled up with 0; (words,)
    """
    count, longest = words.shape
    sure = probabilities[np.arange(len(read)), read]
    ends = np.concatenate([sure[:1], sure, sure[-1:]]) if len(sure) else np.ones(2)
    adding = (ends[:-1] + ends[1:]) / 2  # before each character, and after the last
    row = np.repeat(np.arange(longest + 1)[None] * adding[0], count, axis=0)
    for i, symbol in enumerate(read):
        cost = (1 - _DOUBT * probabilities[i, words] / max(sure[i], 1e-12)).clip(0)
        cost[words == symbol] = 0
        after = np.empty_like(row)
        after[:, 0] = row[:, 0] + sure[i]
        np.minimum(row[:, :-1] + cost, row[:, 1:] + sure[i], out=after[:, 1:])
        for j in range(longest):
            np.minimum(after[:, j + 1], after[:, j] + adding[i + 1], out=after[:, j + 1])
        row = after
    return np.asarray(row[np.arange(count), lengths])
