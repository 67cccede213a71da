"""How many of some literals hold, in unary: a sorted row of literals to assume limits with."""

from collections.abc import Sequence

from zoning.encode.cnf import Cnf, Lit


def counted(cnf: Cnf, lits: Sequence[Lit], most: int | None = None) -> list[Lit]:
    """Return literals of which the k-th (from 0) holds if and only if more than k of these hold.

    `most` cuts the row: what lies beyond it is not told.
    """
    limit = len(lits) if most is None else min(most, len(lits))
    if len(lits) <= 1:
        return list(lits[:limit])
    half = len(lits) // 2
    left, right = counted(cnf, lits[:half], limit), counted(cnf, lits[half:], limit)
    return [_at_least(cnf, left, right, total + 1) for total in range(limit)]


def largest(cnf: Cnf, row: Sequence[Lit], *assumptions: Lit) -> int:
    """Return how many literals of a row made by `counted` can hold at most; -1 if nothing can.

    Leaves the model that reaches it.
    """
    if not cnf.solve(*assumptions):
        return -1
    best = _count(cnf, row)
    while best < len(row) and cnf.solve(*assumptions, row[best]):
        best = _count(cnf, row)
    cnf.solve(*assumptions, *row[max(0, best - 1) : best])
    return best


def _count(cnf: Cnf, row: Sequence[Lit]) -> int:
    return sum(cnf.value(lit) for lit in row)


def _at_least(cnf: Cnf, left: Sequence[Lit], right: Sequence[Lit], total: int) -> Lit:
    """Return whether both rows together hold at least so many."""
    ways = []
    for first in range(max(0, total - len(right)), min(total, len(left)) + 1):
        parts = [left[first - 1]] if first else []
        parts += [right[total - first - 1]] if total > first else []
        ways.append(cnf.conj(parts))
    return cnf.disj(ways)
