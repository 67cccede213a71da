"""Power cuts by the ten thousand: whole stations and the journal's trial, and the three controls.

Needs FUSE (Debian package fuse3). Ends with 1 when something acknowledged was lost, or when a
control lost nothing.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from crash_disk import Step
from power_loss import (
    Client,
    Cut,
    count_faults,
    photo_last,
    recorded,
    soak,
    whole_station,
    why_no_fuse,
    without_photo_folder_flushes,
)

TOLD_S: Final = 10.0
CONTROL_POINTS: Final = 300


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign power-loss", description=__doc__)
    parser.add_argument("--points", type=int, default=20_000, help="how many disks (20000)")
    parser.add_argument("--each", type=int, default=1000, help="disks a recording (1000)")
    parser.add_argument("--units", type=int, default=6, help="units a station receives (6)")
    parser.add_argument("--events", type=int, default=300, help="events of a trial (300)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    if why := why_no_fuse():
        print(why, file=sys.stderr)
        return 1
    started_s = time.monotonic()
    found = _examined(args)
    print(f"{args.points} power cuts, seed {args.seed}: {_told(found)}")
    controls = [_control(name, make, args) for name, make in _CONTROLS.items()]
    print(f"{time.monotonic() - started_s:.0f} s")
    return 0 if not found and all(controls) else 1


def _examined(args: argparse.Namespace) -> Counter[str]:
    """Record and examine by turns a whole station, one producer and many, until all is done."""
    found: Counter[str] = Counter()
    rounds = range(0, args.points, args.each)
    for turn, begin in enumerate(rounds):
        points = min(args.each, args.points - begin)
        name, client = _client(turn, args)
        steps = _recorded(client)
        progress = _Progress(begin, args.points, name)
        faults = count_faults(steps, points, args.seed + turn, progress)
        found += faults
        print(f"{name}: {_sizes(steps)}; {points} cuts: {_told(faults)}", flush=True)
    return found


def _client(turn: int, args: argparse.Namespace) -> tuple[str, Client]:
    if turn % 2 == 0:
        seed = args.seed + turn
        return f"station, {args.units} units, seed {seed}", whole_station(args.units, seed)
    producers = 1 if turn % 4 == 1 else 32
    return f"trial, {producers} producers", soak(args.events, producers)


def _recorded(client: Client) -> list[Step]:
    with tempfile.TemporaryDirectory() as folder:
        return recorded(Path(folder), client)


def _control(name: str, make: Callable[[int], list[Step]], args: argparse.Namespace) -> bool:
    found = count_faults(make(args.events), CONTROL_POINTS, args.seed)
    print(f"control {name}, {CONTROL_POINTS} cuts: {_told(found)}", flush=True)
    return bool(found)


_CONTROLS: Final[dict[str, Callable[[int], list[Step]]]] = {
    "synchronous=NORMAL": lambda events: _recorded(soak(events, 1, synchronous="normal")),
    "photograph without flush of its folder": lambda events: without_photo_folder_flushes(
        _recorded(soak(events, 1))
    ),
    "event before its photograph": lambda events: _recorded(photo_last(events // 5)),
}


def _sizes(steps: list[Step]) -> str:
    ops = Counter(one.op for one in steps)
    flushes = ops["fsync"] + ops["fsyncdir"]
    photos = sum(one.op == "rename" and one.what["name"].endswith(".jpg") for one in steps)
    return (
        f"{ops['write']} writes, {flushes} flushes, {photos} photographs,"
        f" {ops['ack']} acknowledgements marked"
    )


def _told(found: Counter[str]) -> str:
    return ", ".join(f"{count} {fault}" for fault, count in found.items()) or "nothing lost"


class _Progress:
    """A line on stderr now and then."""

    def __init__(self, done: int, of: int, name: str) -> None:
        self._done, self._of, self._name = done, of, name
        self._due_s = time.monotonic() + TOLD_S

    def __call__(self, cut: Cut, fault: str) -> None:
        self._done += 1
        if fault:
            print(f"step {cut.step}, acknowledged {cut.acked}: {fault}", file=sys.stderr)
        if time.monotonic() >= self._due_s:
            self._due_s += TOLD_S
            print(f"{self._done} of {self._of}: {self._name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
