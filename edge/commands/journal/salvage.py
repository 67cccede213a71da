"""`receiving-edge journal salvage`: saves what can be read of a damaged journal into a new file.

`serve` does this by itself at its start, a few times; then, or for a file it does not know as
damaged, a person asks for it. The service must be stopped: the lock says so.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from drivers.clock import SystemClock
from edge.commands.journal import FILE, add_data
from edge.journal.rows import JournalBrokenError, JournalError
from edge.journal.salvage import Salvaged, Station, finish, owner, salvage
from edge.journal.writer import LOCK_FILE, locked, machine_id
from edge.records import to_json
from edge.settings.load import SettingsError, load
from edge.settings.model import JournalSettings, TargetSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="the station's configuration: its targets get what may not have been sent, where"
        " what was sent cannot be read any more",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the new file is in place, 1 when nothing was changed."""
    path = args.data / FILE
    try:
        targets = load(args.config, data=args.data).targets if args.config else ()
        done = _salvaged(path, targets)
    except SettingsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except (JournalError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(told(done)) if args.json else _in_words(done))
    return 0


def _salvaged(path: Path, targets: tuple[TargetSettings, ...]) -> Salvaged:
    if not path.exists():
        raise JournalBrokenError("salvage", f"{path}: there is no such file")
    lock = locked(path.with_name(LOCK_FILE))
    try:
        finish(path)
        station = Station(
            identity=owner(path, machine_id()),
            targets=targets,
            budget=JournalSettings(),
            clock=SystemClock(),
        )
        return salvage(path, station)
    finally:
        os.close(lock)


def told(done: Salvaged) -> dict[str, Any]:
    """Return the JSON form of what a salvage did."""
    return {
        "kept": done.kept,
        "carved": done.carved,
        "healed": done.healed,
        "lost": [[one.first, one.last] for one in done.lost],
        "incomplete": done.incomplete,
        "journal_id": done.journal_id,
        "previous": to_json(done.previous),
        "copy": str(done.copy),
    }


def _in_words(done: Salvaged) -> str:
    lost = [f"{one.first} to {one.last}: lost" for one in done.lost]
    goes_on = f"it goes on as {done.journal_id}, after {done.previous.journal_id}"
    return "\n".join([str(done), *lost, goes_on])
