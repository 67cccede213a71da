"""Holds a unit of clauses to a given record, so that a solver can be asked what it decides."""

from collections.abc import Iterator, Mapping

from zoning.encode.cnf import Lit
from zoning.encode.space import BoolColumn, Column, EnumColumn, NumberColumn, SetColumn, Space
from zoning.model import Members, Value


def pins(space: Space, values: Mapping[str, Value]) -> list[Lit]:
    """Return literals that make every column what the record says; an absent one is missing."""
    return [
        lit for name, column in space.columns.items() for lit in _pins(column, values.get(name))
    ]


def _pins(column: Column, value: Value | None) -> Iterator[Lit]:
    match column:
        case SetColumn(members=members, missing=missing):
            yield from [] if missing is None else [missing if value is None else -missing]
            known = value if isinstance(value, Members) else Members(unknown=frozenset(members))
            for name, rail in members.items():
                is_present, is_unknown = name in known.present, name in known.unknown
                yield rail.yes if is_present else -rail.yes
                yield rail.no if not is_present and not is_unknown else -rail.no
        case BoolColumn(yes=rail):
            yield rail.yes if value is True else -rail.yes
            yield rail.no if value is False else -rail.no
        case EnumColumn(values=lits, missing=missing):
            yield missing if value is None else lits[str(value)]
        case NumberColumn(missing=missing):
            yield missing if value is None else -missing
            if isinstance(value, int):
                for cut, lit in zip(column.cuts, column.reached, strict=True):
                    yield lit if value >= cut else -lit
