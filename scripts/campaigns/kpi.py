"""Key figures of simulated units, from the functions and from SQL over the exported segments."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from kpi_trial import differences


def main() -> int:
    """Return 0 when both say the same of every figure."""
    parser = argparse.ArgumentParser(prog="scripts/campaign kpi", description=__doc__)
    parser.add_argument("--units", type=int, default=10_000, help="simulated units (10,000)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(
            differences(Path(folder), units=args.units, seed=args.seed, parcels_a_day=200)
        )
    for key, (ours, theirs) in sorted(found.wrong.items()):
        print(f"{' '.join(key)}: functions {ours}, SQL {theirs}", file=sys.stderr)
    print(
        f"key figures of {args.units:,} units, {found.events:,} events, seed {args.seed}: "
        f"{found.figures} figures, {len(found.wrong)} differ; {time.monotonic() - started_s:.0f} s"
    )
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
