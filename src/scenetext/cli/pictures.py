"""A folder of pictures that a command draws, one for each source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import BadImageError
from ..image import load_image
from ..types import Source


class Pictures:
    """Where a picture goes for each source, under its name."""

    def __init__(self, path: Path, suffix: str, kind: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path, self.suffix, self.kind = path, suffix, kind
        self.taken: set[Path] = set()

    def write(
        self, name: str, image: Source, max_pixels: int, draw: Callable[[np.ndarray], Image.Image]
    ) -> list[BadImageError]:
        """Writes what is drawn of a photo; the failure, if that cannot be done."""
        stem, count = Path(name).stem, 1
        path = self.path / f"{stem}{self.suffix}"
        while path in self.taken:  # two sources of the same name, from different folders
            count += 1
            path = self.path / f"{stem}-{count}{self.suffix}"
        self.taken.add(path)
        try:
            draw(load_image(image, max_pixels=max_pixels)).save(path, quality=92, subsampling=0)
        except (BadImageError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            return [BadImageError(name, f"its {self.kind} cannot be written ({reason})")]
        return []
