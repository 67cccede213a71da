"""Cheap units inside each row's own box, so that the solver is asked about few rows only."""

from collections.abc import Iterator

from zoning.evaluate import decide
from zoning.grammar import Test
from zoning.model import Domain, Facts, Kind, Members, Value
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, Row, SetCell

ROUNDS = 6


def reached_rows(pack: Pack, columns: tuple[str, ...]) -> frozenset[str]:
    """Return the rows that some drawn unit reaches. The others are open, not refused."""
    reached: set[str] = set()
    for turn in range(ROUNDS):
        for row in pack.table.rows:
            if row.id not in reached:
                values = _drawn(pack, row, columns, turn)
                reached.add(decide(pack, Facts(policy_sha256=pack.sha256, values=values)).row)
    return frozenset(reached)


def _drawn(pack: Pack, row: Row, columns: tuple[str, ...], turn: int) -> dict[str, Value]:
    """Return a unit of the row's box. Which one is a pure function of the turn."""
    domains = pack.policy.domains
    return {
        name: _value(row.cells.get(name), domains[name], turn + position)
        for position, name in enumerate(columns)
    }


def _value(cell: Cell | None, domain: Domain, turn: int) -> Value:
    match cell:
        case OneOfCell(values=values) if values:
            return values[turn % len(values)]
        case BoolCell(value=value):
            return value
        case NumberCell(ranges=ranges):
            limits = ranges[turn % len(ranges)]
            ends = (limits.low, limits.high)
            return _end(ends[turn % 2], ends[1 - turn % 2], domain)
        case SetCell(tests=tests):
            return Members(present=frozenset(_members(tests, turn)))
    return _any_value(domain, turn)


def _any_value(domain: Domain, turn: int) -> Value:
    match domain.kind:
        case Kind.SET:
            return Members()
        case Kind.BOOL:
            return turn % 2 == 1
        case Kind.ENUM:
            return domain.values[turn % len(domain.values)]
    ends = (domain.range.low, domain.range.high)
    return _end(ends[turn % 2], ends[1 - turn % 2], domain)


def _end(wanted: int | None, other: int | None, domain: Domain) -> int:
    """Return an end of a range that is inside the domain."""
    found = next((end for end in (wanted, other) if end is not None), domain.range.low or 0)
    low, high = domain.range.low, domain.range.high
    return min(max(found, found if low is None else low), found if high is None else high)


def _members(tests: tuple[tuple[Test, tuple[str, ...]], ...], turn: int) -> Iterator[str]:
    """Yield few members that a cell wants; tests that only forbid want none."""
    for test, members in tests:
        if test is Test.ANY:
            yield members[turn % len(members)]
        elif test in (Test.ALL, Test.IS):
            yield from members
