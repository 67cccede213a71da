"""`receiving-edge sync`: what is unsent and what was refused; reads only, the service may run."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge.events import utc_text
from edge.journal.outbox import accounts, dead_letters
from edge.journal.rows import JournalBrokenError

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=("status", "dead"))
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def run(args: argparse.Namespace) -> int:
    """Return 0, or 1 when the journal cannot be read."""
    path = args.data / "journal.db"
    try:
        rows = list(_status(path) if args.what == "status" else _dead(path))
    except JournalBrokenError as error:
        print(error, file=sys.stderr)
        return 1
    for row, line in rows:
        print(json.dumps(row, ensure_ascii=False) if args.json else line)
    return 0


def _status(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for one in accounts(path):
        since = f", oldest of {utc_text(one.oldest_ms)}" if one.oldest_ms is not None else ""
        line = f"{one.name}: {one.pending} unsent{since}, {one.dead} refused"
        yield asdict(one), f"{line}, sent up to {one.cursor_seq}"


def _dead(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for name, letter in dead_letters(path):
        line = f"{name}: event {letter.seq}: {letter.code}: {letter.reason}"
        yield {"target": name, **asdict(letter)}, line
