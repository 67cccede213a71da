"""Single bits turned in stored events, in the log and in photographs: is each found and named?"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from bit_flips import KINDS, flips, is_named, killed_soak

TOLD_S: Final = 10.0


def main() -> int:
    """Return 0 when every turned bit was named."""
    parser = argparse.ArgumentParser(prog="scripts/campaign flips", description=__doc__)
    parser.add_argument("--flips", type=int, default=3000, help="a third of each kind (3000)")
    parser.add_argument("--events", type=int, default=200, help="events of the trial (200)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    started_s, due_s = time.monotonic(), time.monotonic() + TOLD_S
    named: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        remains = killed_soak(Path(folder), args.events)
        rng = random.Random(args.seed)  # noqa: S311 - a seed that can be repeated is wanted
        for flip in flips(remains, args.flips, rng):
            drawn[flip.kind] += 1
            if is_named(flip):
                named[flip.kind] += 1
            else:
                print(f"not named: {flip}", file=sys.stderr)
            if time.monotonic() >= due_s:
                due_s += TOLD_S
                print(f"{drawn.total()} of {args.flips}", file=sys.stderr)
    found = ", ".join(f"{kind} {named[kind]} of {drawn[kind]}" for kind in KINDS)
    print(f"bits turned, seed {args.seed}, named: {found}; {time.monotonic() - started_s:.0f} s")
    return 0 if named == drawn else 1


if __name__ == "__main__":
    sys.exit(main())
