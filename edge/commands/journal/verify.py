"""`receiving-edge journal verify`: the whole journal proven, event by event; reads only."""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.commands.journal import FILE, add_data
from edge.journal.log_file import BAD_HEADER, is_damage
from edge.journal.photos import PhotoLostError, PhotoStore
from edge.journal.proof import Damage, Report
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError

SHOWN_MAX: Final = 20
QUIET_S: Final = 2.0  # a short journal needs no progress
TOLD_S: Final = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Return 0 when all is there as it was written, 1 for damage or a file that is no journal."""
    progress = _Progress()
    try:
        with Reader(args.data / FILE) as reader:
            report = reader.verify(deep=True, tell=progress)
            beside = _Beside(reader.unread_commits(), _photos(reader, args.data / "photos"))
    except JournalBrokenError as error:
        if args.json:
            print(json.dumps({"ok": False, "error": str(error)}))
        print(error, file=sys.stderr)
        return 1
    finally:
        progress.end()
    print(json.dumps(told(report, beside)) if args.json else _in_words(report, beside))
    return 0 if report.is_good and beside.is_good else 1


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is wrong beside the events: frames of the log, photographs and why."""

    log: tuple[int, ...]
    photos: tuple[tuple[str, str], ...]

    @property
    def is_good(self) -> bool:
        return not (is_damage(self.log) or self.photos)

    def lines(self) -> list[str]:
        found = [f"photograph {sha256}: {reason}" for sha256, reason in self.photos[:SHOWN_MAX]]
        if self.log == (BAD_HEADER,):
            return ["log: its header is damaged: what it holds is not read", *found]
        if self.log:
            why = "damaged" if is_damage(self.log) else "never acknowledged, or damaged"
            found.insert(0, f"log: {len(self.log)} commits at its end are not read: {why}")
        return found


def _photos(reader: Reader, folder: Path) -> tuple[tuple[str, str], ...]:
    store, found = PhotoStore(folder), []
    for sha256 in reader.photos():
        try:
            store.read(sha256)
        except PhotoLostError as error:
            found.append((sha256, error.reason))
    return tuple(found)


def told(report: Report, beside: _Beside) -> dict[str, Any]:
    """Return the JSON form of a report."""
    return {
        "ok": report.is_good and beside.is_good,
        "events": report.events,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "digest": report.digest,
        "chain": "broken" if report.damage or report.gaps else "holds",
        "gaps": report.gaps,
        "lost": report.lost,
        "broken": report.broken,
        "damage": [
            {"seq": one.seq, "what": [wrong.value for wrong in one.what], "text": one.text}
            for one in report.damage
        ],
        "file": report.file,
        "log": beside.log,
        "photos": [{"sha256": sha256, "reason": reason} for sha256, reason in beside.photos],
    }


def _in_words(report: Report, beside: _Beside) -> str:
    counted = f"{report.events} events, {report.first_seq} to {report.last_seq}"
    lines = [f"{first} to {last}: lost, as its salvage has declared" for first, last in report.lost]
    lines += beside.lines()
    if report.is_good:
        return "\n".join([f"{counted}: chain holds, newest digest {report.digest}", *lines])
    lines += [f"{first} to {last}: absent" for first, last in report.gaps[:SHOWN_MAX]]
    lines += [_damage(one) for one in report.damage[:SHOWN_MAX]]
    lines += [f"file: {text}" for text in report.file[:SHOWN_MAX]]
    left = max(len(report.gaps), len(report.damage), len(report.file)) - SHOWN_MAX
    if left > 0:
        lines.append("… more: --json tells all")
    head = f"{counted}: {len(report.damage)} altered, {len(report.gaps)} gaps"
    return "\n".join([head, *lines])


def _damage(one: Damage) -> str:
    what = ", ".join(wrong.value for wrong in one.what)
    return f"{one.seq}: {what}{': ' if one.text else ''}{one.text}"


class _Progress:
    """A line on stderr that is written over, once a second, when it takes long."""

    def __init__(self) -> None:
        self._due_s = time.monotonic() + QUIET_S
        self._has_told = False

    def __call__(self, done: int, of: int) -> None:
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s, self._has_told = now_s + TOLD_S, True
            sys.stderr.write(f"\r{done} of {of} events")
            sys.stderr.flush()

    def end(self) -> None:
        if self._has_told:
            sys.stderr.write("\n")
