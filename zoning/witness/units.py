"""Plain units that show what a table does: each row, each cell by itself, each cut, each gap.

A unit is decided by the evaluator; the solver only finds it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import Rail, rail_of
from zoning.encode.space import (
    BoolColumn,
    Column,
    EnumColumn,
    NumberColumn,
    SetColumn,
    cut_points,
    space_of,
)
from zoning.encode.table import encode_table
from zoning.evaluate import decide
from zoning.gate.theory import Theory, read_columns, shrink
from zoning.grammar import Atom, Has, OneOf, Test, atoms
from zoning.model import Facts, Members, Missing, Range, Refund, Value, Verdict, Zone
from zoning.pack import Pack
from zoning.policy import Axiom, Cap
from zoning.table import Cell, NumberCell, OneOfCell, Row, SetCell

Values: TypeAlias = dict[str, Value]
Found: TypeAlias = tuple[str, Values | None]

# Beyond this many rows a cell is shown by one unit that it keeps out and not by one for each of
# its values, and units are taken as the solver finds them: minutes would become hours.
THOROUGH_ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A fact record, its outcome, and the names of what it shows."""

    shows: tuple[str, ...]
    facts: Facts
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The units, and the names of what no unit can show."""

    units: tuple[Unit, ...]
    unshown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """A value that a cell is tried with: conditions, or one number."""

    name: str = ""
    atoms: tuple[Atom, ...] = ()
    number: int | None = None


def shown_units(pack: Pack) -> Shown:
    """Return units for every row, cell, cut and column; one that shows several stands once."""
    found: dict[tuple[tuple[str, str], ...], Unit] = {}
    unshown = []
    for name, values in _searched(pack):
        if values is None:
            unshown.append(name)
            continue
        key = tuple(sorted((column, repr(_key(value))) for column, value in values.items()))
        if key in found:
            old = found[key]
            found[key] = replace(old, shows=tuple(dict.fromkeys((*old.shows, name))))
        else:
            found[key] = _decided(pack, name, values)
    return Shown(units=tuple(found.values()), unshown=tuple(unshown))


def _key(value: Value) -> object:
    if isinstance(value, Members):
        return sorted(value.present), sorted(value.unknown)
    return value


def _decided(pack: Pack, name: str, values: Mapping[str, Value]) -> Unit:
    gone = tuple(column for column in read_columns(pack) if column not in values)
    facts = Facts(
        policy_sha256=pack.sha256,
        values=values,
        missing=tuple(Missing(column=column, why="absent") for column in gone),
    )
    return Unit(shows=(name,), facts=facts, verdict=decide(pack, facts))


def _searched(pack: Pack) -> Iterator[Found]:
    """Yield a name and its unit; None = the policy has no such unit."""
    with Cnf() as cnf:
        search = _Search(Theory.of(cnf, pack))
        for at in range(len(pack.table.rows)):
            yield from search.row(at)
        yield from search.cuts()
        yield from search.caps()
    for column in read_columns(pack):
        yield f"missing {column}", _missing(pack, column)
    for axiom in pack.policy.axioms:
        yield f"axiom {axiom.id}", _broken(pack, axiom)


class _Search:
    """Asks for units of one pack of which every column is known."""

    def __init__(self, theory: Theory) -> None:
        self._theory = theory
        self._cnf = theory.cnf
        self._columns = theory.space.columns
        self._rows = theory.pack.table.rows
        self._caps = theory.pack.policy.caps
        guards = [rail_of(theory.cnf, cap.when, theory.space.atom) for cap in self._caps]
        self._guards = {cap.id: guard.yes for cap, guard in zip(self._caps, guards, strict=True)}
        # A cap hides what the row itself says, so the plainest unit is one that none lowers.
        uncapped = tuple(guard.no for guard in guards)
        self._wanted = (*uncapped, *theory.space.preferences())
        self._is_thorough = len(self._rows) <= THOROUGH_ROWS_MAX

    def row(self, at: int) -> Iterator[Found]:
        """Yield a unit of a row, then those that a single cell lets in or keeps out."""
        row = self._rows[at]
        yield f"row {row.id}", self._plain(self._theory.encoded.fires[at])
        for column, cell in row.cells.items():
            yield from self._kept_out(at, column, cell)
            if self._is_thorough:
                yield from self._let_in(at, column, cell)

    def cuts(self) -> Iterator[Found]:
        """Yield two units on either side of each cut, decided by two rows if any two are."""
        for name, column in self._columns.items():
            if isinstance(column, NumberColumn) and column.cuts:
                other = self._theory.other(name)
                pairs = zip(self._theory.encoded.fires, other.encoded.fires, strict=True)
                differ = self._cnf.disj([self._cnf.conj((one, -two)) for one, two in pairs])
                for cut in column.cuts:
                    sides = (*_class(column, cut - 1), *_class(other.space.columns[name], cut))
                    below = self._plain(*sides, differ) or self._plain(*sides)
                    yield f"cut {name} {cut} below", below and {**below, name: cut - 1}
                    yield f"cut {name} {cut}", below and {**below, name: cut}

    def caps(self) -> Iterator[Found]:
        """Yield units that a cap lowers, one for each member that it names."""
        for cap in self._caps:
            lowered = self._is_lowered(cap)
            yield f"cap {cap.id}", self._plain(self._guards[cap.id], wanted=(lowered,))
            for atom in atoms(cap.when):
                if isinstance(atom, Has) and atom.test is Test.ANY:
                    for probe in (_alone(atom.name, m, atom.members) for m in atom.members):
                        lits = (self._theory.space.atom(part).yes for part in probe.atoms)
                        values = self._plain(self._guards[cap.id], *lits, wanted=(lowered,))
                        if values is not None:
                            yield f"cap {cap.id} {atom.name} {probe.name}", values

    def _is_lowered(self, cap: Cap) -> Lit:
        """Return whether a unit's row by itself would give more than a cap allows."""
        if cap.output == "move":
            return -self._theory.encoded.zone[Zone.HAZMAT]
        better = tuple(Refund)[: tuple(Refund).index(Refund(cap.at_most))]
        pairs = zip(self._rows, self._theory.encoded.fires, strict=True)
        return self._cnf.disj([lit for row, lit in pairs if row.refund in better])

    def _let_in(self, at: int, column: str, cell: Cell) -> Iterator[Found]:
        """Yield units that a row takes for one value of a cell; an earlier row may take them."""
        for probe in _inside(cell, column):
            values = self._tried(column, probe, (self._theory.encoded.fires[at],))
            if values is not None:
                yield f"in {self._rows[at].id} {column} {probe.name}", values

    def _kept_out(self, at: int, column: str, cell: Cell) -> Iterator[Found]:
        """Yield units that meet every cell of a row but one, if possible with no row before."""
        row = self._rows[at]
        others = [self._cell(row, name).yes for name in row.cells if name != column]
        asked = (*others, self._cell(row, column).no)
        first = [-lit for lit in self._theory.encoded.fires[:at]]
        yield f"off {row.id} {column}", self._plain(*asked, *first) or self._plain(*asked)
        if self._is_thorough:
            for probe in self._outside(cell, column):
                values = self._tried(column, probe, (*asked, *first))
                if values is not None:
                    yield f"off {row.id} {column} {probe.name}", values

    def _outside(self, cell: Cell, column: str) -> Iterator[_Probe]:
        """Yield each value that a cell has to keep out."""
        match cell, self._columns[column]:
            case OneOfCell(values=values), EnumColumn(values=known):
                yield from (_one_of(column, value) for value in known if value not in values)
            case NumberCell(ranges=ranges), NumberColumn():
                domain = self._theory.pack.policy.domains[column]
                for number in _neighbours(ranges):
                    if number in domain.range:
                        yield _Probe(name=str(number), number=number)
            case SetCell(), SetColumn(members=members):
                yield from (_alone(column, name, members) for name in members)

    def _tried(self, column: str, probe: _Probe, asked: Iterable[Lit]) -> Values | None:
        space = self._theory.space
        if probe.number is None:
            return self._plain(*asked, *(space.atom(atom).yes for atom in probe.atoms))
        values = self._plain(*asked, *_class(self._columns[column], probe.number))
        return values and {**values, column: probe.number}

    def _plain(self, *asked: Lit, wanted: tuple[Lit, ...] = ()) -> Values | None:
        plainly = (*wanted, *self._wanted) if self._is_thorough else ()
        is_found = shrink(self._cnf, asked, plainly)
        return self._theory.space.model(self._cnf) if is_found else None

    def _cell(self, row: Row, column: str) -> Rail:
        return self._theory.space.cell(column, row.cells[column])


