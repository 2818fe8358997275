"""Images in: from any source to upright uint8 RGB."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from .errors import BadImageError, TooLargeError
from .types import Source

log = logging.getLogger(__name__)

MAX_PIXELS = 100_000_000
"""The largest image, in pixels, that `load_image` decodes unless told otherwise."""

# Raster formats with a signature. Not the whole of Pillow: EPS would run Ghostscript on foreign data.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")

IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".jp2", ".avif")
)
"""What the names of image files end in, in lower case. Only listing goes by names; decoding never does."""

# Formats whose suffix is not their name; some cameras' JPEG files are multi-picture objects.
_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2"}

_ORIENTATION_TAG = 0x0112
_UPRIGHT_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def list_images(folder: str | Path) -> list[Path]:
    """The images in a folder and below, by their suffix, sorted by path; what is hidden is left out."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(place, name)
            for name in files
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
        ]
    return sorted(found)


def load_image(source: Source, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The image as (H, W, 3) uint8 RGB, upright by its EXIF orientation.

    source      a path; encoded bytes of one of FORMATS; or an array (H, W), (H, W, 1 | 3 | 4) of dtype bool,
                uint8, uint16, or float in [0, 1]. A uint8 RGB array is returned as it is.
    name        how errors call the image; the path, or "image", if not given.
    max_pixels  encoded images with more pixels are refused from their header, before any memory is spent.

    Transparency is laid on white. 16-bit, 32-bit and float files are scaled so that their own range fills
    0..255, because 12-bit sensors store in 16 bits. Of an animation, the first frame is used.
    Raises BadImageError, and nothing else, for whatever cannot be decoded; TooLargeError for the limit.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, name or "image")
    if isinstance(source, str | Path):
        name = name or os.fspath(source)
        try:
            with open(source, "rb") as file:
                return _decode(file, name, max_pixels)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise BadImageError(name, getattr(error, "strerror", None) or _one_line(error)) from error
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode(io.BytesIO(source), name or "image", max_pixels)
    kind = type(source).__name__
    raise BadImageError(name or "image", f"an image is a path, bytes or an array, not {kind}")


def image_size(source: Source, *, name: str | None = None) -> tuple[int, int]:
    """(width, height) that `load_image` would return, from the header alone. Raises BadImageError."""
    if isinstance(source, np.ndarray):
        return int(source.shape[1]), int(source.shape[0])
    name = name or (os.fspath(source) if isinstance(source, str | Path) else "image")
    try:
        with open(source, "rb") if isinstance(source, str | Path) else io.BytesIO(source) as file:
            image = _open(file)
            if image is None:
                raise BadImageError(name, f"not an image in a known format ({', '.join(FORMATS)})")
            turned = image.getexif().get(_ORIENTATION_TAG, 1) in (5, 6, 7, 8)
    except BadImageError:
        raise
    except Exception as error:  # as in _decode: hostile bytes raise anything
        raise BadImageError(name, getattr(error, "strerror", None) or _one_line(error)) from error
    return (image.height, image.width) if turned else (image.width, image.height)


def upright_points(polygons: Sequence[np.ndarray], source: Source) -> list[np.ndarray]:
    """Points (N, 2) in pixels as an image file stores them, in pixels of what `load_image` makes of it.

    The two differ where EXIF says that the camera was turned. A file that cannot be opened turns nothing.
    """
    if isinstance(source, np.ndarray):
        return list(polygons)
    try:
        with open(source, "rb") if isinstance(source, str | Path) else io.BytesIO(source) as file:
            image = _open(file)
            turn = image.getexif().get(_ORIENTATION_TAG, 1) if image is not None else 1
    except (
        Exception
    ):  # as in _decode: hostile bytes raise anything; the error is for whoever wants the pixels
        return list(polygons)
    if image is None or turn not in _UPRIGHT_BY:
        return list(polygons)
    size = np.array([image.width, image.height], dtype=np.float32)
    mirrored = np.array([turn in (2, 3, 7, 8), turn in (3, 4, 6, 7)])
    turned = [np.where(mirrored, size - points, points) for points in polygons]
    return [points[:, ::-1] if turn >= 5 else points for points in turned]


