"""`receiving-edge sync`: what is unsent and refused, how old feeds are; what shall become of it.

Looking reads the files. A word about a target is handed to the service as a file: it is followed
and recorded while the service runs, or at its next start.
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge.events import parse_utc, utc_text
from edge.inbox import DropRefusedError, answer_to, hand_in
from edge.journal.accounts import accounts, kept_letters, photo_counts
from edge.journal.feed_accounts import feed_states
from edge.journal.outbox import Act
from edge.journal.rows import JournalBrokenError
from edge.records import to_json
from edge.sync.orders import INBOX, Wanted, read_order

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
LOOK_S: Final = 0.1
Rows = Iterator[tuple[dict[str, Any], str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="VERB")
    for name, text in _LOOKS.items():
        _add_place(verbs.add_parser(name, help=text[1], description=text[1]))
    for act in Act:
        word = verbs.add_parser(act.value, help=_HELP[act], description=_HELP[act])
        _add_place(word)
        word.add_argument("--target", required=True, metavar="NAME")
        is_heavy = act in (Act.WAIVE, Act.RETIRE)
        word.add_argument("--by", required=is_heavy, default="-", metavar="NO", help="who says so")
        word.add_argument("--reason", required=is_heavy, default="", metavar="TEXT")
        word.add_argument(
            "--wait", type=float, default=0.0, metavar="SECONDS", help="for the service's answer"
        )
        if act in (Act.REPLAY, Act.WAIVE):
            _add_which(word)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _add_which(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--dead", action="store_true", help="its open dead letters")
    which.add_argument("--ids", nargs="+", default=[], metavar="ID", help="these events")
    which.add_argument("--from-seq", type=int, metavar="A", help="with --to-seq: a whole range")
    which.add_argument("--since", default="", metavar="TIME", help="all recorded since, ISO 8601")
    parser.add_argument("--to-seq", type=int, metavar="B")


def run(args: argparse.Namespace) -> int:
    """Return 0, or 1 when a file cannot be read or the service has refused a word."""
    try:
        if args.what in _LOOKS:
            return _show(args, _LOOKS[args.what][0](args.data))
        return _say(args)
    except (JournalBrokenError, DropRefusedError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _show(args: argparse.Namespace, rows: Rows) -> int:
    for row, line in rows:
        print(json.dumps(row, ensure_ascii=False) if args.json else line)
    return 0


def _status(data: Path) -> Rows:
    path = data / "journal.db"
    photos = photo_counts(path)
    for one in accounts(path):
        since = f", oldest of {utc_text(one.oldest_ms)}" if one.oldest_ms is not None else ""
        line = f"{one.name}: {one.state}, {one.pending} unsent{since}, {one.dead} refused"
        replay = f", {one.replay_pending} to replay" if one.replay_pending else ""
        yield asdict(one), f"{line}, sent up to {one.cursor_seq}{replay}"
    if photos:
        told = ", ".join(f"{count} {state}" for state, count in sorted(photos.items()))
        yield {"photos": photos}, f"photographs: {told}"


def _dead(data: Path) -> Rows:
    for one in kept_letters(data / "journal.db"):
        letter = one.letter
        line = f"{one.target}: event {letter.seq}: {letter.code}: {letter.reason}"
        yield {"target": one.target, "event": one.event, **asdict(letter)}, line


def _feeds(data: Path) -> Rows:
    """Tell each feed's state, age and last refusal; of packs, what the gate last refused too."""
    for one in feed_states(data / "reference.db"):
        age_s = None if one.fresh_ms is None else max(0, int(time.time() - one.fresh_ms / 1000))
        age = "never complete" if age_s is None else f"{age_s} s old"
        line = f"{one.name}: {one.state}, {one.rows} rows, {age}"
        line += f"; away since {utc_text(one.away.at_ms)}: {one.away.reason}" if one.away else ""
        refusal = one.refusal
        if refusal:
            name = f" {refusal.name}" if refusal.name else ""
            line += f"; refused{name} {utc_text(refusal.at_ms)}: {refusal.reason}"
        yield {**asdict(one), "age_s": age_s}, line
    for path in _refused_packs(data):
        at_ms = int(path.stat().st_mtime * 1000)
        reason = path.read_text(encoding="utf-8", errors="replace").strip()
        row = {"name": "policies", "pack": path.stem, "at_ms": at_ms, "reason": reason}
        yield row, f"policies: {path.stem} refused {utc_text(at_ms)}: {reason.splitlines()[0]}"


def _refused_packs(data: Path) -> list[Path]:
    """Return the account of the pack that was refused last, if one was."""
    accounts = list((data / "inbox" / "policies" / "bad").glob("*.err"))
    return sorted(accounts, key=lambda path: path.stat().st_mtime)[-1:]


_LOOKS: Final[dict[str, tuple[Callable[[Path], Rows], str]]] = {
    "status": (_status, "state, unsent, refused and replayed events of each target"),
    "dead": (_dead, "events that a target refused for good"),
    "feeds": (_feeds, "state, age and last refusal of each feed"),
}
_HELP: Final = {
    Act.PAUSE: "send nothing to a target until it is resumed",
    Act.RESUME: "go on with a paused target, or try one that refuses at once",
    Act.RETIRE: "end a target for good: nothing is kept for it any more (supervisor)",
    Act.WAIVE: "give up that a target gets these events (supervisor)",
    Act.REPLAY: "send events to a target again, its cursor untouched",
}


def _say(args: argparse.Namespace) -> int:
    """Hand in the word; with --wait 1 unless the service has followed it."""
    order = Wanted(
        act=Act(args.what),
        target=args.target,
        by=args.by,
        reason=args.reason,
        dead=getattr(args, "dead", False),
        ids=tuple(getattr(args, "ids", ())),
        from_seq=getattr(args, "from_seq", None),
        to_seq=getattr(args, "to_seq", None),
        since=_moment(getattr(args, "since", "")),
    )
    body = json.dumps(to_json(order), ensure_ascii=False).encode()
    read_order(body)
    path = drop(args.data, body)
    return _answered(args, path)


def _moment(text: str) -> str:
    try:
        return utc_text(parse_utc(text)) if text else ""
    except ValueError as error:
        raise DropRefusedError(f"--since: {error}") from error


def drop(data: Path, body: bytes) -> Path:
    """Put an order into the inbox, there whole or not at all. Raises OSError."""
    return hand_in(data / INBOX, f"{int(time.time() * 1000)}-{secrets.token_hex(4)}.json", body)


def _answered(args: argparse.Namespace, path: Path) -> int:
    until = time.monotonic() + args.wait
    while True:
        why = answer_to(path)
        if why is not None:
            return _tell(args, "refused" if why else "done", why)
        if time.monotonic() >= until:
            break
        time.sleep(LOOK_S)
    _tell(args, "handed_in", "")
    if args.wait:
        print("no answer yet; is the service running?", file=sys.stderr)
    return 1 if args.wait else 0


def _tell(args: argparse.Namespace, state: str, why: str) -> int:
    said = {"target": args.target, "act": args.what, "state": state, "reason": why}
    line = f"{args.target}: {args.what}: {state.replace('_', ' ')}" + (f": {why}" if why else "")
    print(json.dumps(said, ensure_ascii=False) if args.json else line)
    return 1 if state == "refused" else 0
