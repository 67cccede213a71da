"""`receiving-edge journal erase`: delete a photograph for good; its digest stays in the journal.

The demand is handed to the service as a file: followed while it runs, or at its next start.
"""

import argparse
import json
import re
import secrets
import sys
import time
from pathlib import Path
from typing import Final

from edge.commands.journal import add_data
from edge.inbox import answer_to, hand_in
from edge.service.erasures import INBOX

LOOK_S: Final = 0.1
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument("sha256", help="the photograph's digest, 64 hex digits")
    parser.add_argument("--by", required=True, metavar="NO", help="badge of a supervisor")
    parser.add_argument("--reason", required=True, metavar="CODE", help="why: no name, no address")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="for the service's answer"
    )


def run(args: argparse.Namespace) -> int:
    """Hand in the demand; with --wait 1 unless the service has followed it."""
    if _SHA256.fullmatch(args.sha256) is None:
        print(f"{args.sha256}: no digest: 64 hex digits are expected", file=sys.stderr)
        return 2
    name = f"{time.time_ns()}-{secrets.token_hex(4)}.json"
    demand = {"sha256": args.sha256, "by": args.by, "reason": args.reason}
    try:
        path = hand_in(args.data / INBOX, name, json.dumps(demand).encode())
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return _waited(path, args.wait) if args.wait > 0 else 0


def _waited(path: Path, wait_s: float) -> int:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        why = answer_to(path)
        if why is not None:
            print(why, file=sys.stderr, end="\n" if why else "")
            return 1 if why else 0
        time.sleep(LOOK_S)
    print("the service has not answered: it is done at its next start", file=sys.stderr)
    return 1
