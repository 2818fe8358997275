"""What a camera does to a clean picture: light, things in the way, blur, coarse pixels, noise, tone, JPEG.

Every function takes and returns (h, w, 3) uint8 RGB of unchanged size and leaves its input alone.
"""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def motion_blur(image: np.ndarray, rng: Rng, length: float) -> np.ndarray:
    """Smeared along a random direction, mostly near the horizontal, over `length` pixels."""
    angle = float(rng.normal(0, 25)) if rng.random() < 0.6 else float(rng.uniform(0, 180))
    size = max(3, int(np.ceil(length)) | 1)
    direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    kernel = np.zeros((size, size), dtype=np.float32)
    steps = np.linspace(-0.5, 0.5, 4 * size)[:, None] * length * direction + size // 2
    x, y = np.clip(np.round(steps).astype(int), 0, size - 1).T
    np.add.at(kernel, (y, x), 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def focus_blur(image: np.ndarray, rng: Rng, radius: float) -> np.ndarray:
    """Out of focus by about `radius` pixels: a Gaussian, or a disc as wide apertures give."""
    if radius < 1.5 or rng.random() < 0.7:
        return cv2.GaussianBlur(image, (0, 0), max(0.2, 0.6 * radius), borderType=cv2.BORDER_REPLICATE)
    size = 2 * round(radius) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.float32)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)


def coarse_pixels(image: np.ndarray, rng: Rng, factor: float) -> np.ndarray:
    """Shrunk by `factor` > 1 and enlarged again."""
    height, width = image.shape[:2]
    small = (max(2, round(width / factor)), max(2, round(height / factor)))
    shrink = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    enlarge = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(rng.integers(4))]
    return cv2.resize(cv2.resize(image, small, interpolation=shrink), (width, height), interpolation=enlarge)


def noise(image: np.ndarray, rng: Rng, sigma: float) -> np.ndarray:
    """Sensor noise of about `sigma` levels, grey or coloured, fine or coarse, even or rising with light."""
    height, width, channels = image.shape
    coarse = rng.random() < 0.35  # noise reduction and demosaicing leave blotches
    rows, columns = (height // 2 + 1, width // 2 + 1) if coarse else (height, width)
    depth = channels if rng.random() < 0.5 else 1
    grain: np.ndarray = rng.standard_normal((rows, columns, depth), dtype=np.float32)
    grain *= np.float32(sigma)
    if coarse:
        grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
    if rng.random() < 0.5:
        grain = grain * np.sqrt(image.astype(np.float32) / 255 + 0.1)
    return np.asarray(np.clip(image + grain, 0, 255), dtype=np.uint8)


def tone(image: np.ndarray, rng: Rng, strength: float) -> np.ndarray:
    """Another exposure, contrast, gamma and white balance; a `strength` near 1 is dim and flat."""
    levels = np.linspace(0, 1, 256)[:, None]
    gamma = float(np.exp(rng.normal(0, 0.35 * strength)))
    contrast = float(np.exp(rng.normal(-0.25, 0.45) * strength))
    # where the range of a flat picture sits: anywhere, but more often in the dark
    middle = 0.5 + float(rng.normal(-0.1, 0.2)) * strength
    cast = np.exp(rng.normal(0, 0.1 * strength, size=3))
    curve = ((levels**gamma - 0.5) * contrast + middle) * cast
    table = (np.clip(curve, 0, 1) * 255).astype(np.uint8)
    return cv2.LUT(image, table[None])


def uneven_light(image: np.ndarray, rng: Rng, strength: float) -> np.ndarray:
    """Light that falls off across the picture, or a bright reflection on it."""
    height, width = image.shape[:2]
    if rng.random() < 0.7:
        field = np.exp(rng.normal(0, 0.35 * strength, size=(2, 3))).astype(np.float32)
        lit = image * cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    else:
        x = (np.arange(width, dtype=np.float32) - np.float32(rng.uniform(0, width))) / (
            height * float(rng.uniform(0.3, 1.5))
        )
        y = (np.arange(height, dtype=np.float32) - np.float32(rng.uniform(0, height))) / (
            height * float(rng.uniform(0.3, 1.5))
        )
        slant = float(rng.uniform(-1, 1))
        distance = (x[None, :] + slant * y[:, None]) ** 2 + (0 if rng.random() < 0.4 else 1) * y[:, None] ** 2
        lit = image + (np.exp(-distance) * float(rng.uniform(40, 170)) * strength)[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def obstruct(image: np.ndarray, rng: Rng, size: float) -> np.ndarray:
    """Thin bars, wires or blobs before the picture, in one of its own colours or dark; `size` in pixels."""
    height, width = image.shape[:2]
    result = image.copy()
    for _ in range(int(rng.integers(1, 4))):
        pick = image[int(rng.integers(height)), int(rng.integers(width))]
        colour = tuple(int(v) for v in (pick if rng.random() < 0.6 else rng.integers(0, 120, size=3)))
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        thickness = max(1, round(size * float(rng.uniform(0.3, 1.0))))
        if rng.random() < 0.6:
            angle = float(rng.uniform(0, np.pi))
            dx, dy = np.cos(angle) * (width + height), np.sin(angle) * (width + height)
            start, end = (round(x - dx), round(y - dy)), (round(x + dx), round(y + dy))
            cv2.line(result, start, end, colour, thickness, cv2.LINE_AA)
        else:
            axes = (thickness, max(1, round(thickness * float(rng.uniform(0.5, 2)))))
            turn = float(rng.uniform(0, 180))
            cv2.ellipse(result, (round(x), round(y)), axes, turn, 0, 360, colour, -1, cv2.LINE_AA)
    return result


def sharpen(image: np.ndarray, rng: Rng, amount: float) -> np.ndarray:
    """The bright and dark rims that cameras add to edges."""
    soft = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.8, 2.0)))
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


