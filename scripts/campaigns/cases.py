#!/usr/bin/env python3
"""Every case of a receiving bench with the power gone after each of its acts.

Round 0 plays each case undisturbed; round n cuts the power after act n of each case that has so
many: its journal must hold what the undisturbed one holds. A round is one station; after a fault
the next case gets a fresh one. Exit code 1 when one differs.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from case_groups import GROUPS  # noqa: E402
from cases import Case, Group, bench_of, complaint, play, work  # noqa: E402
from real_bench import RealBench  # noqa: E402

WRONG_SCREEN = (AssertionError, KeyError, StopIteration, OSError)


@dataclass(slots=True, kw_only=True)
class Station:
    """The station of one round, made anew when a case has left it in the midst of something."""

    group: Group
    _stack: ExitStack = field(default_factory=ExitStack)
    _bench: RealBench | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def bench(self) -> RealBench:
        """Return the station that stands, or a fresh one with a person at it."""
        if self._bench is None:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory())
            self._bench = self._stack.enter_context(bench_of(Path(folder), self.group))
            self._bench.badge()
        return self._bench

    def end(self) -> None:
        """Throw it away."""
        self._stack.close()
        self._bench = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was done and what went wrong."""

    whole: dict[str, list[str]] = field(default_factory=dict)
    cuts: int = 0
    wrong: list[str] = field(default_factory=list)

    def play(self, station: Station, name: str, case: Case, cut: int | None) -> None:
        """Play one case; a fault is told, noted and costs the station."""
        at = "undisturbed" if cut is None else f"cut after act {cut}"
        self.cuts += cut is not None
        try:
            told = play(station.bench(), case, kill_after=cut)
            fault = complaint(case, told)
            if cut is None:
                self.whole[name] = work(told)
            elif work(told) != self.whole.get(name):
                fault = f"{work(told)}, not {self.whole.get(name)}"
            if not fault and station.bench().state != "IDLE":
                fault = f"ends in {station.bench().state}"
        except WRONG_SCREEN as error:
            fault = f"{type(error).__name__}: {error}; {_screen(station)}"
        if fault:
            self.wrong.append(f"{name}, {at}: {fault}")
            say(self.wrong[-1])
            station.end()


def _screen(station: Station) -> str:
    view = station.bench().view
    return f"{view.get('state')}, said {view.get('fb')}"


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def rounds(cases: Mapping[str, Case], after: int | None) -> Sequence[int | None]:
    """Return the act after which each round cuts the power, None first."""
    if after is not None:
        return (None, after)
    return (None, *range(max(len(case.acts) for case in cases.values())))


def main() -> int:
    """Play all of them, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", help="names of cases; none: all")
    parser.add_argument("--after", type=int, help="cut after this act alone")
    args = parser.parse_args()
    tally = Tally()
    begun = time.monotonic()
    for of, group in GROUPS.items():
        cases = {name: case for name, case in group.cases.items() if name in (args.case or [name])}
        for cut in rounds(cases, args.after) if cases else ():
            with Station(group=group) as station:
                for name, case in cases.items():
                    if cut is None or cut < len(case.acts):
                        tally.play(station, name, case, cut)
            spent = time.monotonic() - begun
            say(f"{of}, {cut}: {tally.cuts} cuts, {len(tally.wrong)} wrong, {spent:.0f} s")
    say(f"{tally.cuts} power cuts in {len(tally.whole)} cases, {len(tally.wrong)} wrong")
    return 1 if tally.wrong or not tally.whole else 0


sys.exit(main())
