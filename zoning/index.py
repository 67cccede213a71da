"""A pack as bit masks per column value: a record becomes one integer by a few ANDs.

Every row, and every test that a cap, an axiom or an action reads, has a bit. A mask holds the bits
twice: in its low half "possibly true", in its high half "definitely true". The bit above both
halves is set in the mask of every record that the policy's domains hold.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from zoning.model import Domain, Grade, Kind, Members, Outcome, Range, Value
from zoning.policy import Axiom, Cap, Policy
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, Row, SetCell, Table, cell_truth

INTERVALS_KEPT = 1024  # per number column; full: emptied, a mask is found again from the cells
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


class Index:
    """The masks of one pack, and in `memo` what `zoning.evaluate` has found whole masks to mean."""

    __slots__ = (
        "_all",
        "_masks",
        "_read",
        "actions",
        "axioms",
        "caps",
        "columns",
        "grades",
        "memo",
        "rows",
        "width",
    )

    def __init__(self, policy: Policy, table: Table) -> None:
        bits = _Bits(policy, table.rows)
        self.rows = (1 << len(table.rows)) - 1
        self.caps: tuple[tuple[Cap, Term], ...] = tuple(
            (cap, bits.term(cap.when)) for cap in policy.caps
        )
        self.axioms: tuple[tuple[Axiom, Term, Term], ...] = tuple(
            (axiom, bits.term(axiom.when), bits.term(axiom.iff)) for axiom in policy.axioms
        )
        self.actions = tuple(
            (bits.literal("flags", _is_any(name)), policy.flags[name].action)
            for name in policy.domains["flags"].values
            if policy.flags[name].action
        )
        self.grades = tuple(
            (bits.literal("grade", OneOfCell(values=(grade,))), grade) for grade in Grade
        )
        self.width = bits.width
        self.columns = bits.columns()
        self.memo: dict[int, Outcome] = {}
        self._all = _whole(self.width)
        self._masks = {name: column.mask for name, column in self.columns.items()}
        self._read = frozenset(n for n, c in self.columns.items() if c.blank != self._all)

    def match(self, values: Mapping[str, Value]) -> int:
        """Return the mask of a record; 0 = a name or value that the policy does not know."""
        both = self._all
        masks = self._masks
        try:
            for name, value in values.items():
                both &= masks[name](value)
        except (KeyError, TypeError):  # an unknown name or member; a value without a hash
            return 0
        for name in self._read.difference(values):
            both &= self.columns[name].blank
        return both

    def parts(self, values: Mapping[str, Value]) -> dict[str, int]:
        """Return the mask of each column; empty for a record that `match` gives 0 for."""
        found = {}
        try:
            for name, column in self.columns.items():
                found[name] = column.mask(values[name]) if name in values else column.blank
        except (KeyError, TypeError):
            return {}
        is_valid = all(found.values()) and values.keys() <= found.keys()
        return found if is_valid else {}

    def joined(self, parts: Mapping[str, int], *, without: str = "") -> int:
        """Return the mask of a record from those of its columns, or of all but one of them."""
        both = self._all
        for name, part in parts.items():
            if name != without:
                both &= part
        return both

    def broken(self, both: int) -> tuple[str, ...]:
        """Return the axioms whose two sides are known to differ, sorted."""
        true = both >> self.width
        found: list[str] = []
        for axiom, when, iff in self.axioms:
            # The side that is definitely true settles which side to look at for "never true".
            other = iff if when.holds(true) else when if iff.holds(true) else None
            if other and not other.holds(both):
                found.append(axiom.id)
        return tuple(sorted(found)) if found else ()

    def is_fired(self, both: int, at: int) -> bool:
        """Return whether a row (by position) decides a record with this mask."""
        possible = both & self.rows
        bit = 1 << at
        is_first = possible & -possible == bit
        return is_first and both >> self.width & bit != 0 and not self.broken(both)


# ---------------------------------------------------------------- columns


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumColumn:
    """Masks of the values of an enum."""

    blank: int
    masks: Mapping[Value, int]
    domain: Domain

    def mask(self, value: Value) -> int:
        """Return the mask of a value; 0 = out of the domain."""
        return self.masks.get(value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolColumn:
    """Masks of yes and no."""

    blank: int
    yes: int
    no: int

    def mask(self, value: Value) -> int:
        """Return the mask of a value; 0 = neither yes nor no (1 and 0 are numbers)."""
        return self.yes if value is True else self.no if value is False else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """Masks of the intervals between cuts: all numbers between two cuts are alike."""

    blank: int
    free: int
    width: int
    limits: Range
    cuts: Sequence[int]
    cells: tuple[tuple[int, Cell], ...]
    kept: dict[int, int] = field(default_factory=dict)

    def mask(self, value: Value) -> int:
        """Return the mask of a number; 0 = out of the domain."""
        if not isinstance(value, int) or isinstance(value, bool):
            return 0
        at = bisect_right(self.cuts, value)
        found = self.kept.get(at)
        return self._keep(at, value) if found is None else found

    def _keep(self, at: int, value: int) -> int:
        if len(self.kept) >= INTERVALS_KEPT:
            self.kept.clear()
        accepted = _sum(bits for bits, cell in self.cells if cell_truth(cell, value))
        is_held = value in self.limits
        self.kept[at] = self.free | _twice(accepted, self.width) if is_held else 0
        return self.kept[at]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a set cell asks for: none of `banned`, and of every group at least one.

    `single` = the members of its only group, one by one; empty for none or several groups.
    """

    banned: frozenset[str]
    groups: tuple[tuple[str, ...], ...]
    single: tuple[tuple[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumn:
    """Masks of partly known sets: what each member adds, and above `shift` what it takes away."""

    blank: int
    whole: int
    shift: int
    base: int
    present: Mapping[str, int]
    unknown: Mapping[str, int]
    joins: tuple[tuple[int, int], ...]
    jointed: int
    lasting: int
    needs: Mapping[int, Need]

    def mask(self, value: Value) -> int:
        """Return the mask of a set; 0 = no set, or a member both present and unknown.

        Raises KeyError for a member that is not declared.
        """
        if not isinstance(value, Members):
            return 0
        if value.unknown and not value.unknown.isdisjoint(value.present):
            return 0
        return self.settled(self.weighed(value))

    def weighed(self, value: Members) -> int:
        """Return what all members add and take away, before the one is set off by the other.

        The weights of members may be added (by OR) to it in any order.
        """
        found = self.base
        for member in value.present:
            found |= self.present[member]
        for member in value.unknown:
            found |= self.unknown[member]
        return found

    def settled(self, weight: int) -> int:
        """Return the mask of members that were weighed."""
        found = weight & self.whole & ~(weight >> self.shift)
        return self._joined(found) if found & self.jointed else found

    def _joined(self, found: int) -> int:
        """Take away the rows whose further groups (bits of their own) are not met."""
        for bits, need in self.joins:
            if found & need != need:
                found &= ~bits
        return found


Column: TypeAlias = EnumColumn | BoolColumn | NumberColumn | SetColumn


# ---------------------------------------------------------------- compilation


class _Bits:
    """Gives every row and every distinct test its bit, then builds the columns."""

    def __init__(self, policy: Policy, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._domains = policy.domains
        self._cells: dict[str, dict[Cell, int]] = {name: {} for name in policy.domains}
        self._literals: dict[tuple[str, Cell], int] = {}
        self._joins: dict[str, list[tuple[int, int]]] = {name: [] for name in policy.domains}
        self.width = len(rows)
        for at, row in enumerate(rows):
            for name, cell in row.cells.items():
                self._put(name, cell, 1 << at)
        for name, cells in self._cells.items():
            for cell, bits in tuple(cells.items()):
                self._split(name, cell, bits)

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
                return Term(is_any=not wanted, bits=_sum(self.literal(name, c) for c in cells))
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

    def _split(self, name: str, cell: Cell, bits: int) -> None:
        """Give the second and further groups of a set cell bits of their own."""
        if not isinstance(cell, SetCell):
            return
        further = _need(cell, self._domains[name].values).groups[1:]
        need = _sum(self.literal(name, _is_any(*group)) for group in further)
        if need:
            self._joins[name].append((bits, need))

    def _column(self, name: str, domain: Domain) -> Column:
        cells = self._cells[name]
        read = _sum(cells.values())
        whole, width = _whole(self.width), self.width
        free = whole & ~_twice(read, width)
        blank = free | read
        match domain.kind:
            case Kind.SET:
                return self._set(name, free, blank)
            case Kind.ENUM:
                masks: dict[Value, int] = dict.fromkeys(domain.values, free)
                for cell, bits in cells.items():
                    assert isinstance(cell, OneOfCell), "the loader reads cells by their domain"
                    for value in cell.values:
                        masks[value] |= _twice(bits, width)
                return EnumColumn(blank=blank, masks=masks, domain=domain)
            case Kind.BOOL:
                no, yes = (
                    free | _twice(_sum(b for c, b in cells.items() if cell_truth(c, said)), width)
                    for said in (False, True)
                )
                return BoolColumn(blank=blank, yes=yes, no=no)
        return NumberColumn(
            blank=blank,
            free=free,
            width=width,
            limits=domain.range,
            cuts=_cuts(cells, domain.range),
            cells=tuple((bits, cell) for cell, bits in cells.items()),
        )

    def _set(self, name: str, free: int, blank: int) -> SetColumn:
        values, width = self._domains[name].values, self.width
        whole, read = _whole(width), _sum(self._cells[name].values())
        needs = {cell: _need(cell, values) for cell in self._cells[name]}
        hit, banned = dict.fromkeys(values, 0), dict.fromkeys(values, 0)
        base = 0
        for cell, bits in self._cells[name].items():
            need = needs[cell]
            base |= 0 if need.groups else bits
            for member in need.groups[0] if need.groups else ():
                hit[member] |= bits
            for member in need.banned:
                banned[member] |= bits
        shift = whole.bit_length()
        halves = [(bits, need, half) for bits, need in self._joins[name] for half in (0, width)]
        joins = tuple((bits << half, need << half) for bits, need, half in halves)
        return SetColumn(
            blank=blank,
            whole=whole,
            shift=shift,
            base=free | _twice(base, width),
            present={m: _twice(hit[m], width) | _twice(banned[m], width) << shift for m in values},
            unknown={m: hit[m] | banned[m] << width << shift for m in values},
            joins=joins,
            jointed=_sum(bits for bits, _ in joins),
            lasting=read & ~_sum(banned.values()),
            needs={
                at: needs[row.cells[name]] for at, row in enumerate(self._rows) if name in row.cells
            },
        )


def _joint(terms: Sequence[Term], *, is_any: bool) -> Term:
    """Join terms; what has the same joint, or one bit alone, is taken up into the bits."""
    flat = [t for t in terms if not t.parts and (t.is_any is is_any or t.bits.bit_count() == 1)]
    parts = tuple(term for term in terms if term not in flat)
    return Term(is_any=is_any, bits=_sum(term.bits for term in flat), parts=parts)


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


def _is_any(*members: str) -> SetCell:
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


def positions(rows: int) -> Iterator[int]:
    """Yield the positions of the bits that are set, the lowest first."""
    while rows:
        first = rows & -rows
        yield first.bit_length() - 1
        rows ^= first


def _sum(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found


def _twice(bits: int, width: int) -> int:
    """Return bits in both halves of a mask."""
    return bits | bits << width


def _whole(width: int) -> int:
    """Return the mask in which everything is true, the valid bit above both halves too."""
    return (2 << 2 * width) - 1
