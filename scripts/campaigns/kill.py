"""SIGKILL at random moments: writers that append and send to a real HTTP sink, then whole stations.

Ends with 1 when an event was lost, doubled or out of order.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from kill_loop import kill_often

TOLD_KILLS: Final = 25
PRODUCERS: Final = (1, 32)
UNITS: Final = 20
EVERY: Final = 2
NONE_OF: Final = ("lost", "duplicated", "wrong_zone", "double_picks", "double_diverts")


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="of writers (1000)")
    parser.add_argument("--station-kills", type=int, default=50, help="of whole services (50)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    started_s = time.monotonic()
    try:
        for turn, producers in enumerate(PRODUCERS):
            asyncio.run(_writers(args.kills // len(PRODUCERS), producers, args.seed + turn))
        is_good = _stations(args.station_kills, args.seed)
    except AssertionError as error:
        print(f"failed: {error}")
        is_good = False
    print(f"{time.monotonic() - started_s:.0f} s")
    return 0 if is_good else 1


async def _writers(kills: int, producers: int, seed: int) -> None:
    def tell(done: int) -> None:
        if done % TOLD_KILLS == 0:
            print(f"{done} of {kills} kills, {producers} producers", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        counts = await kill_often(
            Path(folder), kills=kills, producers=producers, seed=seed, tell=tell
        )
    print(
        f"writer, {producers} producers, seed {seed}: {counts.kills} kills,"
        f" {counts.acknowledged} acknowledged, {counts.stored} stored without a gap, chain holds,"
        f" {counts.delivered} at the sink once and in order, {counts.repeats} repeats dropped",
        flush=True,
    )


def _stations(kills: int, seed: int) -> bool:
    done = turn = 0
    is_good = True
    while done < kills:
        numbers = _station(seed + turn)
        turn += 1
        done += int(numbers["kills"])
        is_good &= bool(numbers["chain_ok"]) and not any(numbers[name] for name in NONE_OF)
        print(
            f"station, seed {seed + turn - 1}: {numbers['kills']} kills, {numbers['units']} units,"
            f" {numbers['events_committed']} events, {numbers['events_platform']} at the platform,"
            f" {numbers['lost']} lost, {numbers['duplicated']} doubled",
            flush=True,
        )
    return is_good


def _station(seed: int) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("receiving-edge")), "demo", "--headless"]
    command += ["--json", "--units", str(UNITS), "--kill-every", str(EVERY), "--seed", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if not done.stdout.strip():
        raise AssertionError(f"the station of seed {seed} ended with {done.returncode}")
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers


if __name__ == "__main__":
    sys.exit(main())
