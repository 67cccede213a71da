"""A whole shift in Russian in tmux, and its pictures for the documentation.

The real service with the demo's robots, belt and camera; keys by tmux, codes by the simulated
scanner. Then a small station as Chromium shows it. Needs tmux, and chromium for that last picture.
Without --into nothing is written.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import chromium
from browser_bench import watched
from shop import postal
from whole_shift import shift

BROWSER: Final = "browser.png"


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
    if chromium.PROGRAM is None:
        print(f"no {BROWSER}: chromium is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        seen = asyncio.run(_in_a_browser(Path(folder)))
    print(BROWSER)
    if args.into is not None:
        (args.into / BROWSER).write_bytes(seen)
    return 0


async def _in_a_browser(folder: Path) -> bytes:
    """Return a parcel's screen as the browser paints it."""
    async with watched(folder) as seen:
        seen.shop.scan(seen.shop.badge())
        await seen.page.until("Сканируйте этикетку посылки")
        seen.shop.scan(f"]C0{postal(1)}")
        await seen.page.until(postal(1), "Чайник K2")
        return await seen.page.picture()


if __name__ == "__main__":
    sys.exit(main())