def _class(column: Column, number: int) -> list[Lit]:
    """Return the literals of the numbers that no condition tells from this one."""
    assert isinstance(column, NumberColumn), "only numbers have cuts"
    place = bisect_right(column.cuts, number)
    return [*column.reached[:place][-1:], *(-lit for lit in column.reached[place : place + 1])]


def _inside(cell: Cell, column: str) -> Iterator[_Probe]:
    """Yield each value for which alone a cell lets a unit in."""
    match cell:
        case OneOfCell(values=values):
            yield from (_one_of(column, value) for value in values)
        case NumberCell(ranges=ranges):
            for end in (end for limits in ranges for end in (limits.low, limits.high)):
                if end is not None:
                    yield _Probe(name=str(end), number=end)
        case SetCell(tests=tests):
            for test, members in tests:
                if test is Test.ANY:
                    yield from (_alone(column, name, members) for name in members)


def _neighbours(ranges: Sequence[Range]) -> Iterator[int]:
    """Yield the numbers just outside all of these ranges."""
    for limits in ranges:
        below = [] if limits.low is None else [limits.low - 1]
        above = [] if limits.high is None else [limits.high + 1]
        for number in (*below, *above):
            if not any(number in other for other in ranges):
                yield number


def _one_of(column: str, value: str) -> _Probe:
    return _Probe(name=value, atoms=(OneOf(name=column, values=(value,)),))


