#!/usr/bin/env python3
"""Every case of a receiving bench with the power gone after each of its acts.

For each case and each act a station of its own: its journal must hold what an undisturbed one
holds. Exit code 1 when one differs.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from cases import Case, items, play  # noqa: E402
from parcel_cases import PARCEL_CASES  # noqa: E402
from real_bench import RealBench  # noqa: E402


def played(case: Case, kill_after: int | None) -> list[str]:
    """Play a case through a fresh station."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RealBench(Path(folder), returns=case.returns, items=items()) as bench,
    ):
        bench.badge()
        return play(bench, case, kill_after=kill_after)


def main() -> int:
    """Play all of them, or those that are named."""
    wrong = kills = 0
    for name in sys.argv[1:] or PARCEL_CASES:
        case = PARCEL_CASES[name]
        whole = played(case, None)
        for at in range(len(case.acts)):
            kills += 1
            found = played(case, at)
            if found != whole:
                wrong += 1
                print(f"{name}, after act {at}: {found}, not {whole}")
    print(f"{kills} power cuts in {len(sys.argv[1:]) or len(PARCEL_CASES)} cases, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