def jpeg(image: np.ndarray, rng: Rng, quality: int) -> np.ndarray:
    """Through a JPEG file of the given quality, 1 to 100."""
    # Saved inside a larger picture, so the blocks do not start at the corner of this one.
    top, left = (int(v) for v in rng.integers(0, 8, size=2))
    padded = cv2.copyMakeBorder(image, top, 0, left, 0, cv2.BORDER_REPLICATE)
    _, data = cv2.imencode(".jpg", padded, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[top:, left:])


def degrade(image: np.ndarray, rng: Rng, strength: float, unit: float = 32.0) -> np.ndarray:
    """A photograph of the picture, in the order in which light, lens, sensor and camera act.

    strength    0 (a good camera, close by) to 1 (a shaky one, far away, in the evening).
    unit        pixels: blurs and obstructions scale with it. Pass the usual height of the letters.
    """
    chance = rng.random(7)
    scale = unit / 32
    if chance[0] < 0.15 + 0.25 * strength:
        image = uneven_light(image, rng, 0.4 + 0.6 * strength)
    if chance[1] < 0.04:
        image = obstruct(image, rng, 2.5 * scale)
    # One strong blur at most: two of them leave nothing that a person could read.
    if chance[2] < 0.1 + 0.35 * strength:
        image = focus_blur(image, rng, scale * float(rng.uniform(0.4, 0.9 + 2.6 * strength)))
    elif chance[2] < 0.15 + 0.6 * strength:
        image = motion_blur(image, rng, scale * float(rng.uniform(1.5, 2.5 + 5.0 * strength)))
    elif chance[2] < 0.3 + 0.65 * strength:
        image = coarse_pixels(image, rng, float(rng.uniform(1.1, 1.4 + 1.8 * strength * min(1.0, scale))))
    if chance[3] < 0.8:
        image = tone(image, rng, 0.3 + 0.7 * strength)
    if chance[4] < 0.2 + 0.4 * strength:
        image = noise(image, rng, float(rng.uniform(1, 4 + 8 * strength)))
    if chance[5] < 0.25:
        image = sharpen(image, rng, float(rng.uniform(0.3, 1.5)))
    if chance[6] < 0.7:
        image = jpeg(image, rng, int(rng.uniform(90 - 60 * strength, 97)))
    return image