def image_suffix(data: bytes, *, name: str = "image") -> str:
    """What the name of a file with these encoded bytes ends in, such as ".jpg". Raises BadImageError."""
    try:
        image = _open(io.BytesIO(data))
    except Exception as error:  # as in _decode: hostile bytes raise anything
        raise BadImageError(name, f"damaged header ({_one_line(error)})") from error
    if image is None:
        raise BadImageError(name, f"not an image in a known format ({', '.join(FORMATS)})")
    kind = image.format or ""
    return _SUFFIXES.get(kind, f".{kind.lower()}")


def _decode(file: Any, name: str, max_pixels: int) -> np.ndarray:
    # Decoders meet hostile bytes with whatever exception comes first, so all of them are caught here.
    try:
        image = _open(file)
    except Exception as error:
        raise BadImageError(name, f"damaged header ({_one_line(error)})") from error
    if image is None:
        if not file.seek(0, io.SEEK_END):
            raise BadImageError(name, "the file is empty")
        raise BadImageError(name, f"not an image in a known format ({', '.join(FORMATS)})")
    width, height = image.size
    if width < 1 or height < 1:
        raise BadImageError(name, f"has no pixels ({width} x {height})")
    if width * height > max_pixels:
        size = f"{width} x {height} is {width * height / 1e6:.1f} megapixels"
        limit = f"over the limit of {max_pixels / 1e6:g}; raise max_pixels to decode it"
        raise TooLargeError(name, f"{size}, {limit}")
    try:
        image.load()
        pixels = np.asarray(_to_rgb(_upright(image)))
    except Exception as error:
        raise BadImageError(name, f"cannot be decoded ({_one_line(error)})") from error
    return pixels


def _open(file: Any) -> ImageFile.ImageFile | None:
    # Image.open would apply Pillow's own pixel limit, which is a global of the process and partly a warning;
    # ours is an argument. So the formats are asked directly, in the way Image.open asks them.
    Image.preinit()
    prefix = file.read(16)
    for kind in FORMATS:
        if kind not in Image.OPEN:
            Image.init()
        factory, accepts = Image.OPEN.get(kind, (None, None))
        if factory is not None and (accepts is None or accepts(prefix) is True):
            file.seek(0)
            return factory(file, "")
    return None


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception as error:  # EXIF is full of broken writers; the pixels are good all the same
        log.debug("ignoring unreadable EXIF: %s", error)
        return image
    method = _UPRIGHT_BY.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_full_range(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image if image.mode == "RGB" else image.convert("RGB")


def _full_range(values: np.ndarray) -> np.ndarray:
    """Grey or colour values of any depth as uint8, their own range stretched to 0..255."""
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if high > low:
        values = (values - low) * (255 / (high - low))
    else:
        values = np.full_like(values, min(max(low, 0), 65535) / 257)
    return np.asarray(np.round(values), dtype=np.uint8)


def _from_array(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise BadImageError(name, f"an image array is (H, W) or (H, W, 1 | 3 | 4), not {array.shape}")
    if array.size == 0:
        raise BadImageError(name, f"has no pixels (array of shape {array.shape})")
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype == np.uint16:
        array = _full_range(array)
    elif np.issubdtype(array.dtype, np.floating):
        if not (array.min() >= 0 and array.max() <= 1):  # written so that a NaN fails
            raise BadImageError(name, "a float array holds values in [0, 1]")
        array = np.round(array * 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise BadImageError(name, f"an image array is bool, uint8, uint16 or float, not {array.dtype}")
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    elif array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.uint16)
        blended = array[..., :3] * alpha + 255 * (255 - alpha)
        array = ((blended + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(array)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
