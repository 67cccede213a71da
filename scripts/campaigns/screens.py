"""A whole shift in Russian in tmux, and its pictures for the documentation.

The real service with the demo's robots, belt and camera; keys by tmux, codes by the simulated
scanner. Needs tmux. Without --into nothing is written.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from whole_shift import shift


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign screens", description=__doc__)
    parser.add_argument("--into", type=Path, metavar="DIR", help="write NAME.svg there")
    parser.add_argument("--parcels", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()

    def keep(name: str, picture: str) -> None:
        print(name, flush=True)
        if args.into is not None:
            args.into.mkdir(parents=True, exist_ok=True)
            (args.into / f"{name}.svg").write_text(picture, encoding="utf-8")

    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        states = asyncio.run(shift(Path(folder), parcels=args.parcels, seed=args.seed, keep=keep))
    print(" → ".join(states))
    return 0


if __name__ == "__main__":
    sys.exit(main())
