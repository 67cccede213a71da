"""`receiving-edge journal restore`: puts damaged or lost events back from segments or from files.

The service must be stopped: the lock says so. What comes back is proven by the chain; a file is
what a central system has got: a batch as JSON list, or one event a line.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from edge.commands.journal import FILE, add_data
from edge.journal.restore import Restored, bodies_in, restore
from edge.journal.rows import JournalBrokenError, JournalError
from edge.journal.writer import LOCK_FILE, locked

NO_DUCKDB = "segments are left out: pip install 'receiving-edge[bi]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="events that a central system has got"
    )
    parser.add_argument(
        "--segments", type=Path, metavar="DIR", help="folder above segments/ (default: --data)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Return 0 when what was offered has been looked at, 1 when nothing was changed."""
    try:
        done = _restored(args.data / FILE, args.segments or args.data, args.files)
    except (JournalError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps({"restored": done.seqs, "offered": done.offered}))
    else:
        print(f"{len(done.seqs)} events put back, {done.offered} were offered")
    return 0


def _restored(path: Path, segments: Path, files: list[Path]) -> Restored:
    if not path.exists():
        raise JournalBrokenError("restore", f"{path}: there is no such file")
    lock = locked(path.with_name(LOCK_FILE))
    try:
        return restore(path, chain(_sealed(segments), *map(bodies_in, files)))
    finally:
        os.close(lock)


def _sealed(folder: Path) -> Iterator[bytes]:
    """Yield the bodies of the sealed segments, if there are any."""
    if not (folder / "segments").is_dir():
        return
    if find_spec("duckdb") is None:
        print(NO_DUCKDB, file=sys.stderr)
        return
    from edge.sync.segments.bodies import sealed_bodies  # noqa: PLC0415 - the extra bi
    from edge.sync.segments.files import SegmentError  # noqa: PLC0415

    try:
        yield from sealed_bodies(folder)
    except SegmentError as error:
        raise JournalBrokenError("restore", str(error)) from error
