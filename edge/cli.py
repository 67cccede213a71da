"""`receiving-edge`: arguments only. Each verb imports its module when it is called."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from edge.commands.verbs import Verb, add_verbs

PIPE_EXIT: Final = 128 + 13  # what a shell says of a program that SIGPIPE has ended
VERBS: Final = {
    "serve": Verb("edge.commands.serve", "run the station's service", stays=True),
    "terminal": Verb("edge.commands.terminal", "run the operator's terminal", stays=True),
    "demo": Verb("edge.commands.demo", "run a whole simulated station, no hardware needed"),
    "init": Verb("edge.commands.init", "write a commented configuration"),
    "check-config": Verb("edge.commands.check_config", "report every problem of a configuration"),
    "doctor": Verb(
        "edge.commands.doctor", "say what is wrong with this machine and how to mend it"
    ),
    "journal": Verb(
        "edge.commands.journal", "prove, show or save the journal; try a disk with one"
    ),
    "sync": Verb("edge.commands.sync", "show what is unsent and what was refused"),
    "export": Verb("edge.commands.export", "write Parquet files, EPCIS, key figures, a claim"),
    "people": Verb("edge.commands.people", "make the hash of a supervisor's PIN"),
    "labels": Verb("edge.commands.labels", "print command sheets, badges, trays, numbers, cards"),
    "policy": Verb(
        "edge.commands.policy", "check, explain, try, sign and activate checklists and zone tables"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code: 0 good, 1 not, 2 wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="receiving-edge",
        description="Returns-receiving station: scan, inspect, route, record.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    add_verbs(parser, VERBS)
    args = parser.parse_args(arguments)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read has had enough (`| head`). What is still in the buffer must not be tried again
        # when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_EXIT
    return code


class _Version(argparse.Action):
    """Looks the version up when it is asked for: the look-up's imports cost every start 40 ms."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(version("receiving-edge"))
        parser.exit()
