"""`receiving-edge`: arguments only. Each verb imports its module when it is called."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple


class Verb(NamedTuple):
    """A verb: the module that does it and its one-line help."""

    module: str
    help: str


VERBS: Final = {
    "serve": Verb("edge.commands.serve", "run the station's service"),
    "terminal": Verb("edge.commands.terminal", "run the operator's terminal"),
    "demo": Verb("edge.commands.demo", "run a whole simulated station, no hardware needed"),
    "init": Verb("edge.commands.init", "write a commented configuration"),
    "check-config": Verb("edge.commands.check_config", "report every problem of a configuration"),
    "doctor": Verb(
        "edge.commands.doctor", "say what is wrong with this machine and how to mend it"
    ),
    "journal": Verb("edge.commands.journal", "verify or show the journal"),
    "sync": Verb("edge.commands.sync", "show what is unsent and what was refused"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code: 0 good, 1 not, 2 wrong arguments."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="receiving-edge",
        description="Returns-receiving station: scan, inspect, route, record.",
    )
    parser.add_argument("--version", action="version", version=_version())
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    chosen = next((word for word in given if not word.startswith("-")), None)
    for name, verb in VERBS.items():
        sub = verbs.add_parser(name, help=verb.help, description=verb.help)
        if name == chosen:  # only this one is imported: serve never loads textual
            module = importlib.import_module(verb.module)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    args = parser.parse_args(given)
    return int(args.run(args))


def _version() -> str:
    from importlib.metadata import version

    return version("receiving-edge")
