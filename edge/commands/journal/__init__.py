"""`receiving-edge journal`: prove a journal, show it, try a disk with one, save a damaged one."""

import argparse
from pathlib import Path
from typing import Final

from edge.commands.verbs import Verb, add_verbs

_HERE: Final = "edge.commands.journal"
DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
FILE: Final = "journal.db"
VERBS: Final = {
    "verify": Verb(f"{_HERE}.verify", "prove every stored event; the service may run"),
    "show": Verb(f"{_HERE}.show", "show events; the service may run"),
    "soak": Verb(f"{_HERE}.soak", "try a disk: append through the real writer, tell what is safe"),
    "restore": Verb(f"{_HERE}.restore", "put damaged or lost events back from segments or files"),
    "erase": Verb(f"{_HERE}.erase", "delete a photograph for good (supervisor)"),
    "salvage": Verb(f"{_HERE}.salvage", "save what can be read of a damaged journal"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs."""
    add_verbs(parser, VERBS)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Declare where the journal lies."""
    parser.add_argument(
        "--data", type=Path, default=DATA_DEFAULT, metavar="DIR", help="where the journal lies"
    )
