"""`scenetext benchmark`: tables of models over the test sets that papers use."""

from __future__ import annotations

import argparse

from . import detector_table, recognizer_table, spotter_table

HELP = "Print the table of a set of models over the test sets that papers use."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    recognizer_table.configure(
        tasks.add_parser(
            "recognizers",
            help="word accuracy on the ten lists of the recognition benchmark, time, parameters, operations",
        )
    )
    detector_table.configure(
        tasks.add_parser(
            "detectors",
            help="precision, recall and F on data sets of photos, time, parameters, operations",
        )
    )
    spotter_table.configure(
        tasks.add_parser(
            "spotters",
            help="what is located and what is read in photos, with lexicons, time, parameters, operations",
        )
    )


def run(args: argparse.Namespace) -> int:
    """Prints the table."""
    args.print_table(args)
    return 0
