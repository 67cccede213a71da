"""One change away: which other value of one column would send a unit elsewhere."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from zoning.evaluate import refund_under
from zoning.explain.values import Change
from zoning.index import positions
from zoning.index.columns import Column, EnumColumn, Need, NumberColumn, SetColumn
from zoning.model import Domain, Members, Range, Value, Verdict
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell


class _Spot(NamedTuple):
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
        is_set = isinstance(spot.column, SetColumn)
        found += (_by_members if is_set else _by_value)(pack, spot, verdict)
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
            rest = pack.index.joined(parts, without=name)
            # A row that does not read this column and is possible stays so: none after it.
            standing = rest & (column.blank >> pack.index.width) & pack.index.rows
            near &= (standing & -standing) - 1
            yield _Spot(name, column, values[name], rest, near)


def _is_reached(pack: Pack, at: int, both: int, verdict: Verdict) -> bool:
    """Return whether a row fires with a mask and, caps included, does something else."""
    if not pack.index.is_fired(both, at):
        return False
    row = pack.table.rows[at]
    if row.zone is not verdict.zone or row.disposition != verdict.disposition:
        return True
    return refund_under(pack, both, row.refund) is not verdict.refund


def _by_value(pack: Pack, spot: _Spot, verdict: Verdict) -> Iterator[tuple[int, Change]]:
    """Yield the rows (by position) that another value reaches, each with the nearest."""
    name, column, before, rest, rows = spot
    for at in positions(rows):
        row = pack.table.rows[at]
        for value in _nearest(column, row.cells[name], before):
            if _is_reached(pack, at, rest & column.mask(value), verdict):
                yield at, Change(row, name, before, value)
                break


def _by_members(pack: Pack, spot: _Spot, verdict: Verdict) -> Iterator[tuple[int, Change]]:
    """Yield the rows that a set reaches without its banned members and with what is lacking."""
    name, column, before, rest, rows = spot
    assert isinstance(column, SetColumn), "the caller has looked"
    assert isinstance(before, Members), "a column that rejects a row has a value"
    whole = column.weighed(before)
    # A possible row that bans no member stays possible whatever is added: none after it.
    lasting = rest & column.settled(whole) & column.lasting & pack.index.rows
    last = (lasting & -lasting).bit_length() - 1
    for at in positions(rows):
        need = column.needs[at]
        removed = need.banned & before.present
        if not removed and 0 <= last < at:
            continue
        left = before.present - removed
        weight = column.weighed(replace(before, present=left)) if removed else whole
        # Without a banned member it is a group that lacks: the only one, or some of several.
        lacking = _lacking(need, left) if removed or not need.single else need.single
        for added in lacking:
            tried = weight
            for member in added:
                tried |= column.present[member]
            if _is_reached(pack, at, rest & column.settled(tried), verdict):
                yield at, Change(pack.table.rows[at], name, before, before, added, removed)
                break


def _lacking(need: Need, left: frozenset[str]) -> Iterable[tuple[str, ...]]:
    """Return what may be added to members so that every group is met, the fewest first."""
    lacking = [group for group in need.groups if left.isdisjoint(group)]
    if not lacking:
        return ((),)
    first, *others = lacking
    added = [(m, *[group[0] for group in others if m not in group]) for m in first]
    return sorted(added, key=len)


def _nearest(column: Column, cell: Cell, value: Value) -> Iterable[Value]:
    """Return the values that a cell accepts, one of each interval, the nearest first."""
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
