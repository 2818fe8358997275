"""Images as networks see them, and back.

`SceneResize` turns a whole photo, and `CropResize` one cut-out word, into a `View`: the array a network
takes, which remembers the scale and so maps points back.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

log = logging.getLogger(__name__)

# Of crops for a recogniser:
_SQUEEZE = 1.25  # so much too long is not worth a cut; fonts differ by more
_CRUSHED = 4.0  # a word that was squeezed so much has hardly a column left for each stroke
_OVERLAP = 2  # of neighbouring windows, times the height: a wide letter, and what its reading depends on
_LONGEST = 256  # width over height


@dataclass(frozen=True, eq=False)
class View:
    """An image as a network sees it.

    data    (1, C, h, w) float32, normalised.
    scale   (sx, sy): view pixels per image pixel; the two differ a little where sides were rounded.
    """

    data: np.ndarray
    scale: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the view in pixels."""
        return int(self.data.shape[2]), int(self.data.shape[3])

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 2) of the view in pixels of the image."""
        return np.asarray(points / np.array(self.scale), dtype=np.float32)


@dataclass(frozen=True)
class SceneResize:
    """How a photo becomes a network input. Its sides become multiples of `multiple`, by stretching.

    max_pixels   a larger photo is reduced to this area. The default leaves 1280 x 720 as it is.
    min_side     a photo whose shorter side is below this many pixels is enlarged to it,
    max_upscale  but by no more than this factor.
    max_aspect   a photo over `max_pixels` that is longer than this many times its width is cut into
                 overlapping windows rather than squeezed (see `windows`).
    mean, std    per channel, of values in [0, 1]; the defaults are those of ImageNet.
    """

    max_pixels: int = 1280 * 736
    min_side: int = 256
    max_upscale: float = 2.0
    max_aspect: float = 2.5
    multiple: int = 32
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if min(self.max_pixels, self.min_side, self.multiple) < 1:
            raise ValueError("max_pixels, min_side and multiple are positive")

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """(h, w) of the view of an image of this size."""
        scale = min(1.0, math.sqrt(self.max_pixels / (height * width)))
        if min(height, width) * scale < self.min_side:
            wanted = min(self.min_side / min(height, width), self.max_upscale)
            scale = max(scale, min(wanted, math.sqrt(self.max_pixels / (height * width))))
        return self._rounded(height * scale), self._rounded(width * scale)

    def _rounded(self, side: float) -> int:
        return max(self.multiple, int(side / self.multiple + 0.5) * self.multiple)

    def windows(self, height: int, width: int) -> list[tuple[int, int, int, int]]:
        """The boxes (left, top, right, bottom) to look at one by one; mostly just the whole image.

        The windows of a long image share its short side, are as long as keeps their scale at 1, but at least
        twice as long as wide, and overlap by half the short side.
        """
        short, long = sorted((height, width))
        if long <= self.max_aspect * short or height * width <= self.max_pixels:
            return [(0, 0, width, height)]
        length = min(max(2 * short, self.max_pixels // short), long)
        overlap = max(1, min(short, length) // 2)
        count = max(1, math.ceil((long - overlap) / (length - overlap)))
        starts = [round(i * (long - length) / max(1, count - 1)) for i in range(count)]
        if width >= height:
            return [(start, 0, start + length, height) for start in starts]
        return [(0, start, width, start + length) for start in starts]

    def normalise(self, image: np.ndarray) -> np.ndarray:
        """A (H, W, 3) uint8 image that already has a size the network takes, as (1, 3, H, W) float32."""
        return _normalised(Image.fromarray(image), self.mean, self.std)

    def __call__(self, image: np.ndarray) -> View:
        """The view of a (H, W, 3) uint8 image."""
        height, width = image.shape[:2]
        h, w = self.size_for(height, width)
        return View(_normalised(_resized(image, h, w), self.mean, self.std), (w / width, h / height))


@dataclass(frozen=True)
class CropResize:
    """How a cut-out word becomes a recogniser's input: of fixed height, and about as wide as its aspect asks.

    height, multiple   of the view: the width that keeps the aspect is rounded to a multiple,
                       within min_width..max_width.
    channels           1 (grey) or 3.
    mean, std          per channel, of values in [0, 1].
    pad                False: crops are stretched to the width of the view. True: they keep their aspect, and
                       the rest of the view, on the right, repeats their last column (the benchmark's
                       NormalizePAD, Baek et al. 2019).

    A crop over 1.25 times too long for max_width is not squeezed into it, but seen through several windows.
    Where min_width and max_width are the same, every crop is one view, however long it is: the protocols of
    32 x 100 pixels.
    """

    height: int = 32
    multiple: int = 16
    min_width: int = 32
    max_width: int = 512
    channels: int = 1
    mean: tuple[float, ...] = (0.5,)
    std: tuple[float, ...] = (0.5,)
    pad: bool = False

    def __post_init__(self) -> None:
        if min(self.height, self.multiple) < 1 or not 1 <= self.min_width <= self.max_width:
            raise ValueError("height, multiple and widths are positive, and min_width <= max_width")
        if self.channels not in (1, 3):
            raise ValueError(f"channels is 1 or 3, not {self.channels}")
        if len(self.mean) != self.channels or len(self.std) != self.channels:
            raise ValueError(f"mean and std have {self.channels} values each, one a channel")

    @property
    def fixed(self) -> bool:
        """Whether every view has the same width."""
        return self.min_width == self.max_width

    def width_for(self, height: int, width: int) -> int:
        """The width of the view of a crop of this size, if it has to be one view."""
        return min(max(self._rounded(self.height * width / height), self.min_width), self.max_width)

    def wider(self, view_width: int) -> int:
        """The next width that a view can have; max_width if there is none."""
        return min((view_width // self.multiple + 1) * self.multiple, self.max_width)

    def _rounded(self, width: float) -> int:
        # what is padded must not be squeezed, what is stretched may be, a little
        steps = math.ceil(width / self.multiple) if self.pad else int(width / self.multiple + 0.5)
        return steps * self.multiple

    def windows(self, height: int, width: int, longest: int | None = None) -> list[tuple[int, int]]:
        """The columns (left, right) of a crop's view to read one by one; mostly just the whole view.

        longest   width of the widest window, max_width if not given

        The windows of a long crop have one width, begin at multiples of `multiple` and overlap by at least
        twice the height, or by half of `longest` where that is less. A crop over 256 times longer than high
        is squeezed to that: no line of text is, and a crop of one row would take a thousand windows.
        """
        whole = self.width_for(height, width)
        kept = self.height * min(width / height, _LONGEST)
        most = (longest or self.max_width) // self.multiple
        least = math.ceil(self.min_width / self.multiple)
        if self.fixed or most < max(2, least) or kept <= _SQUEEZE * most * self.multiple:
            return [(0, whole)]
        # from here on, in multiples
        strip = self._rounded(kept) // self.multiple
        overlap = min(math.ceil(_OVERLAP * self.height / self.multiple), most // 2)
        count = math.ceil((strip - overlap) / (most - overlap))
        length = max(math.ceil((strip + (count - 1) * overlap) / count), least)
        starts = [round(i * (strip - length) / max(count - 1, 1)) for i in range(count)]
        return [(start * self.multiple, (start + length) * self.multiple) for start in starts]

    def crushes(self, height: int, width: int) -> bool:
        """Whether a crop is squeezed so much that its text is likely to be lost.

        That is, fourfold if all views have the same width, otherwise beyond what `windows` tolerates.
        """
        kept = self.height * width / height
        if self.fixed:
            return kept > _CRUSHED * self.max_width
        return kept > _SQUEEZE * max(self.max_width, self.windows(height, width)[-1][1])

    def __call__(self, crop: np.ndarray, view_width: int | None = None) -> View:
        """The view of a (H, W, 3) uint8 crop; `view_width` overrides `width_for`."""
        height, width = crop.shape[:2]
        h, w = self.height, view_width or self.width_for(height, width)
        filled = min(math.ceil(h * width / height), w) if self.pad else w
        resized = _resized(crop, h, filled)
        if self.channels == 1:
            resized = resized.convert("L")
        data = _normalised(resized, self.mean, self.std)
        if filled < w:
            data = np.concatenate([data, np.repeat(data[..., -1:], w - filled, axis=3)], axis=3)
        return View(data, (filled / width, h / height))


def _resized(image: np.ndarray, height: int, width: int) -> Image.Image:
    picture = Image.fromarray(image)
    if picture.size == (width, height):
        return picture
    # Bilinear averages over all covered pixels when it reduces. The gap lets a cheap integer reduction go
    # first: 4000 x 3000 to 1120 x 832 takes 16 ms instead of 36.
    return picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.5)


def _normalised(image: Image.Image, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    data = np.empty((1, len(mean), image.height, image.width), dtype=np.float32)
    for i, channel in enumerate(image.split()):
        np.multiply(np.asarray(channel), np.float32(1 / (255 * std[i])), out=data[0, i])
        data[0, i] -= np.float32(mean[i] / std[i])
    return data
