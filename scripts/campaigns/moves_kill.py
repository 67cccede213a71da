"""SIGKILL of whole stations while goods are carried: real processes, broker, robots and PLC.

Robots and belts of the simulated floor count what they physically did. Ends with 1 when a load was
picked or diverted twice, went to a wrong zone, or is neither where it belongs nor in doubt.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

UNITS: Final = 25
NONE_OF: Final = ("double_picks", "double_diverts", "wrong_zone", "lost", "duplicated")
RUN_S: Final = 900


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign moves-kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="of the service (100)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"in each run ({UNITS})")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    started_s, done, turn, is_good = time.monotonic(), 0, 0, True
    while done < args.kills:
        numbers = _station(args.seed + turn, args.units)
        turn += 1
        done += int(numbers["kills"])
        is_good &= bool(numbers["chain_ok"]) and not any(numbers[name] for name in NONE_OF)
        print(
            f"seed {args.seed + turn - 1}: {numbers['kills']} kills, {numbers['units']} units,"
            f" {numbers['moves']} robot moves, {numbers['diverts']} diverts,"
            f" {numbers['hand_moves']} by hand, {numbers['in_doubt_open']} left in doubt,"
            f" picked twice {numbers['double_picks']}, diverted twice {numbers['double_diverts']},"
            f" wrong zone {numbers['wrong_zone']}, events lost {numbers['lost']}",
            flush=True,
        )
    print(f"{done} kills, {'all accounted for' if is_good else 'NOT accounted for'}")
    print(f"{time.monotonic() - started_s:.0f} s")
    return 0 if is_good else 1


def _station(seed: int, units: int) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("receiving-edge")), "demo", "--headless"]
    command += ["--json", "--units", str(units), "--kill-every", "1", "--seed", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=RUN_S)
    if not done.stdout.strip():
        raise SystemExit(f"the station of seed {seed} ended with {done.returncode}")
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers


if __name__ == "__main__":
    sys.exit(main())
