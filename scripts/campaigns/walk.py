"""Random scans and keys at a bench: is there a fault, a silence, a dead end, a forbidden order?"""

import argparse
import sys
import time
from collections import Counter
from typing import Final

from walk import stroll

ACTS_EACH: Final = 500
TOLD_S: Final = 10.0


def main() -> int:
    """Walk; any broken rule is an AssertionError with the seed of its walk."""
    parser = argparse.ArgumentParser(prog="scripts/campaign walk", description=__doc__)
    parser.add_argument("--acts", type=int, default=100_000, help="scans and keys (100000)")
    parser.add_argument("--seed", type=int, default=20261128, help="seed of the first walk")
    args = parser.parse_args()
    started_s = told_s = time.monotonic()
    kinds: Counter[str] = Counter()
    acts = 0
    seed = args.seed
    while acts < args.acts:
        try:
            walked = stroll(seed, min(ACTS_EACH, args.acts - acts))
        except Exception:
            print(f"broken in the walk of seed {seed}", file=sys.stderr)
            raise
        acts, seed = acts + walked.acts, seed + 1
        kinds.update(event.kind for event in walked.bench.events)
        if time.monotonic() - told_s >= TOLD_S:
            told_s = time.monotonic()
            print(f"{acts} of {args.acts}", file=sys.stderr)
    took_s = time.monotonic() - started_s
    print(f"{acts} acts from seed {args.seed}, {kinds.total()} events of {len(kinds)} kinds: "
          f"no fault, no silence, no dead end, no forbidden order; {took_s:.0f} s")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
