"""The `scenetext` command: finds the command's module, parses, runs, and turns errors into exit codes.

A command is a module of this folder with

    HELP: str                       what it does, in a sentence or more
    configure(parser)               adds its arguments
    run(args) -> int                does it; returns the exit code

and a line in COMMANDS. Exit codes: 0 done; 1 done, but not for every source; 2 could not be done (usage,
settings, model, data); 130 interrupted.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from ..errors import MissingExtraError, ScenetextError

# Name: module and summary. The summaries stand here so that --help imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "read": ("read", "find and read the text in photos"),
    "recognize": ("recognize", "read words that are already cut out"),
    "models": ("listing", "list the packaged models"),
    "recipes": ("listing", "list the packaged training recipes"),
    "datasets": ("listing", "list the data sets that can be read"),
    "protocols": ("listing", "list the protocols that score results"),
    "train": ("train", "train a model by a recipe"),
    "evaluate": ("evaluate", "score a model on a data set"),
    "score": ("score", "score result files of any system"),
    "benchmark": ("benchmark", "print the table of a set of models over the usual test sets"),
    "explain": ("explain", "draw where a pre-trained network looks for words"),
    "convert-weights": ("convert_weights", "make a bundle of a published backbone"),
    "export": ("export", "make a bundle of a training run"),
    "synth": ("synth", "draw synthetic words, scenes or music"),
    "data": ("data", "check a data set, or convert it to another layout"),
}

# Packages of the extra "train" that a command may find missing.
_TRAIN_PACKAGES = frozenset(
    ("torch", "cv2", "safetensors", "onnx", "onnxscript", "lmdb", "scipy", "tensorboard")
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; errors of scenetext are one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0].startswith("-") or arguments[0] not in COMMANDS:
        return _no_command(arguments)
    name = arguments[0]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    # Pillow warns about metadata that it skips; whoever reads a photo cannot act on that.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        module = importlib.import_module(f"{__package__}.{COMMANDS[name][0]}")
        parser = _Parser(prog=f"scenetext {name}", description=module.HELP)
        module.configure(parser)
        parser.set_defaults(command=name)
        code: int = module.run(parser.parse_args(arguments[1:]))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _TRAIN_PACKAGES:
            raise
        print(f"scenetext: error: {MissingExtraError(error.name, 'train')}", file=sys.stderr)
        return 2
    except (ScenetextError, OSError) as error:
        print(f"scenetext: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("scenetext: interrupted", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors are; the usage is what --help is for."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"scenetext: error: {message} (see {self.prog} --help)\n")


def _no_command(arguments: list[str]) -> int:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    parser = _Parser(
        prog="scenetext",
        usage="scenetext COMMAND [--help] ...",
        description="Find and read text in photographs; build the models that do.",
        epilog=f"commands:\n{listing}\n\n`scenetext COMMAND --help` describes one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"scenetext {__version__}")
    if arguments and not arguments[0].startswith("-"):
        near = difflib.get_close_matches(arguments[0], COMMANDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else f" (known: {', '.join(COMMANDS)})"
        print(f"scenetext: error: no command {arguments[0]!r}{hint}", file=sys.stderr)
        return 2
    parser.parse_args(arguments)
    parser.print_help(sys.stderr)
    return 2


def entry() -> None:
    """The console script."""
    # numpy's BLAS would start a thread per processor, whatever --threads says, and reading has no use for it.
    # This is read when numpy is imported, which is why it cannot wait for the arguments.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # texts and file names are written whatever the locale
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())


if __name__ == "__main__":
    entry()
