"""`receiving-edge policy shadow`: let a candidate decide beside the active pack, without effect."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from edge.commands.policy.activate import add_station, already, answered, drop, last_seq, newest
from edge.events import ConfigActivated, Event
from edge.feeds.activation import told
from edge.feeds.pack_folder import read_pack
from edge.feeds.policy_inbox import INBOX, SHADOW_SUFFIX
from edge.feeds.shadow_report import ShadowReport, shadow_report
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from zoning.findings import PolicyParseError
from zoning.pack import load_pack

OFF: Final = f"off{SHADOW_SUFFIX}"
EXAMPLES_SHOWN: Final = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=("set", "off", "status"))
    parser.add_argument("pack", type=Path, nargs="?", metavar="PACK", help="set: its folder")
    add_station(parser)


def run(args: argparse.Namespace) -> int:
    """Hand a candidate in, end the shadow, or tell how often it disagrees."""
    if (args.what == "set") is not (args.pack is not None):
        print("PACK belongs to `set`, and to nothing else", file=sys.stderr)
        return 2
    try:
        match args.what:
            case "set":
                return _set(args)
            case "off":
                return _off(args)
            case _:
                return _status(args)
    except PolicyParseError as error:
        print(told(error.findings), file=sys.stderr)
    except (OSError, JournalBrokenError) as error:
        print(error, file=sys.stderr)
    return 1


def _set(args: argparse.Namespace) -> int:
    files = read_pack(args.pack)
    pack = load_pack(files)
    if pack.sha256 in (newest(args.data, "shadow"), newest(args.data, "policy")):
        return already(args, pack.sha256, "in shadow or in force already")
    seq = last_seq(args.data)
    drop(args.data, f"{pack.sha256[:12]}{SHADOW_SUFFIX}", files)
    text = f"shadow {pack.id} version {pack.version}"
    return answered(args, seq, what="shadow", sha256=pack.sha256, told=text)


def _off(args: argparse.Namespace) -> int:
    if not newest(args.data, "shadow"):
        return already(args, "", "there is no shadow")
    inbox = args.data / INBOX
    inbox.mkdir(parents=True, exist_ok=True)
    seq = last_seq(args.data)
    (inbox / OFF).touch()
    return answered(args, seq, what="shadow", sha256="", told="shadow off")


def _status(args: argparse.Namespace) -> int:
    with Reader(args.data / "journal.db") as reader:
        candidate, base = _pointers(reader.activations())
        if not candidate:
            print("no candidate was ever in shadow", file=sys.stderr)
            return 1
        bodies = reader.verdicts(reader.first_seq(), reader.last_seq())
        report = shadow_report(bodies, candidate=candidate, base=base)
    if args.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _show(report)
    return 0


def _pointers(activations: tuple[Event, ...]) -> tuple[str, str]:
    """Return the newest candidate, also of a shadow that was ended, and the pack in force."""
    found = [one.payload for one in activations if isinstance(one.payload, ConfigActivated)]
    candidates = [one.sha256 for one in found if one.what == "shadow" and one.sha256]
    bases = [one.sha256 for one in found if one.what == "policy"]
    return (candidates[-1] if candidates else "", bases[-1] if bases else "")


def _show(report: ShadowReport) -> None:
    print(f"candidate {report.candidate[:12]} beside {report.base[:12]}")
    print(_line("all", report.units, report.differ, report.bound))
    for row in report.rows:
        print(_line(row.row, row.units, row.differ, row.bound))
    print(f"not comparable: {report.not_comparable}; under another pack: {report.elsewhere}")
    for one in report.examples[-EXAMPLES_SHOWN:]:
        before, after = one["active"], one["candidate"]
        print(
            f"  {one['sequence']:>8}  {one['unit']}  {before['row']} {before['zone']}"
            f" -> {after['row']} {after['zone']}"
        )


def _line(row: str, units: int, differ: int, bound: float) -> str:
    return f"{row:<10} {units:>8} units  {differ:>6} differ  at most {bound:7.2%} (95 %)"
