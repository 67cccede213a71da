"""Proofs of the zone table: how long the gate takes, and z3 for the same questions.

Small: the default pack. Large: 3,300 rows. The questions: complete, every row reachable, every
invariant. z3 gets the table in clauses of its own making, named once, and the draws that spare us
most of the reachable rows; it has no part in monotone columns, which are told apart.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from big_policy import big_pack
from policy_kit import default_pack
from z3_oracle import Z3Oracle
from zoning.encode.cnf import Cnf
from zoning.gate.report import Checked, Result, joined
from zoning.gate.seeds import reached_rows
from zoning.gate.table_checks import check_complete, check_invariant, check_reachable, check_table
from zoning.gate.theory import Theory, read_columns
from zoning.pack import Pack

REPEATS_MAX: Final = 20
Row = dict[str, Any]


def rows(seconds: float) -> list[Row]:
    """Return rows of name, ms (the best of some runs), rows, invariants; about `seconds` long.

    Raises AssertionError if a proof fails, or if z3 judges otherwise.
    """
    small, large = default_pack(), big_pack()
    return [
        _row("gate, all checks of the default table", small, seconds / 8, lambda: _whole(small)),
        _row("gate, default table", small, seconds / 8, lambda: _ours(small)),
        _row("z3, default table", small, seconds / 8, lambda: _z3(small)),
        _row("gate, 3,300 rows", large, seconds / 4, lambda: _ours(large)),
        _row("gate, 3,300 rows, monotone too", large, seconds / 4, lambda: _whole(large)),
        _row("z3, 3,300 rows", large, 0, lambda: _z3(large)),
    ]


def _row(name: str, pack: Pack, seconds: float, run: Callable[[], bool]) -> Row:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or (time.perf_counter() < end and len(times) < REPEATS_MAX):
        started = time.perf_counter()
        is_proved = run()
        times.append(time.perf_counter() - started)
        assert is_proved, f"{name}: not proved"
    return {
        "name": name,
        "ms": round(min(times) * 1000, 1),
        "rows": len(pack.table.rows),
        "invariants": len(pack.policy.invariants),
    }


def _whole(pack: Pack) -> bool:
    return _is_proved(check_table(pack))


def _ours(pack: Pack) -> bool:
    """Return whether the table is complete, reachable and keeps its invariants."""
    with Cnf() as cnf:
        theory = Theory.of(cnf, pack)
        rules = [check_invariant(theory, rule) for rule in pack.policy.invariants]
        return _is_proved(joined((check_complete(theory), check_reachable(theory), *rules)))


def _is_proved(found: Checked) -> bool:
    return all(status.status is Result.PROVED for status in found.statuses)


def _z3(pack: Pack) -> bool:
    oracle = Z3Oracle(pack, is_large=True)
    drawn = reached_rows(pack, read_columns(pack))
    asked = [at for at, row in enumerate(pack.table.rows) if row.id not in drawn]
    return (
        not oracle.has_gap()
        and all(oracle.is_reachable(at) for at in asked)
        and not any(oracle.is_broken(rule) for rule in pack.policy.invariants)
    )
