"""Station, robots, broker and PLC, each dying when it likes, thousands of times in virtual time.

Counts physical picks and diverts. Ends with 1 at the first run that is not accounted for, and
prints the steps that lead there.
"""

import argparse
import logging
import sys
import time
from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from edge.events import DiverterChanged, MoveChanged, kind_of
from edge.journal.reader import Reader
from moves_machine import MovesMachine

STEPS = 12


class _Counted(MovesMachine):
    """Counts what happened in all runs."""

    runs = 0
    kinds: ClassVar[Counter[str]] = Counter()
    picks = diverts = 0

    def account(self) -> None:
        super().account()
        with Reader(self.world.path) as reader:
            for event in reader.events(1):
                if isinstance(event.payload, MoveChanged | DiverterChanged):
                    type(self).kinds[kind_of(event.payload)] += 1
        type(self).runs += 1
        type(self).picks += self.world.hall.book.picks.total()
        type(self).diverts += self.world.belt.diverts.total()


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign moves", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="state machine runs (2000)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    started_s = time.monotonic()
    given = settings(
        max_examples=args.runs,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )
    machine = seed(args.seed)(_Counted)
    run_state_machine_as_test(machine, settings=given)
    print(
        f"moves, seed {args.seed}: {_Counted.runs} runs, {_Counted.picks} physical picks and"
        f" {_Counted.diverts} diverts, none twice, every load accounted for"
    )
    for kind, count in sorted(_Counted.kinds.items()):
        print(f"  {kind} {count}")
    print(f"{time.monotonic() - started_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
