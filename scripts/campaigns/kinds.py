#!/usr/bin/env python3
"""Every scripted shift through the real service, and which kinds of events their journals hold.

Plays the tests that are marked as shifts, all of them, and compares what their journals held with
the catalogue and with the table of docs/cases.md; --write writes the table anew. Exit code 1 when a
kind was never seen and is no named exception, when an exception was seen, or a shift failed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import kinds_page  # noqa: E402
from edge.events.schemas import kinds  # noqa: E402


def played(folder: Path, names: str) -> bool:
    """Play the shifts; each writes into the folder what it left."""
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:randomly", "-m", "shift"]
    command += ["--fail-on-skip", *(["-k", names] if names else []), "tests/system"]
    env = os.environ | {kinds_page.WRITE_TO: str(folder)}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def main() -> int:
    """Play, compare, and write the table where that is asked for."""
    parser = argparse.ArgumentParser(prog="scripts/campaign kinds", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table of docs/cases.md")
    parser.add_argument("-k", default="", metavar="EXPRESSION", help="these tests alone")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kinds-") as folder:
        is_good = played(Path(folder), args.k)
        found = kinds_page.read(Path(folder))
    shifts = frozenset().union(*found.values())
    print(f"{len(shifts)} shifts left {len(found)} of {len(kinds())} kinds")
    never = kinds_page.never()
    lacks = sorted(set(kinds()) - found.keys() - never.keys())
    wrong = sorted(found.keys() & never.keys())
    for kind in lacks:
        print(f"never seen: {kind}")
    for kind in wrong:
        print(f"an exception that was seen: {kind}")
    if args.write and is_good:
        page = kinds_page.PAGE.read_text(encoding="utf-8")
        kinds_page.PAGE.write_text(kinds_page.with_table(page, found), encoding="utf-8")
    return 1 if lacks or wrong or not is_good else 0


sys.exit(main())
