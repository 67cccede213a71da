"""The literals of one unit's fact columns, and back: the unit that a model describes.

Numbers are cut wherever a condition can tell two values apart; between two cuts all are alike.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import Atom, Rail, both_ways, every, negated, some
from zoning.grammar import (
    Answered,
    Expression,
    Has,
    Is,
    OneOf,
    Test,
    Within,
    atoms,
)
from zoning.model import Domain, Kind, Members, Range, Value
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, SetCell


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumColumn:
    """One literal per value and one for a missing value; exactly one of them holds."""

    values: Mapping[str, Lit]
    missing: Lit

    def one_of(self, cnf: Cnf, accepted: Iterable[str]) -> Rail:
        """Return whether the value is one of these."""
        inside = cnf.disj([self.values[value] for value in accepted if value in self.values])
        return _unless(cnf, inside, self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolColumn:
    """A yes-no column; neither literal of its rail = missing."""

    yes: Rail


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """`reached[i]` = the number is at least `cuts[i]` (ascending); each implies the one before."""

    low: int
    cuts: tuple[int, ...]
    reached: tuple[Lit, ...]
    missing: Lit

    def within(self, cnf: Cnf, limits: Range) -> Rail:
        """Return whether the number lies in a range, whose ends must be cuts or beyond them."""
        below = -self.at_least(cnf, limits.low) if limits.low is not None else cnf.false
        above = self.at_least(cnf, limits.high + 1) if limits.high is not None else cnf.false
        return _unless(cnf, cnf.conj([-below, -above]), self.missing)

    def at_least(self, cnf: Cnf, bound: int) -> Lit:
        """Return whether a known number is at least this: a cut, or a bound outside the domain."""
        if bound <= self.low:
            return cnf.true
        at = self.cuts.index(bound) if bound in self.cuts else len(self.cuts)
        return self.reached[at] if at < len(self.cuts) else cnf.false

    def classes(self, cnf: Cnf) -> Iterator[tuple[int, Lit]]:
        """Yield the lowest number of each class between two cuts, and its literal."""
        starts = [(self.low, cnf.true), *zip(self.cuts, self.reached, strict=True)]
        ends = [*self.reached, cnf.false]
        for (low, from_here), next_one in zip(starts, ends, strict=True):
            yield low, cnf.conj([from_here, -next_one, -self.missing])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumn:
    """A rail per member: present, absent, or neither = unknown.

    `missing` = the whole column has no value; a column that always has one needs no literal.
    """

    members: Mapping[str, Rail]
    missing: Lit | None = None

    def test(self, cnf: Cnf, test: Test, listed: Iterable[str]) -> Rail:
        """Return a set test as `grammar.has` means it; of a missing set it is unknown."""
        found = self._members_test(cnf, test, listed)
        if self.missing is None:
            return found
        return Rail(cnf.conj((found.yes, -self.missing)), cnf.conj((found.no, -self.missing)))

    def _members_test(self, cnf: Cnf, test: Test, listed: Iterable[str]) -> Rail:
        chosen = [self.members[name] for name in listed if name in self.members]
        match test:
            case Test.ANY:
                return some(cnf, chosen)
            case Test.NONE:
                return negated(some(cnf, chosen))
            case Test.ALL:
                return every(cnf, chosen)
        others = [rail for name, rail in self.members.items() if name not in set(listed)]
        only = negated(some(cnf, others))
        return only if test is Test.ONLY else every(cnf, (only, every(cnf, chosen)))


Column: TypeAlias = EnumColumn | BoolColumn | NumberColumn | SetColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The fact columns of one unit. A column that is not in it is missing."""

    cnf: Cnf
    columns: Mapping[str, Column]

    def atom(self, atom: Atom) -> Rail:
        """Return the truth of one test of a condition; `answered` is for whoever knows the run."""
        assert not isinstance(atom, Answered), "a policy does not ask who answered"
        column = self.columns.get(atom.name)
        match atom, column:
            case OneOf(values=values), EnumColumn():
                return column.one_of(self.cnf, values)
            case Within(range=limits), NumberColumn():
                return column.within(self.cnf, limits)
            case Is(value=value), BoolColumn(yes=yes):
                return yes if value else negated(yes)
            case Has(test=test, members=members), SetColumn():
                return column.test(self.cnf, test, members)
        assert column is None, f"{atom.name} is tested as another kind than it is"
        return Rail(self.cnf.false, self.cnf.false)

    def cell(self, name: str, cell: Cell) -> Rail:
        """Return the truth of a table cell of a column."""
        match cell:
            case OneOfCell(values=values):
                return self.atom(OneOf(name=name, values=values))
            case BoolCell(value=value):
                return self.atom(Is(name=name, value=value))
            case NumberCell(ranges=ranges):
                return some(self.cnf, [self.atom(Within(name=name, range=r)) for r in ranges])
            case SetCell(tests=tests):
                found = [self.atom(Has(name=name, test=t, members=m)) for t, m in tests]
                return every(self.cnf, found)

    def preferences(self) -> tuple[Lit, ...]:
        """Return literals, most wanted first, that make a unit plain: few members, low, first."""
        order = (SetColumn, NumberColumn, BoolColumn, EnumColumn)
        ranked = sorted(self.columns.values(), key=lambda column: order.index(type(column)))
        return tuple(lit for column in ranked for lit in _plain(column))

    def model(self, cnf: Cnf) -> dict[str, Value]:
        """Return the unit of the last model; missing columns are left out."""
        found = {name: _read(cnf, column) for name, column in self.columns.items()}
        return {name: value for name, value in found.items() if value is not None}


def free_space(cnf: Cnf, pack: Pack, missing: frozenset[str] = frozenset()) -> Space:
    """Return a unit about which nothing is given; `missing` = columns that may lack a value."""
    return space_of(cnf, pack.policy.domains, cut_points(pack), missing)


