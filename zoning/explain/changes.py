"""One change away: which other value of one column would send a unit elsewhere."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from zoning.evaluate import refund_under
from zoning.explain.values import Change
from zoning.index import Column, EnumColumn, Index, Need, NumberColumn, SetColumn, positions
from zoning.model import Domain, Members, Range, Value, Verdict
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A column that may change: its value, the mask of all others, the rows it keeps out alone."""

    name: str
    column: Column
    value: Value
    rest: int
    rows: int


def one_change(
    pack: Pack, values: Mapping[str, Value], parts: Mapping[str, int], verdict: Verdict
) -> tuple[Change, ...]:
    """Return for each row of another outcome, rejected by one column alone, how to get there.

    Left out is a row that an earlier one, an axiom or a missing fact keeps out after the change.
    """
    found: list[tuple[int, Change]] = []
    for spot in _spots(pack, values, parts):
        for at, after in _reached(pack, spot):
            row = pack.table.rows[at]
            if _is_other(pack, row, verdict, (spot, after)):
                change = Change(
                    column=spot.name,
                    before=spot.value,
                    after=after,
                    row=row.id,
                    zone=row.zone,
                    disposition=row.disposition,
                )
                found.append((at, change))
    found.sort(key=itemgetter(0))
    return tuple(change for _, change in found)


def _spots(pack: Pack, values: Mapping[str, Value], parts: Mapping[str, int]) -> Iterator[_Spot]:
    """Yield the columns that alone reject a row, with those rows that a change may reach."""
    once = twice = 0
    rejected = {name: pack.index.rows & ~parts[name] for name in pack.table.columns}
    for rows in rejected.values():
        twice |= once & rows
        once |= rows
    for name, rows in rejected.items():
        near = rows & ~twice
        if near:
            column = pack.index.columns[name]
            rest = pack.index.joined(part for other, part in parts.items() if other != name)
            # A row that does not read this column and is possible stays so: none after it.
            standing = rest & (column.blank >> pack.index.width) & pack.index.rows
            near &= (standing & -standing) - 1
            yield _Spot(name=name, column=column, value=values[name], rest=rest, rows=near)


def _is_other(pack: Pack, row: Row, verdict: Verdict, changed: tuple[_Spot, Value]) -> bool:
    """Return whether a row that fires after a change does something else with the unit."""
    if row.zone is not verdict.zone or row.disposition != verdict.disposition:
        return True
    spot, after = changed
    both = spot.rest & spot.column.mask(after)
    return refund_under(pack, both, row.refund) is not verdict.refund


def _reached(pack: Pack, spot: _Spot) -> Iterator[tuple[int, Value]]:
    """Yield the rows (by position) that a change reaches, each with the least change."""
    column = spot.column
    if isinstance(column, SetColumn):
        yield from _by_members(pack.index, spot, column)
        return
    for at in positions(spot.rows):
        for after in _nearest(spot, pack.table.rows[at].cells[spot.name]):
            if pack.index.is_fired(spot.rest & column.mask(after), at):
                yield at, after
                break


def _by_members(index: Index, spot: _Spot, column: SetColumn) -> Iterator[tuple[int, Value]]:
    """Yield the rows that a set reaches without its banned members and with what is lacking."""
    value = spot.value
    assert isinstance(value, Members), "a column that rejects a row has a value"
    whole = column.weighed(value)
    # A possible row that bans no member stays possible whatever is added: none after it.
    lasting = spot.rest & column.settled(whole) & column.lasting & index.rows
    last = (lasting & -lasting).bit_length() - 1
    for at in positions(spot.rows):
        need = column.needs[at]
        left, weight = value.present, whole
        if not need.banned.isdisjoint(left):
            left -= need.banned
            weight = column.weighed(Members(present=left, unknown=value.unknown))
        elif 0 <= last < at:
            continue
        for added in _lacking(need, left):
            tried = weight
            for member in added:
                tried |= column.present[member]
            if index.is_fired(spot.rest & column.settled(tried), at):
                present = left.union(added)
                yield at, Members(present=present, unknown=value.unknown - present)
                break


def _lacking(need: Need, left: frozenset[str]) -> Iterable[tuple[str, ...]]:
    """Return what may be added to members so that every group is met."""
    lacking = [group for group in need.groups if left.isdisjoint(group)]
    if not lacking:
        return ((),)
    first, *others = lacking
    return [(m, *[group[0] for group in others if m not in group]) for m in first]


def _nearest(spot: _Spot, cell: Cell) -> Iterable[Value]:
    """Return the values that a cell accepts, one of each interval, the nearest first."""
    column, value = spot.column, spot.value
    match cell:
        case BoolCell(value=wanted):
            return (wanted,)
        case OneOfCell(values=values):
            assert isinstance(column, EnumColumn), "the loader reads cells by their domain"
            return _by_distance(column.domain, values, value)
        case NumberCell(ranges=ranges):
            assert isinstance(column, NumberColumn), "the loader reads cells by their domain"
            assert isinstance(value, int), "a column that rejects a row has a value"
            found = [edge for limits in ranges for edge in _edges(column.cuts, limits, value)]
            return sorted(found, key=lambda edge: abs(edge - value))
    raise AssertionError("sets are looked at member by member")


def _by_distance(domain: Domain, values: tuple[str, ...], value: Value) -> Iterable[Value]:
    """Return the values of an ordered enum by their distance, of another one as declared."""
    if not domain.ordered:
        return values
    here = domain.values.index(str(value))
    return sorted(values, key=lambda other: abs(domain.values.index(other) - here))


def _edges(cuts: Sequence[int], limits: Range, value: int) -> list[int]:
    """Return the near edge of each interval inside a range that lies beside a value."""
    low, high = limits.low, limits.high
    start = 0 if low is None else bisect_right(cuts, low)
    end = len(cuts) if high is None else bisect_right(cuts, high)
    inner = cuts[start:end]
    if low is not None and value < low:
        return [low, *inner]
    return [*([] if high is None else [high]), *(cut - 1 for cut in inner)]
