"""A recorded shift, and a start of the service on what each of its commits left.

The shift is played through a real `serve`: the cases of `docs/cases.md`, group by group. After each
act that recorded something the data folder is kept as a dead process would leave it; each n-th time
the service is killed for good and goes on in place. Then the service is started on each folder
under one real terminal: the screen must be the one that the person had. Ends with 1 where it is
not, or where a case did not leave what it must.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from case_groups import GROUPS
from recorded_shift import UNDO, Resumed, record, resumed

KNOWN: Final = {**GROUPS, "undo": UNDO}
SHIFT: Final = ("undo", "parcels", "shift")
BAR_MS: Final = 1000.0
TOLD_S: Final = 10.0


class Progress:
    """Says on stderr how far it is, now and then."""

    def __init__(self) -> None:
        self._begun_s = self._told_s = time.monotonic()

    def tell(self, text: str) -> None:
        """Say it, unless something was said just before."""
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_S:
            self._told_s = now_s
            print(f"{now_s - self._begun_s:.0f} s: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Record and resume."""
    parser = argparse.ArgumentParser(prog="scripts/campaign resume", description=__doc__)
    known = ", ".join(KNOWN)
    parser.add_argument("group", nargs="*", help=f"of {known} ({' '.join(SHIFT)})")
    parser.add_argument("--kill-every", type=int, default=10, help="commits to a real kill (10)")
    args = parser.parse_args()
    strange = set(args.group) - set(KNOWN)
    if strange:
        parser.error(f"no group {', '.join(sorted(strange))}: {known}")
    progress = Progress()
    wrong: list[str] = []
    killed: list[Resumed] = []
    started: list[Resumed] = []
    for name in args.group or SHIFT:
        with tempfile.TemporaryDirectory(prefix="resume-") as folder:
            bench, faults = record(
                Path(folder),
                KNOWN[name],
                kill_every=args.kill_every,
                tell=lambda case, n: progress.tell(f"recorded {case}, {n} commits"),
            )
            wrong += faults
            killed += bench.killed
            commits = len(bench.moments)
            for one in resumed(bench):
                started.append(one)
                progress.tell(f"{name}: resumed {one.n} of {commits}")
    return _told(started, killed, wrong)


def _told(started: Sequence[Resumed], killed: Sequence[Resumed], wrong: Sequence[str]) -> int:
    states = Counter(one.state for one in started)
    print(f"{len(started)} commits: {', '.join(f'{n} {state}' for state, n in states.items())}")
    _times("started on what a commit left", started)
    _times("killed for good, gone on in place", killed)
    differ = [one for one in (*started, *killed) if one.unlike]
    for one in differ:
        print(f"{one.case}, commit {one.n}, {one.state}: {'; '.join(one.unlike)}")
    for fault in wrong:
        print(fault)
    slow = sum(one.painted_ms - one.queued_ms > BAR_MS for one in started)
    print(
        f"{len(differ)} at another step, {len(wrong)} cases wrong, {slow} slower than"
        f" {BAR_MS:.0f} ms without the waits for a processor; load {os.getloadavg()[0]:.1f}"
    )
    return 1 if differ or wrong or not started else 0


def _times(what: str, ones: Sequence[Resumed]) -> None:
    if not ones:
        return
    for name, values in (
        ("start -> screen", [one.painted_ms for one in ones]),
        ("without waits for a processor", [one.painted_ms - one.queued_ms for one in ones]),
        ("processor time of the service", [float(one.cpu_ms) for one in ones]),
    ):
        ranked = sorted(values)
        p99 = ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]
        print(
            f"{what}, {name}, ms: n {len(ranked)}, p50 {statistics.median(ranked):.0f},"
            f" p99 {p99:.0f}, max {ranked[-1]:.0f}"
        )


if __name__ == "__main__":
    sys.exit(main())
