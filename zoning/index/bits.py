"""Rows, caps, axioms and actions compiled to bits: each row and each distinct test has its own."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import TypeAlias

from zoning.grammar import (
    All,
    Answered,
    Any,
    Constant,
    Expression,
    Has,
    Is,
    Not,
    OneOf,
    Test,
    Within,
)
from zoning.index.columns import (
    BoolColumn,
    Column,
    EnumColumn,
    Need,
    NumberColumn,
    SetColumn,
    twice,
    union,
)
from zoning.model import Domain, Kind, Range, Value
from zoning.policy import Policy
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, Row, SetCell, cell_truth

_SetTest: TypeAlias = tuple[Test, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A condition over the bits of a half mask: all of `bits` and `parts`, or any one of them."""

    is_any: bool
    bits: int
    parts: tuple["Term", ...] = ()

    def holds(self, half: int) -> bool:
        """Return whether the bits of one half make this true."""
        if self.is_any:
            if half & self.bits:
                return True
            return bool(self.parts) and any(part.holds(half) for part in self.parts)
        if half & self.bits != self.bits:
            return False
        return not self.parts or all(part.holds(half) for part in self.parts)


class Bits:
    """Gives every row and every distinct test its bit, then builds the columns."""

    def __init__(self, policy: Policy, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._domains = policy.domains
        self._cells: dict[str, dict[Cell, int]] = {name: {} for name in policy.domains}
        self._literals: dict[tuple[str, Cell], int] = {}
        self.width = len(rows)
        for at, row in enumerate(rows):
            for name, cell in row.cells.items():
                self._put(name, cell, 1 << at)

    def literal(self, name: str, cell: Cell) -> int:
        """Return the bit of a test of one column."""
        bit = self._literals.get((name, cell))
        if bit is None:
            bit = self._literals[name, cell] = 1 << self.width
            self.width += 1
            self._put(name, cell, bit)
        return bit

    def term(self, expression: Expression, *, wanted: bool = True) -> Term:
        """Return an expression, or its negation, over bits."""
        match expression:
            case Constant(value=value):
                return Term(is_any=value is not wanted, bits=0)
            case Answered():  # a record has no steps: nothing was answered
                return Term(is_any=wanted, bits=0)
            case Not(of=inner):
                return self.term(inner, wanted=not wanted)
            case All(of=parts):
                return _joint([self.term(p, wanted=wanted) for p in parts], is_any=not wanted)
            case Any(of=parts):
                return _joint([self.term(p, wanted=wanted) for p in parts], is_any=wanted)
            case Has(name=name):
                tests = _simple(expression.test, expression.members, self._domains[name].values)
                cells = [SetCell(tests=(t if wanted else (_OPPOSITE[t[0]], t[1]),)) for t in tests]
                return Term(is_any=not wanted, bits=union(self.literal(name, c) for c in cells))
            case OneOf(name=name, values=values):
                declared = self._domains[name].values
                chosen = tuple(value for value in declared if (value in values) is wanted)
                return self._single(name, OneOfCell(values=chosen))
            case Is(name=name, value=value):
                return self._single(name, BoolCell(value=value is wanted))
            case Within(name=name, range=limits):
                ranges = (limits,) if wanted else _outside(limits)
                return self._single(name, NumberCell(ranges=ranges))

    def columns(self) -> dict[str, Column]:
        """Build the columns; no bit may be asked for afterwards."""
        return {name: self._column(name, domain) for name, domain in self._domains.items()}

    def _single(self, name: str, cell: Cell) -> Term:
        return Term(is_any=False, bits=self.literal(name, cell))

    def _put(self, name: str, cell: Cell, bit: int) -> None:
        cells = self._cells[name]
        cells[cell] = cells.get(cell, 0) | bit

    def _column(self, name: str, domain: Domain) -> Column:
        cells = self._cells[name]
        read = union(cells.values())
        whole, width = whole_mask(self.width), self.width
        free = whole & ~twice(read, width)
        blank = free | read
        match domain.kind:
            case Kind.SET:
                return self._set(name, free, blank)
            case Kind.ENUM:
                masks: dict[Value, int] = dict.fromkeys(domain.values, free)
                for cell, bits in cells.items():
                    assert isinstance(cell, OneOfCell), "the loader reads cells by their domain"
                    for value in cell.values:
                        masks[value] |= twice(bits, width)
                return EnumColumn(blank=blank, masks=masks, domain=domain)
            case Kind.BOOL:
                no, yes = (
                    free | twice(union(b for c, b in cells.items() if cell_truth(c, said)), width)
                    for said in (False, True)
                )
                return BoolColumn(blank=blank, yes=yes, no=no)
        cuts = _cuts(cells, domain.range)
        return NumberColumn(
            blank=blank,
            free=free,
            width=width,
            limits=domain.range,
            cuts=cuts,
            accepted=_accepted(cells, cuts),
        )

    def _set(self, name: str, free: int, blank: int) -> SetColumn:
        """Build a column in layers: the first group of each cell in layer 0, the next above it."""
        values, width = self._domains[name].values, self.width
        whole = whole_mask(width)
        shift = whole.bit_length()
        needs = {cell: _need(cell, values) for cell in self._cells[name]}
        layers = max([1, *(len(need.groups) for need in needs.values())])
        top = shift * layers
        base = free | sum(whole << shift * layer for layer in range(1, layers))
        present, unknown = dict.fromkeys(values, 0), dict.fromkeys(values, 0)
        lasting = 0
        for cell, bits in self._cells[name].items():
            need, both = needs[cell], twice(bits, width)
            base |= 0 if need.groups else both
            lasting |= 0 if need.banned else bits
            for layer, group in enumerate(need.groups):
                base &= ~(both << shift * layer)
                for member in group:
                    present[member] |= both << shift * layer
                    unknown[member] |= bits << shift * layer
            for member in need.banned:
                present[member] |= both << top
                unknown[member] |= bits << width << top
        return SetColumn(
            blank=blank,
            whole=whole,
            base=base,
            present=present,
            unknown=unknown,
            further=tuple(shift * layer for layer in range(1, layers)),
            top=top,
            lasting=lasting,
            needs={
                at: needs[row.cells[name]] for at, row in enumerate(self._rows) if name in row.cells
            },
        )


def _joint(terms: Sequence[Term], *, is_any: bool) -> Term:
    """Join terms; what has the same joint, or one bit alone, is taken up into the bits."""
    flat = [t for t in terms if not t.parts and (t.is_any is is_any or t.bits.bit_count() == 1)]
    parts = tuple(term for term in terms if term not in flat)
    return Term(is_any=is_any, bits=union(term.bits for term in flat), parts=parts)


_OPPOSITE = {Test.ANY: Test.NONE, Test.NONE: Test.ANY}


def _simple(test: Test, members: tuple[str, ...], values: tuple[str, ...]) -> tuple[_SetTest, ...]:
    """Return a set test as any and none tests that must all hold."""
    match test:
        case Test.ALL:
            return tuple((Test.ANY, (member,)) for member in members)
        case Test.ONLY:
            return ((Test.NONE, tuple(value for value in values if value not in members)),)
        case Test.IS:
            only = _simple(Test.ONLY, members, values)
            return (*only, *_simple(Test.ALL, members, values))
    return ((test, members),)


def _need(cell: Cell, values: tuple[str, ...]) -> Need:
    assert isinstance(cell, SetCell), "the loader reads cells by their domain"
    tests = [part for test, members in cell.tests for part in _simple(test, members, values)]
    groups = tuple(members for test, members in tests if test is Test.ANY)
    return Need(
        banned=frozenset(m for test, members in tests if test is Test.NONE for m in members),
        groups=groups,
        single=tuple((member,) for member in groups[0]) if len(groups) == 1 else (),
    )


def any_of(*members: str) -> SetCell:
    """Return the test that a set has at least one of these."""
    return SetCell(tests=((Test.ANY, members),))


def _outside(limits: Range) -> tuple[Range, ...]:
    below = () if limits.low is None else (Range(high=limits.low - 1),)
    above = () if limits.high is None else (Range(low=limits.high + 1),)
    return below + above


def _cuts(cells: Iterable[Cell], limits: Range) -> list[int]:
    """Return where masks may change: wherever a range, or the domain itself, begins or ends."""
    ranges = [limits]
    for cell in cells:
        assert isinstance(cell, NumberCell), "the loader reads cells by their domain"
        ranges += cell.ranges
    lows = {each.low for each in ranges if each.low is not None}
    return sorted(lows | {each.high + 1 for each in ranges if each.high is not None})


def _accepted(cells: Mapping[Cell, int], cuts: Sequence[int]) -> tuple[int, ...]:
    """Return the bits that accept the numbers below the first cut, up to the next, and so on."""
    changes = [0] * (len(cuts) + 2)
    for cell, bits in cells.items():
        assert isinstance(cell, NumberCell), "the loader reads cells by their domain"
        for start, end in _spans(cell.ranges, cuts):
            changes[start] ^= bits
            changes[end] ^= bits
    return tuple(accumulate(changes[:-1], xor))


def _spans(ranges: Iterable[Range], cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Return ranges as intervals between cuts, first to behind the last; none meets another."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(_span(limits, cuts) for limits in ranges):
        if found and start <= found[-1][1]:
            first, last = found.pop()
            found.append((first, max(end, last)))
        else:
            found.append((start, end))
    return found


def _span(limits: Range, cuts: Sequence[int]) -> tuple[int, int]:
    start = 0 if limits.low is None else bisect_right(cuts, limits.low)
    end = len(cuts) if limits.high is None else bisect_right(cuts, limits.high)
    return start, end + 1


def whole_mask(width: int) -> int:
    """Return the mask in which everything is true, the valid bit above both halves too."""
    return (2 << 2 * width) - 1
