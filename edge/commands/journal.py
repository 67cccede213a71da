"""`receiving-edge journal`: prove the chain or show events; reads only, the service may run."""

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from edge.events import Event, utc_text
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
SHOWN_DEFAULT: Final = 20
BROKEN_SHOWN_MAX: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=("verify", "show"))
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument("--unit", metavar="ID", help="show: the events of one unit")
    parser.add_argument("--parcel", metavar="ID", help="show: the events of one parcel")
    parser.add_argument("--from-seq", type=int, metavar="N", help="show: from this sequence on")
    parser.add_argument("--limit", type=int, default=SHOWN_DEFAULT, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the chain holds or the events are shown, 1 otherwise."""
    try:
        with Reader(args.data / "journal.db") as reader:
            return _verify(reader, args) if args.what == "verify" else _show(reader, args)
    except JournalBrokenError as error:
        print(error, file=sys.stderr)
        return 1


def _verify(reader: Reader, args: argparse.Namespace) -> int:
    report = reader.verify()
    if args.json:
        told = {
            "ok": report.is_good,
            "events": report.events,
            "last_seq": report.last_seq,
            "digest": report.digest,
            "broken": report.broken,
        }
        print(json.dumps(told))
    elif report.is_good:
        print(f"{report.events} events, chain holds, newest digest {report.digest}")
    else:
        shown = ", ".join(map(str, report.broken[:BROKEN_SHOWN_MAX]))
        print(f"{report.events} events, {len(report.broken)} altered or missing: {shown}")
    return 0 if report.is_good else 1


def _show(reader: Reader, args: argparse.Namespace) -> int:
    for event in islice(_chosen(reader, args), max(0, args.limit)):
        if args.json:
            print(json.dumps({"seq": event.seq, "kind": event.kind, **event.data}))
        else:
            subject = event.unit or event.parcel or "station"
            print(f"{event.seq:>8}  {utc_text(event.time_ms)}  {event.kind:<24}  {subject}")
    return 0


def _chosen(reader: Reader, args: argparse.Namespace) -> Iterable[Event]:
    if args.unit is not None:
        return reader.of_unit(args.unit)
    if args.parcel is not None:
        return reader.of_parcel(args.parcel)
    if args.from_seq is not None:
        return reader.events(args.from_seq)
    return reader.events(max(1, reader.last_seq() - args.limit + 1))
