"""Max pooling of regions into grids of a fixed height and a width that follows their shape (section 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = (5, 4)
"""Powers of two, from 1 on, of the windows of an exported graph, along y and x. They cover bins of 32 x 16
pixels of the features, and so every region of a view of up to 960 pixels in height. Of a bin beyond that,
only the parts along its edges are seen."""


@dataclass(frozen=True)
class Cells:
    """The pixels of the features that each region's bins cover; int64, the end exclusive.

    image     (K,) index of the image
    rows      (K, rows, 2)
    columns   (K, columns, 2); those beyond a region's width repeat its last one
    widths    (K,) columns that each region has, at least 1
    """

    image: Tensor
    rows: Tensor
    columns: Tensor
    widths: Tensor

    def levels(self) -> tuple[int, int]:
        """The least levels that cover all bins."""
        tallest, widest = (int((bins[..., 1] - bins[..., 0]).max()) for bins in (self.rows, self.columns))
        return max(1, (tallest - 1).bit_length()), max(1, (widest - 1).bit_length())

    def narrowed(self) -> Cells:
        """Without the columns that no region has."""
        return Cells(self.image, self.rows, self.columns[:, : int(self.widths.max())], self.widths)


class RegionPooling(nn.Module):
    """Where the bins of regions lie, and the largest feature in each.

    A region of height h and width w has `rows` rows, H, and min(columns, 2 H w / h) columns, rounded, at
    least 1: a column is half as wide as high, which keeps narrow letters apart. With `varying` False it has
    `columns` columns, whatever its shape. It covers every pixel of the features that it touches, n of them
    along an axis; bin j of m covers those from floor(j n / m) to ceil((j + 1) n / m).
    """

    def __init__(self, stride: int, rows: int, columns: int, varying: bool) -> None:
        super().__init__()
        self.stride, self.rows, self.columns, self.varying = stride, rows, columns, varying

    def cells(self, boxes: Tensor, image: Tensor, height: int, width: int) -> Cells:
        """The cells of boxes (K, 4), pixels of the view, in features of (height, width)."""
        shape = (boxes[:, 2:] - boxes[:, :2]).clamp_min(1e-3)
        if self.varying:
            wanted = torch.round(2 * self.rows * shape[:, 0] / shape[:, 1])
            widths = wanted.clamp(1, self.columns).long()
        else:
            widths = torch.full_like(image, self.columns)
        x = self._span(boxes[:, 0], boxes[:, 2], width)
        y = self._span(boxes[:, 1], boxes[:, 3], height)
        rows = _bins(
            y, torch.arange(self.rows, device=boxes.device)[None], torch.full_like(widths, self.rows)
        )
        place = torch.arange(self.columns, device=boxes.device)[None]
        columns = _bins(x, torch.minimum(place, widths[:, None] - 1), widths)
        return Cells(image, rows, columns, widths)

    def _span(self, low: Tensor, high: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """The first of the pixels along an axis, and one beyond the last; at least one lies in the map."""
        first = torch.floor(low / self.stride).long().clamp(0, size - 1)
        last = torch.ceil(high / self.stride).long().clamp(0, size)
        return first, torch.maximum(last, first + 1)

    def forward(
        self, features: Tensor, cells: Cells, levels: tuple[int, int], table: Tensor | None = None
    ) -> Tensor:
        """(N, C, h, w) -> (K, columns, rows * C): the largest feature of each bin, column by column.

        A bin is covered by four windows, from its corners, whose sides are powers of two; the largest
        feature of each such window is looked up in a table.

        levels   see LEVELS.
        table    what `table` makes of the features, where that was done before; no gradient goes through it.
        """
        maps = _channels_last(features)
        shape = maps.values.shape
        if table is None and features.requires_grad:
            # the gradient goes straight to where the largest lie: that of tables of features would take half
            # as long as the convolutions
            with torch.no_grad():
                places = _largest(_table(maps.numbered(), levels), shape, cells, levels).places
            assert places is not None  # for mypy
            pooled = maps.values.reshape(-1, shape[3]).gather(0, places.long())
        else:
            table = self.table(features, levels) if table is None else table
            pooled = _largest(_Found(table), shape, cells, levels).values
        return pooled.reshape(-1, cells.columns.shape[1], self.rows * shape[3])

    def table(self, features: Tensor, levels: tuple[int, int]) -> Tensor:
        """(levels[0] * levels[1] * N * h * w, C): what `forward` looks up, for any boxes of these."""
        return _table(_channels_last(features), levels).values


@dataclass(frozen=True)
class _Found:
    """Features (..., C), each the largest of a window; and, unless nobody asks, the number of its pixel."""

    values: Tensor
    places: Tensor | None = None

    def numbered(self) -> _Found:
        """With the numbers of pixels (..., C), int32."""
        *shape, channels = self.values.shape
        places = torch.arange(prod(shape), dtype=torch.int32, device=self.values.device)
        return _Found(self.values, places.reshape(*shape, 1).expand(*shape, channels))

    def larger(self, other: _Found) -> _Found:
        """Feature by feature."""
        if self.places is None or other.places is None:
            return _Found(torch.maximum(self.values, other.values))
        places = torch.where(other.values > self.values, other.places, self.places)
        return _Found(torch.maximum(self.values, other.values), places)

    @classmethod
    def all(cls, parts: Sequence[_Found], change: Callable[[Sequence[Tensor]], Tensor]) -> _Found:
        """What a change makes of some, values and places alike."""
        values = change([part.values for part in parts])
        places = [part.places for part in parts if part.places is not None]
        return cls(values, change(places) if places else None)


def _channels_last(features: Tensor) -> _Found:
    return _Found(features.permute(0, 2, 3, 1))


def _largest(table: _Found, shape: Sequence[int], cells: Cells, levels: tuple[int, int]) -> _Found:
    """(K * columns * rows, C): of maps of this shape, (N, h, w, C), given their table."""
    count, height, width, _ = shape
    power_y, low_y, high_y = _windows(cells.rows, levels[0])  # (K, rows)
    power_x, low_x, high_x = _windows(cells.columns, levels[1])  # (K, columns)
    level = power_y[:, None] * levels[1] + power_x[:, :, None]  # (K, columns, rows)
    map_ = (level * count + cells.image[:, None, None]) * height
    corners = []
    for y in (low_y, high_y):
        for x in (low_x, high_x):
            place = ((map_ + y[:, None]) * width + x[:, :, None]).reshape(-1)
            corners.append(_rows(table, place))
    return reduce(_Found.larger, corners)


def _bins(span: tuple[Tensor, Tensor], place: Tensor, count: Tensor) -> Tensor:
    """The pixels (K, bins, 2) of bins `place` (K or 1, bins) of `count` (K,) that a span is cut into."""
    first, size = span[0][:, None], (span[1] - span[0])[:, None]
    count = count[:, None]
    low = torch.div(place * size, count, rounding_mode="floor")
    high = torch.div((place + 1) * size + count - 1, count, rounding_mode="floor")
    return first[..., None] + torch.stack([low, high], dim=2)


def _windows(bins: Tensor, levels: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of two windows of 2 ** level pixels that together cover a bin: the level, and where each begins."""
    size = bins[..., 1] - bins[..., 0]
    level = torch.zeros_like(size)
    side = torch.ones_like(size)
    for power in range(1, levels):
        larger = (size > 2**power).long()  # two windows of the level below do not suffice
        level, side = level + larger, side * (1 + larger)
    return level, bins[..., 0], torch.maximum(bins[..., 1] - side, bins[..., 0])


