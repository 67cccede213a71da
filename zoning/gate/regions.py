"""From one unit that meets no row to the whole region around it, as a condition."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoning.encode.cnf import Lit
from zoning.encode.space import BoolColumn, Column, EnumColumn, NumberColumn, SetColumn, Space
from zoning.gate.theory import needed
from zoning.grammar import TRUE, All, Expression, Has, Is, OneOf, Test, Within, show
from zoning.model import Domain, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Literals that hold exactly in a part of the space, and the same as a condition."""

    limits: tuple[Lit, ...]
    words: str


def region_around(space: Space, forbidden: Lit, domains: Mapping[str, Domain]) -> Region:
    """Return a widest region around the unit of the last model without a forbidden unit.

    Numbers are freed first and values last: that reads best, and an axiom that ties a value to
    members then frees the members, which nobody wants to read, and not a value that cannot be.
    """
    cnf = space.cnf
    order = (NumberColumn, SetColumn, BoolColumn, EnumColumn)
    held = {kind: _held(space, kind) for kind in order}
    for kind in order:
        rest = [lit for other in order if other is not kind for lit in held[other]]
        held[kind] = needed(cnf, (forbidden, *rest), held[kind])
    limits = tuple(lit for kind in order for lit in held[kind])
    return Region(limits=limits, words=_words(space, frozenset(limits), domains))


def _held(space: Space, kind: type[Column]) -> list[Lit]:
    """Return the limits that the last model keeps, of all columns of a kind."""
    columns = [column for column in space.columns.values() if isinstance(column, kind)]
    return [lit for column in columns for lit in _limits(column) if space.cnf.value(lit)]


def _words(space: Space, limits: frozenset[Lit], domains: Mapping[str, Domain]) -> str:
    """Return limits as a condition in the policy's own language; `true` = everything."""
    parts = [
        part
        for name, column in space.columns.items()
        for part in _condition(name, column, limits, domains[name])
    ]
    return show(parts[0] if len(parts) == 1 else All(of=tuple(parts)) if parts else TRUE)


def _limits(column: Column) -> Iterator[Lit]:
    """Yield literals whose conjunction is a single class of a column."""
    match column:
        case SetColumn(members=members):
            for rail in members.values():
                yield from rail
        case BoolColumn(yes=rail):
            yield from rail
        case EnumColumn(values=values):
            yield from (-lit for lit in values.values())
        case NumberColumn(reached=reached):
            yield from reversed(reached)
            yield from (-lit for lit in reached)


def _condition(
    name: str, column: Column, limits: frozenset[Lit], domain: Domain
) -> Iterator[Expression]:
    match column:
        case SetColumn(members=members):
            present = tuple(member for member, rail in members.items() if rail.yes in limits)
            absent = tuple(member for member, rail in members.items() if rail.no in limits)
            yield from [Has(name=name, test=Test.ALL, members=present)] if present else []
            yield from [Has(name=name, test=Test.NONE, members=absent)] if absent else []
        case BoolColumn(yes=rail):
            yield from [Is(name=name, value=rail.yes in limits)] if limits & {*rail} else []
        case EnumColumn(values=values):
            left = tuple(value for value, lit in values.items() if -lit not in limits)
            yield from [OneOf(name=name, values=left)] if len(left) < len(values) else []
        case NumberColumn():
            found = _range(column, limits)
            is_cut = found.low is not None or found.high is not None
            yield from (
                [Within(name=name, range=found, precision=domain.precision)] if is_cut else []
            )


def _range(column: NumberColumn, limits: frozenset[Lit]) -> Range:
    steps = list(zip(column.cuts, column.reached, strict=True))
    low = max((cut for cut, lit in steps if lit in limits), default=None)
    high = min((cut - 1 for cut, lit in steps if -lit in limits), default=None)
    return Range(low=low, high=high)