def _alone(column: str, member: str, listed: Iterable[str]) -> _Probe:
    """Return a set that has one of the listed members and no other of them."""
    others = tuple(name for name in listed if name != member)
    own = Has(name=column, test=Test.ANY, members=(member,))
    return _Probe(name=member, atoms=(own, Has(name=column, test=Test.NONE, members=others)))


def _missing(pack: Pack, column: str) -> Values | None:
    """Return a unit that lacks one column, for whose sake the engine holds it if any is held."""
    with Cnf() as cnf:
        domains = {name: pack.policy.domains[name] for name in read_columns(pack)}
        space = space_of(cnf, domains, cut_points(pack), frozenset({column}))
        encoded = encode_table(cnf, pack, space)
        gone = _gone(space.columns[column])
        for asked in ((encoded.missing, *gone), gone):
            if shrink(cnf, (*asked, -encoded.invalid), space.preferences()):
                found = space.model(cnf)
                return {name: value for name, value in found.items() if name != column}
    return None


def _broken(pack: Pack, axiom: Axiom) -> Values | None:
    """Return a unit whose facts contradict each other."""
    with Cnf() as cnf:
        domains = {name: pack.policy.domains[name] for name in read_columns(pack)}
        space = space_of(cnf, domains, cut_points(pack))
        when, iff = (rail_of(cnf, side, space.atom) for side in (axiom.when, axiom.iff))
        differ = cnf.disj((cnf.conj((when.yes, iff.no)), cnf.conj((when.no, iff.yes))))
        return space.model(cnf) if shrink(cnf, (differ,), space.preferences()) else None


def _gone(column: Column) -> list[Lit]:
    """Return the literals of a column about which nothing is known."""
    match column:
        case SetColumn(members=members):
            return [-lit for rail in members.values() for lit in rail]
        case BoolColumn(yes=rail):
            return [-lit for lit in rail]
        case EnumColumn(missing=missing) | NumberColumn(missing=missing):
            return [missing]
