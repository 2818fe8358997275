"""Types of arguments, for all commands: a wrong value is a usage error that says what is right."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path


def positive(text: str) -> int:
    """A whole number of at least 1."""
    return _at_least(1, text)


def whole(text: str) -> int:
    """A whole number of at least 0."""
    return _at_least(0, text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # written so that a NaN fails
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def add_protocol_settings(parser: ArgumentParser) -> None:
    """`--set`, of the commands that score."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the protocol, such as iou=0.7; its name then tells",
    )


def add_table_options(parser: ArgumentParser, sample: str) -> None:
    """Where data is, how much of it, and what the table looks like, of the benchmarks.

    sample   what a data set holds, in the singular.
    """
    add = parser.add_argument
    add("--data", type=Path, default=Path("data"), metavar="DIR", help="default: data")
    add(
        "--limit", type=whole, default=0, metavar="N", help=f"only the first N {sample}s of each set (0: all)"
    )
    add("--threads", type=positive, metavar="N", help="processors to use (default: all)")
    add("--format", choices=("text", "markdown", "json"), default="text")


def lengths(text: str) -> tuple[int, ...]:
    """Numbers of pixels, such as "480,720"."""
    return tuple(positive(part) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Names, such as "trunk,tpn"."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(found):
        raise ArgumentTypeError(f"{text!r} is not a list of names with a comma between any two")
    return found


def _at_least(least: int, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return value
