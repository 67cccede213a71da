"""A shift with three faults, as the page docs/three-fault-shift.md: `--write` puts it there."""

import argparse
import logging
import sys
from pathlib import Path

from three_faults import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "three-fault-shift.md"


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign three-faults", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    text = page()
    if args.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
