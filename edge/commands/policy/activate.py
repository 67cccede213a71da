"""`receiving-edge policy activate PACK`: hand a signed pack to the station and hear its answer.

The service need not run: its next start takes the pack.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from edge.events import ConfigActivated, ConfigRefused, Event
from edge.feeds.candidate import CandidateError, read_candidate
from edge.feeds.pack_folder import keep_pack
from edge.feeds.pack_seal import MANIFEST, Manifest, SealError, read_manifest, sha256_hex
from edge.feeds.policy_inbox import INBOX
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
LOOK_S: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="folder or .zip, signed")
    add_station(parser)


def add_station(parser: argparse.ArgumentParser) -> None:
    """Declare where the station is, how long to wait and how to tell it."""
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="for the station's answer"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Drop the pack into the station's inbox; with --wait 1 unless it came in force."""
    try:
        files = read_candidate(args.pack)
        manifest = _manifest(files)
        if newest(args.data, "policy") == manifest.content_sha256:
            return already(args, manifest.content_sha256, f"{_told(manifest)}: in force already")
        seq = last_seq(args.data)
        drop(args.data, f"{manifest.version:06d}-{sha256_hex(files[MANIFEST])[:12]}", files)
    except (OSError, CandidateError, SealError) as error:
        print(error, file=sys.stderr)
        return 1
    if manifest.effective_ms > time.time() * 1000:
        said = {"state": "waits", "effective_from": manifest.effective_from}
        _print(args, said, f"{_told(manifest)}: handed in, due at {manifest.effective_from}")
        return 0
    return answered(args, seq, what="policy", sha256=manifest.content_sha256, told=_told(manifest))


def _manifest(files: dict[str, bytes]) -> Manifest:
    if MANIFEST not in files:
        raise SealError("not signed: see `receiving-edge policy sign`")
    return read_manifest(files[MANIFEST])


def _told(manifest: Manifest) -> str:
    return f"{manifest.pack_id} version {manifest.version}"


def drop(data: Path, name: str, files: dict[str, bytes]) -> None:
    """Put files into the inbox as one folder, there whole or not at all. Raises OSError.

    `name` stands for the content: what lies there under it already is the same.
    """
    target = data / INBOX / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        keep_pack(files, target)


def last_seq(data: Path) -> int:
    """Return the newest sequence of the station's journal, 0 without one."""
    try:
        with Reader(data / "journal.db") as reader:
            return reader.last_seq()
    except JournalBrokenError:
        return 0


def answered(args: argparse.Namespace, seq: int, *, what: str, sha256: str, told: str) -> int:
    """Wait for what the journal says of a digest after `seq`, tell it, return the exit code."""
    until = time.monotonic() + args.wait
    while True:
        event = _answer(args.data, seq, what, sha256)
        if event is not None:
            return _tell(args, event, told)
        if time.monotonic() >= until:
            break
        time.sleep(LOOK_S)
    _print(args, {"state": "handed_in", "sha256": sha256}, f"{told}: handed in")
    if args.wait:
        print("no answer yet; is the service running?", file=sys.stderr)
    return 1 if args.wait else 0


def _answer(data: Path, seq: int, what: str, sha256: str) -> Event | None:
    try:
        with Reader(data / "journal.db") as reader:
            for event in reader.events(seq + 1):
                if _is_about(event, what, sha256):
                    return event
    except JournalBrokenError:
        return None
    return None


def _is_about(event: Event, what: str, sha256: str) -> bool:
    said = event.payload
    if not isinstance(said, ConfigActivated | ConfigRefused):
        return False
    is_meant = said.what == what or (said.what, what) == ("tenant", "policy")
    return is_meant and (said.sha256 or "") == sha256


def newest(data: Path, what: str) -> str:
    """Return the digest that the newest activation of a kind names, empty without one."""
    try:
        with Reader(data / "journal.db") as reader:
            found = [
                event.payload.sha256
                for event in reader.activations()
                if isinstance(event.payload, ConfigActivated) and event.payload.what == what
            ]
    except JournalBrokenError:
        return ""
    return found[-1] if found else ""


def _tell(args: argparse.Namespace, event: Event, told: str) -> int:
    said: dict[str, Any] = {"sequence": event.seq, "kind": event.kind}
    match event.payload:
        case ConfigRefused() as refused:
            said |= {"state": "refused", "error": refused.error}
            said |= {"counterexample": refused.counterexample}
            _print(args, said, f"{told}: refused\n{refused.error}")
            return 1
        case _:
            said |= {"state": "activated", "sha256": event.data["sha256"]}
            _print(args, said, f"{told}: in force since sequence {event.seq}")
            return 0


def already(args: argparse.Namespace, sha256: str, text: str) -> int:
    """Say that there is nothing to do."""
    _print(args, {"state": "activated", "sha256": sha256}, text)
    return 0


def _print(args: argparse.Namespace, said: dict[str, Any], text: str) -> None:
    print(json.dumps(said, ensure_ascii=False) if args.json else text)
