"""A pack's rows as bit masks per column value, so that a decision is a few ANDs of integers."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from zoning.grammar import Test
from zoning.model import Domain, Kind, Members, Value
from zoning.policy import Policy
from zoning.table import Cell, NumberCell, Row, SetCell, Table, cell_truth


class Index:
    """The bit masks of one table (bit = row position)."""

    __slots__ = ("_all", "_columns")

    def __init__(self, policy: Policy, table: Table) -> None:
        self._all = (1 << len(table.rows)) - 1
        self._columns = {
            name: ColumnIndex(name, table.rows, policy.domains[name]) for name in table.columns
        }

    def match(self, values: Mapping[str, Value]) -> tuple[int, int]:
        """Return the rows definitely true and the rows possibly true, as bit masks."""
        true = possible = self._all
        for name, index in self._columns.items():
            surely, maybe = index.masks(values.get(name))
            true &= surely
            possible &= maybe
        return true, possible


class ColumnIndex:
    """Per value of one column the rows that accept it, as bit masks (bit = row position)."""

    __slots__ = ("_all", "_any", "_blank", "_by_value", "_cuts", "_listed", "_masks")

    def __init__(self, name: str, rows: Sequence[Row], domain: Domain) -> None:
        cells = [(1 << at, row.cells.get(name)) for at, row in enumerate(rows)]
        self._all = (1 << len(rows)) - 1
        self._blank = _mask(bit for bit, cell in cells if cell is None)
        known = [(bit, cell) for bit, cell in cells if cell is not None]
        self._by_value = _by_value(known, domain)
        self._cuts, self._masks = _by_cut(known) if domain.is_number else ([], [])
        self._any = _by_member(known)
        self._listed = [(b, c) for b, c in known if isinstance(c, SetCell) and not _is_any(c)]

    def masks(self, value: Value | None) -> tuple[int, int]:
        """Return the rows that surely and that possibly accept a value."""
        if value is None:
            return self._blank, self._all
        if isinstance(value, Members):
            return self._set_masks(value)
        if isinstance(value, int) and not isinstance(value, bool):
            found = self._blank | self._masks[bisect_right(self._cuts, value)]
        else:
            found = self._blank | self._by_value.get(value, 0)
        return found, found

    def _set_masks(self, value: Members) -> tuple[int, int]:
        surely = self._blank
        for member in value.present:
            surely |= self._any.get(member, 0)
        maybe = surely
        for member in value.unknown:
            maybe |= self._any.get(member, 0)
        for bit, cell in self._listed:
            accepted = cell_truth(cell, value)
            surely |= bit if accepted else 0
            maybe |= 0 if accepted is False else bit
        return surely, maybe


def _mask(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found


def _is_any(cell: SetCell) -> bool:
    return len(cell.tests) == 1 and cell.tests[0][0] is Test.ANY


def _by_value(cells: list[tuple[int, Cell]], domain: Domain) -> dict[str | bool, int]:
    if domain.kind not in (Kind.ENUM, Kind.BOOL):
        return {}
    values: tuple[str | bool, ...] = domain.values or (False, True)
    return {value: _mask(bit for bit, cell in cells if cell_truth(cell, value)) for value in values}


def _by_cut(cells: list[tuple[int, Cell]]) -> tuple[list[int], list[int]]:
    """Cut the numbers wherever a range begins or ends; between two cuts all values are alike."""
    cuts: set[int] = set()
    for _, cell in cells:
        assert isinstance(cell, NumberCell), "the domain says it is a number"
        for limits in cell.ranges:
            cuts |= {limits.low} if limits.low is not None else set()
            cuts |= {limits.high + 1} if limits.high is not None else set()
    ordered = sorted(cuts)
    samples = [ordered[0] - 1, *ordered] if ordered else [0]
    return ordered, [_mask(bit for bit, cell in cells if cell_truth(cell, at)) for at in samples]


def _by_member(cells: list[tuple[int, Cell]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for bit, cell in cells:
        if isinstance(cell, SetCell) and _is_any(cell):
            for member in cell.tests[0][1]:
                found[member] = found.get(member, 0) | bit
    return found
