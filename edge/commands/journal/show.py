"""`receiving-edge journal show`: events, the newest by default; reads only."""

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Final

from edge.commands.journal import FILE, add_data
from edge.events import Event, utc_text
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.sync.mapping import without_tail

SHOWN_DEFAULT: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument("--unit", metavar="ID", help="the events of one unit")
    parser.add_argument("--parcel", metavar="ID", help="the events of one parcel")
    parser.add_argument("--from-seq", type=int, metavar="N", help="from this sequence on")
    parser.add_argument("--limit", type=int, default=SHOWN_DEFAULT, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the events are shown, 1 when they cannot be read."""
    try:
        with Reader(args.data / FILE) as reader:
            _show(reader, args)
    except JournalBrokenError as error:
        print(error, file=sys.stderr)
        return 1
    except (ValueError, KeyError, TypeError, AttributeError):
        print(
            "journal: show: an event cannot be read: `receiving-edge journal verify` names it",
            file=sys.stderr,
        )
        return 1
    return 0


def _show(reader: Reader, args: argparse.Namespace) -> None:
    for event in islice(_chosen(reader, args), max(0, args.limit)):
        if args.json:
            shown = without_tail(event.kind, event.data)  # a screen is no target with that right
            print(json.dumps({"seq": event.seq, "kind": event.kind, **shown}))
        else:
            subject = event.unit or event.parcel or "station"
            print(f"{event.seq:>8}  {utc_text(event.time_ms)}  {event.kind:<24}  {subject}")


def _chosen(reader: Reader, args: argparse.Namespace) -> Iterable[Event]:
    if args.unit is not None:
        return reader.of_unit(args.unit)
    if args.parcel is not None:
        return reader.of_parcel(args.parcel)
    if args.from_seq is not None:
        return reader.events(args.from_seq)
    return reader.events(max(1, reader.last_seq() - args.limit + 1))