def space_of(
    cnf: Cnf,
    domains: Mapping[str, Domain],
    cuts: Mapping[str, frozenset[int]],
    missing: frozenset[str] = frozenset(),
) -> Space:
    """Return a free unit over these domains; a set that may be missing may be partly unknown."""
    columns = {
        name: free_column(cnf, domain, cuts.get(name, frozenset()), may_miss=name in missing)
        for name, domain in domains.items()
    }
    return Space(cnf=cnf, columns=columns)


def free_column(
    cnf: Cnf, domain: Domain, cuts: frozenset[int] = frozenset(), *, may_miss: bool = False
) -> Column:
    """Return fresh literals of one column, held to its domain."""
    if domain.kind is Kind.SET:
        return _free_set(cnf, domain, may_miss=may_miss)
    if domain.kind is Kind.BOOL:
        return BoolColumn(yes=_free_rail(cnf, may_miss=may_miss))
    missing = cnf.var() if may_miss else cnf.false
    if domain.is_number:
        return _free_number(cnf, domain, cuts, missing)
    values = {value: cnf.var() for value in domain.values}
    cnf.exactly_one([*values.values(), missing] if may_miss else values.values())
    return EnumColumn(values=values, missing=missing)


def cut_points(pack: Pack) -> dict[str, frozenset[int]]:
    """Return per column where conditions of the pack tell two neighbouring numbers apart."""
    found: dict[str, set[int]] = {}
    for expression in conditions(pack):
        for atom in atoms(expression):
            if isinstance(atom, Within):
                found.setdefault(atom.name, set()).update(_ends(atom.range))
    for row in pack.table.rows:
        for name, cell in row.cells.items():
            if isinstance(cell, NumberCell):
                ends = (end for limits in cell.ranges for end in _ends(limits))
                found.setdefault(name, set()).update(ends)
    return {name: frozenset(cuts) for name, cuts in found.items()}


def conditions(pack: Pack) -> Iterator[Expression]:
    """Yield every condition of a pack that can read a fact column."""
    policy = pack.policy
    yield from (cap.when for cap in policy.caps)
    yield from (invariant.when for invariant in policy.invariants)
    for axiom in policy.axioms:
        yield from (axiom.when, axiom.iff)
    for checklist in pack.checklists.values():
        if checklist.match is not None:
            yield checklist.match.when
        for step in checklist.steps:
            yield from (step.must, step.relevant)
            if step.constraint is not None:
                yield step.constraint


def _ends(limits: Range) -> Iterator[int]:
    """Yield the numbers that differ from the one just below them."""
    if limits.low is not None:
        yield limits.low
    if limits.high is not None:
        yield limits.high + 1


def _free_rail(cnf: Cnf, *, may_miss: bool) -> Rail:
    if not may_miss:
        return both_ways(cnf.var())
    rail = Rail(cnf.var(), cnf.var())
    cnf.add(-rail.yes, -rail.no)
    return rail


def _free_set(cnf: Cnf, domain: Domain, *, may_miss: bool) -> SetColumn:
    members = {name: _free_rail(cnf, may_miss=may_miss) for name in domain.values}
    if not may_miss:
        return SetColumn(members=members)
    missing = cnf.var()
    for rail in members.values():
        cnf.add(-missing, -rail.yes)
        cnf.add(-missing, -rail.no)
    return SetColumn(members=members, missing=missing)


def _free_number(cnf: Cnf, domain: Domain, cuts: frozenset[int], missing: Lit) -> NumberColumn:
    low, high = domain.range.low, domain.range.high
    inside = sorted(
        cut for cut in cuts if (low is None or cut > low) and (high is None or cut <= high)
    )
    if low is None:
        low = inside[0] - 1 if inside else min(0, high or 0)
    reached = tuple(cnf.var() for _ in inside)
    for lower, higher in pairwise(reached):
        cnf.add(-higher, lower)
    return NumberColumn(low=low, cuts=tuple(inside), reached=reached, missing=missing)


def _unless(cnf: Cnf, inside: Lit, missing: Lit) -> Rail:
    """Return the truth of a test of a value that may be missing."""
    return Rail(cnf.conj((inside, -missing)), cnf.conj((-inside, -missing)))


def _plain(column: Column) -> tuple[Lit, ...]:
    match column:
        case SetColumn(members=members, missing=missing):
            plain = tuple(rail.no for rail in members.values())
            return plain if missing is None else (-missing, *plain)
        case NumberColumn(reached=reached, missing=missing):
            return (-missing, *(-lit for lit in reached))
        case BoolColumn(yes=rail):
            return (rail.no, rail.yes)
        case EnumColumn(values=values):
            return tuple(values.values())


def _read(cnf: Cnf, column: Column) -> Value | None:
    match column:
        case SetColumn(missing=missing) if missing is not None and cnf.value(missing):
            return None
        case SetColumn(members=members):
            present = frozenset(name for name, rail in members.items() if cnf.value(rail.yes))
            absent = frozenset(name for name, rail in members.items() if cnf.value(rail.no))
            return Members(present=present, unknown=frozenset(members) - present - absent)
        case BoolColumn(yes=rail):
            return True if cnf.value(rail.yes) else False if cnf.value(rail.no) else None
        case NumberColumn(missing=missing) if not cnf.value(missing):
            passed = [cut for cut, lit in _steps(column) if cnf.value(lit)]
            return passed[-1] if passed else column.low
        case EnumColumn(values=values):
            return next((value for value, lit in values.items() if cnf.value(lit)), None)
    return None


def _steps(column: NumberColumn) -> Iterator[tuple[int, Lit]]:
    return zip(column.cuts, column.reached, strict=True)
