"""Label files in the ICDAR manner: one instance a line, coordinates first, then the text.

    quad      x1,y1,x2,y2,x3,y3,x4,y4[,text]     ICDAR 2015: whatever follows the eighth number, verbatim
    polygon   x1,y1,...,xn,yn[,text]             any number of points: Total-Text and CTW1500 as text files,
                                                 and what `scenetext synth scenes` writes
    box       x1,y1,x2,y2[,"text"]               ICDAR 2013: an upright box, with commas or blanks in between;
                                                 eight numbers or more are a quad. It is read only

The text "###" marks an instance nobody is expected to read. A polygon line is ambiguous where its text is
made of numbers and commas, so there a text may stand in double quotes; `format_line` adds them when needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from .errors import DataError, OnWrong, strict
from .geometry import box_polygon, clockwise, densify
from .types import TextInstance

Layout = Literal["quad", "polygon", "box"]

ILLEGIBLE = "###"

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_BOX = re.compile(r"\s*" + r"[,\s]+".join([r"([-+]?\d+(?:\.\d*)?)"] * 4) + r"\s*(?:[,\s]\s*(.*))?", re.DOTALL)
_QUOTED = re.compile(r'\s*"(.*)"\s*', re.DOTALL)


def parse_line(line: str, layout: Layout = "quad", *, with_text: bool = True) -> TextInstance:
    """One line (without its line end) as an instance; its points are turned clockwise.

    with_text   False: a polygon line holds coordinates alone, as files of detections do. It says how to read
                a polygon line that consists of numbers only, nothing else.
    Raises ValueError with the reason; `read_labels` adds the file and the line.
    """
    fields = line.split(",")
    numbers = leading_numbers(fields)
    if layout == "box" and numbers < 8:
        points, text = _box(line)
    else:
        if layout == "polygon":
            count = min(numbers, len(fields) - 1) if with_text else numbers
            count -= count % 2
            if count < 6:
                raise ValueError(f"expected the coordinates of 3 points or more, found {excerpt(line)}")
        else:
            if numbers < 8:
                raise ValueError(f"expected 8 coordinates, found {numbers} in {excerpt(line)}")
            count = 8
        points = np.array([float(field) for field in fields[:count]]).reshape(-1, 2)
        text = ",".join(fields[count:]) if count < len(fields) else None
    if not np.isfinite(points).all():
        raise ValueError(f"a coordinate is out of range in {excerpt(line)}")
    polygon = clockwise(points if len(points) > 3 else densify(points, 4))
    if layout == "polygon" and text is not None:
        text = text.removeprefix("####")  # CTW1500 writes ",####text"
    if layout == "box" and text is not None:
        text = unquote(text)  # ICDAR 2013 has all texts in quotes, don't-cares too
    if text == ILLEGIBLE:
        return TextInstance(polygon, None, legible=False)
    return TextInstance(polygon, unquote(text) if layout == "polygon" and text is not None else text)


def _box(line: str) -> tuple[np.ndarray, str | None]:
    """The corners of an upright box, (4, 2), and the text behind it, if there is any. Raises ValueError."""
    found = _BOX.fullmatch(line)
    if found is None:
        raise ValueError(f"expected 4 coordinates and a text in quotes, found {excerpt(line)}")
    left, top, right, bottom = (float(field) for field in found.groups()[:4])
    return box_polygon(left, top, right, bottom), found[5]


def leading_numbers(fields: Sequence[str]) -> int:
    """How many of the fields of a line, from the first on, are numbers."""
    count = 0
    while count < len(fields) and _NUMBER.fullmatch(fields[count]):
        count += 1
    return count


def unquote(text: str) -> str:
    """`text` without the double quotes around it, if there are any; \\" and \\\\ inside become " and \\."""
    quoted = _QUOTED.fullmatch(text)
    return re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else text


def format_line(instance: TextInstance, layout: Literal["quad", "polygon"] = "quad") -> str:
    """The inverse of `parse_line`; coordinates keep two decimals, whole ones none.

    An instance without text (None) is written as coordinates alone. Line breaks in a text become blanks,
    because the format has no way to write them. Raises ValueError if a quad has not four points.
    """
    if layout == "quad" and len(instance.polygon) != 4:
        raise ValueError(f"a quad has 4 points, not {len(instance.polygon)}; use the polygon layout")
    numbers = np.round(instance.polygon.astype(np.float64), 2).ravel() + 0.0  # + 0.0: no "-0"
    line = ",".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in numbers)
    if not instance.legible:
        return f"{line},{ILLEGIBLE}"
    if instance.text is None:
        return line
    text = re.sub(r"[\r\n]+", " ", instance.text)
    if layout == "polygon" and _needs_quotes(text):
        text = '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return f"{line},{text}"


def _needs_quotes(text: str) -> bool:
    if text.startswith(ILLEGIBLE) or _QUOTED.fullmatch(text):
        return True
    return leading_numbers(text.split(",")) > 1


def parse_labels(
    data: bytes, name: str, layout: Layout = "quad", *, with_text: bool = True
) -> list[TextInstance]:
    """The instances of a label file, in its order. UTF-8, with or without a byte order mark, LF or CRLF.

    name   how errors call the file. Raises DataError with file, line and reason.
    """
    return parse_lines(data, name, partial(parse_line, layout=layout, with_text=with_text))


def parse_lines(
    data: bytes, name: str, parse: Callable[[str], TextInstance], wrong: OnWrong = strict
) -> list[TextInstance]:
    """The instances of a label file of any line format; blank lines do not count.

    parse   a line (without its line end) -> the instance; raises ValueError with the reason.
    wrong   called with the DataError of a wrong line: file, line and reason.
    """
    instances = []
    for number, line in enumerate(decode_lines(data, name, wrong), start=1):
        if not line.strip():
            continue
        try:
            instances.append(parse(line))
        except ValueError as error:
            wrong(DataError(f"{name}:{number}: {error}"))
    return instances


def decode_lines(data: bytes, name: str, wrong: OnWrong = strict) -> list[str]:
    """The lines of a UTF-8 file, without line ends and byte order mark.

    wrong   called with the DataError of a line that is not UTF-8; if that returns, the line counts as blank.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = []
    # Not str.splitlines: it would also break lines at form feeds and U+2028, which occur inside texts.
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            lines.append(line.decode("utf-8").removesuffix("\r"))
        except UnicodeDecodeError as error:
            wrong(DataError(f"{name}:{number}: not UTF-8 ({error.reason}); convert the file"))
            lines.append("")
    return lines


def read_labels(path: Path, layout: Layout = "quad", *, with_text: bool = True) -> list[TextInstance]:
    """`parse_labels` of a file on disk."""
    return parse_labels(read_file(path), str(path), layout, with_text=with_text)


def read_file(path: Path) -> bytes:
    """All of a file. Raises DataError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def write_labels(
    path: Path, instances: Iterable[TextInstance], layout: Literal["quad", "polygon"] = "quad"
) -> None:
    """Writes a label file that `read_labels` reads back. Raises ValueError as `format_line`."""
    lines = [format_line(instance, layout) + "\n" for instance in instances]
    path.write_bytes("".join(lines).encode("utf-8"))


def excerpt(line: str) -> str:
    """A line as errors quote it: not all of a long one."""
    return repr(line if len(line) <= 60 else line[:57] + "...")