def _table(maps: _Found, levels: tuple[int, int]) -> _Found:
    """(levels[0] * levels[1] * N * h * w, C): the maximum of maps (N, h, w, C) over the window of
    2 ** i x 2 ** j pixels that begins at each pixel, in this order: i, j, image, y, x. Those that reach
    beyond the map mean nothing."""
    table = []
    tall = maps
    for i in range(levels[0]):
        if i:
            tall = tall.larger(_moved(tall, 2 ** (i - 1), 1))
        wide = tall
        for j in range(levels[1]):
            if j:
                wide = wide.larger(_moved(wide, 2 ** (j - 1), 2))
            table.append(wide)
    return _Found.all(table, lambda parts: torch.stack(tuple(parts)).flatten(0, -2))


def _moved(maps: _Found, by: int, axis: int) -> _Found:
    """What lies `by` further along axis 1 or 2 of (N, h, w, C); zeros where nothing does."""
    room = (0, 0, 0, by) if axis == 2 else (0, 0, 0, 0, 0, by)

    def change(parts: Sequence[Tensor]) -> Tensor:
        padded = functional.pad(parts[0], room)
        return padded[:, by:] if axis == 1 else padded[:, :, by:]

    return _Found.all([maps], change)


def _rows(table: _Found, places: Tensor) -> _Found:
    """Some rows (n, C) of (..., C)."""
    return _Found.all([table], lambda parts: parts[0].index_select(0, places))
