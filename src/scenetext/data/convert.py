"""Data sets from one layout to another. The bytes of pictures stay what they are, where there are any."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import BadImageError, DataError, ScenetextError, SettingsError, unknown_name
from ..image import load_image
from ..types import Sample
from .filters import Filters
from .targets import TARGETS
from .words import Words
from .writing import Row, Target


@dataclass
class Conversion:
    """What became of a data set.

    read, written   samples.
    dropped         by filter, how many.
    failures        of the samples that could not be read or written.
    lexicons_lost   samples written whose lexicon the layout cannot hold.
    """

    read: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failures: list[ScenetextError] = field(default_factory=list)
    lexicons_lost: int = 0


def convert(
    samples: Sequence[Sample],
    to: str,
    out: Path,
    filters: Filters | None = None,
    progress: Callable[[ScenetextError | None], object] = lambda failure: None,
) -> Conversion:
    """Writes a data set in another layout.

    to         one of TARGETS.
    out        a folder that does not exist yet, or is empty. Everything is written into `out` + ".partial"
               beside it, which gets its name when all is done: what was interrupted is never taken for whole.
    filters    of word crops only.
    progress   called after each sample with what was wrong with it, or None.

    A sample that cannot be decoded, or that the layout cannot hold, is left out and listed in the result.
    Names (but in "lmdb"), texts, polygons, (in "lmdb" and "jsonl") lexicons and (in "jsonl") the outlines of
    characters are carried over. In the layouts of other data sets polygons are rounded, and in all but
    "jsonl" an illegible word loses its text.
    Raises SettingsError, and DataError if nothing is left to write.
    """
    if to not in TARGETS:
        raise unknown_name("layout", to, TARGETS)
    target, filters, words = TARGETS[to], filters or Filters(), isinstance(samples, Words)
    if not (target.words if words else target.scenes):
        fitting = [name for name, other in TARGETS.items() if (other.words if words else other.scenes)]
        kind = "word crops" if words else "scenes"
        raise SettingsError(f"{to} cannot hold {kind}; these can: {', '.join(fitting)}")
    if filters.names and not words:
        raise SettingsError("filters are for word crops; these are scenes")
    out = Path(os.path.abspath(out))  # "." has no name
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingsError(f"{out}: already there; choose another place")
    partial = out.with_name(out.name + ".partial")
    try:
        partial.mkdir(parents=True)
    except FileExistsError:
        raise SettingsError(
            f"{partial}: another conversion is writing, or was interrupted; remove it if none is running"
        ) from None
    result = Conversion()
    try:
        target.write(partial, _rows(samples, filters, target, result, progress))
        if not result.written:
            raise DataError(f"{out}: none of {result.read} samples is left to write")
        if out.exists():
            out.rmdir()
        os.replace(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return result


def _rows(
    samples: Sequence[Sample],
    filters: Filters,
    target: Target,
    result: Conversion,
    progress: Callable[[ScenetextError | None], object],
) -> Iterator[Row]:
    """The samples that are to be written; what happens to the others goes into `result`."""
    for i in range(len(samples)):
        result.read += 1
        failure: ScenetextError | None = None
        try:
            sample = samples[i]
            reason = filters.dropped_by(sample.instances[0].text or "") if filters.names else None
            if reason:
                result.dropped[reason] += 1
            else:
                unfit = _unwritable(sample) or target.refuses(sample)
                if unfit:
                    raise DataError(f"{sample.name}: {unfit}")
                row = Row(sample, _encoded(sample), isinstance(samples, Words))
                result.written += 1
                result.lexicons_lost += sample.lexicon is not None and not target.lexicon
                yield row
        except (BadImageError, DataError) as error:
            failure = error
            result.failures.append(error)
        progress(failure)


def _encoded(sample: Sample) -> bytes:
    """The picture's own bytes, once they have been decoded; a PNG of a picture that has none."""
    source = sample.source
    if isinstance(source, np.ndarray):
        buffer = io.BytesIO()
        Image.fromarray(source).save(buffer, "PNG")
        return buffer.getvalue()
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise BadImageError(sample.name, error.strerror or str(error)) from None
    load_image(data, name=sample.name)
    return data


def _unwritable(sample: Sample) -> str | None:
    """Why no layout can hold a sample: JSON can smuggle in halves of characters."""
    texts = [instance.text or "" for instance in sample.instances] + list(sample.lexicon or ())
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return "half a character in a text"
    return None
