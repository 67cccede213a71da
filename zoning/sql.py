"""A pack as SQL over flat fact columns: the same three-valued decision, a million units a second.

Columns: `f_<name>`; a set is two masks, `f_<name>_0` and `f_<name>_0_unknown` (bit = position in
the domain). A plain CASE takes NULL for false and would jump a row, so each row asks twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from zoning.grammar import All, Any, Atom, Constant, Expression, Has, Is, Not, OneOf, Test, Within
from zoning.model import Domain, Kind, Members, Move, Range, Refund, Value, Zone
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, SetCell

MISSING_ROW = -1
INVALID_ROW = -2
NO_ROW = 0
_ENGINE: Mapping[int, tuple[str, str]] = {
    NO_ROW: ("#nopolicy", "HOLD_NO_POLICY"),
    MISSING_ROW: ("#missing", "HOLD_MISSING_FACT"),
    INVALID_ROW: ("#invalid", "HOLD_INVALID_FACTS"),
}
_REFUNDS = tuple(Refund)
_MOVES = tuple(Move)
_EVERY_BIT = (1 << 63) - 1
_SQL_TYPES: Mapping[Kind, str] = {Kind.ENUM: "VARCHAR", Kind.BOOL: "BOOLEAN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactColumn:
    """A flat column of a fact: its name in SQL, its SQL type, the fact it comes from."""

    sql: str
    type: str
    fact: str
    is_unknown: bool = False


class Answer(NamedTuple):
    """One line of `decision`: row position, first open row, ranks of refund and move."""

    row: int
    open: int
    refund: int
    move: int


def decision(pack: Pack, source: str) -> str:
    """Return a SELECT over a table of facts: its columns, then `n_row n_open n_refund n_move`."""
    # every name and code in it matched a pattern without quotes when the pack was loaded
    inner = f"SELECT *, {row_case(pack)} AS n_row, {open_case(pack)} AS n_open FROM {source}"  # noqa: S608
    outputs = f"{refund_case(pack, 'n_row')} AS n_refund, {move_case(pack, 'n_row')} AS n_move"
    return f"SELECT *, {outputs} FROM ({inner})"  # noqa: S608


def decided(pack: Pack, answer: Answer) -> tuple[str, str, str, str, str]:
    """Return zone, disposition, row, refund and move that an answer of `decision` stands for."""
    ranks = (_REFUNDS[answer.refund].value, _MOVES[answer.move].value)
    if answer.row <= NO_ROW:
        row, disposition = _ENGINE[answer.row]
        return Zone.HOLD.value, disposition, row, *ranks
    row_of = pack.table.rows[answer.row - 1]
    return row_of.zone.value, row_of.disposition, row_of.id, *ranks


def fact_columns(domains: Mapping[str, Domain]) -> tuple[FactColumn, ...]:
    """Return the flat columns that hold these facts, in declared order."""
    return tuple(column for name in domains for column in _columns_of(name, domains[name]))


def _columns_of(name: str, domain: Domain) -> Iterator[FactColumn]:
    if domain.kind is not Kind.SET:
        sql_type = _SQL_TYPES.get(domain.kind, "BIGINT")
        yield FactColumn(sql=f"f_{name}", type=sql_type, fact=name)
        return
    present, unknown = masks(name)
    yield FactColumn(sql=present, type="BIGINT", fact=name)
    yield FactColumn(sql=unknown, type="BIGINT", fact=name, is_unknown=True)


def masks(name: str) -> tuple[str, str]:
    """Return the two mask columns of a set: members present, members unknown."""
    return f"f_{name}_0", f"f_{name}_0_unknown"


def mask(members: Iterable[str], domain: Domain) -> int:
    """Return members as bits: the position in the domain is the bit."""
    chosen = set(members)
    return sum(1 << at for at, member in enumerate(domain.values) if member in chosen)


def members(bits: int, domain: Domain) -> frozenset[str]:
    """Return the members of a mask."""
    return frozenset(member for at, member in enumerate(domain.values) if bits >> at & 1)


def flat(values: Mapping[str, Value], domains: Mapping[str, Domain]) -> dict[str, object]:
    """Return a fact record as flat columns; what is missing is None."""
    found: dict[str, object] = {}
    for name, domain in domains.items():
        value = values.get(name)
        if domain.kind is not Kind.SET:
            found[f"f_{name}"] = value
            continue
        present, unknown = masks(name)
        known = isinstance(value, Members)
        found[present] = mask(value.present, domain) if isinstance(value, Members) else None
        found[unknown] = mask(value.unknown, domain) if known else None  # type: ignore[union-attr]
    return found


def lifted(columns: Mapping[str, object], domains: Mapping[str, Domain]) -> dict[str, Value]:
    """Return flat columns as a fact record: the inverse of `flat`."""
    found: dict[str, Value] = {}
    for name, domain in domains.items():
        if domain.kind is Kind.SET:
            present, unknown = (columns.get(column) for column in masks(name))
            if isinstance(present, int) and isinstance(unknown, int):
                found[name] = Members(
                    present=members(present, domain), unknown=members(unknown, domain)
                )
        elif isinstance(value := columns.get(f"f_{name}"), str | int):
            found[name] = value
    return found


def row_case(pack: Pack) -> str:
    """Return the position of the row that fires (1 = first), or NO_, MISSING_ or INVALID_ROW."""
    arms = [f"WHEN {invalid(pack)} THEN {INVALID_ROW}"]
    for at, condition in enumerate(conditions(pack), start=1):
        arms.append(f"WHEN {condition} THEN {at} WHEN ({condition}) IS NULL THEN {MISSING_ROW}")
    return f"CASE {' '.join(arms)} ELSE {NO_ROW} END"


def open_case(pack: Pack) -> str:
    """Return the position of the first row that is not definitely false; 0 = there is none."""
    arms = (
        f"WHEN COALESCE({condition}, TRUE) THEN {at}"
        for at, condition in enumerate(conditions(pack), start=1)
    )
    return f"CASE {' '.join(arms)} ELSE 0 END"


def conditions(pack: Pack) -> tuple[str, ...]:
    """Return the condition of each row, in order; NULL where a fact decides that is not there."""
    return tuple(
        " AND ".join(_cell(name, cell, pack) for name, cell in row.cells.items()) or "TRUE"
        for row in pack.table.rows
    )


def invalid(pack: Pack) -> str:
    """Return the condition of a record outside its schema, or against an axiom; never NULL."""
    parts = [
        part
        for name, domain in pack.policy.domains.items()
        for part in _outside(name, domain)
    ]  # fmt: skip
    parts += [
        f"({condition(axiom.when, pack)}) <> ({condition(axiom.iff, pack)})"
        for axiom in pack.policy.axioms
    ]
    return (
        f"COALESCE({' OR '.join(f'COALESCE({part}, FALSE)' for part in parts) or 'FALSE'}, FALSE)"
    )


def refund_case(pack: Pack, row: str, *, is_strict: bool = True) -> str:
    """Return the rank of the refund (0 = most generous); `row` names the column of `row_case`.

    Strict as a decision is, a condition that is not known caps.
    """
    ranks = tuple(_REFUNDS.index(one.refund) for one in pack.table.rows)
    caps = _caps(pack, "refund", _REFUNDS, is_strict=is_strict)
    return _limited(row, ranks, caps)


def move_case(pack: Pack, row: str, *, is_strict: bool = True) -> str:
    """Return 0 for auto, 1 for manual; `row` names the column of `row_case`."""
    ranks = tuple(int(one.zone is Zone.HAZMAT) for one in pack.table.rows)
    return _limited(row, ranks, _caps(pack, "move", _MOVES, is_strict=is_strict))


def _limited(row: str, ranks: tuple[int, ...], caps: Iterable[str]) -> str:
    """Return the row's own rank, lowered by the caps."""
    arms = " ".join(f"WHEN {at} THEN {rank}" for at, rank in enumerate(ranks, start=1) if rank)
    own = f"CASE {row} {arms} ELSE 0 END" if arms else "0"
    alone = f"CASE WHEN {row} <= 0 THEN 1 ELSE {own} END"
    limits = ", ".join((alone, *caps))
    return f"CASE WHEN {row} = {INVALID_ROW} THEN 1 ELSE GREATEST({limits}) END"


def _caps(pack: Pack, output: str, words: tuple[str, ...], *, is_strict: bool) -> Iterator[str]:
    """Yield the rank that each cap of an output leaves."""
    unknown = "TRUE" if is_strict else "FALSE"
    for cap in pack.policy.caps:
        if cap.output == output:
            applies = f"COALESCE({condition(cap.when, pack)}, {unknown})"
            yield f"CASE WHEN {applies} THEN {words.index(cap.at_most)} ELSE 0 END"


def condition(expression: Expression, pack: Pack) -> str:
    """Return an expression of the policy as a SQL condition; SQL logic is Kleene's."""
    match expression:
        case Constant(value=value):
            return "TRUE" if value else "FALSE"
        case Not(of=inner):
            return f"(NOT {condition(inner, pack)})"
        case All(of=parts):
            return f"({' AND '.join(condition(part, pack) for part in parts)})"
        case Any(of=parts):
            return f"({' OR '.join(condition(part, pack) for part in parts)})"
    return _atom(expression, pack)


def _atom(atom: Atom, pack: Pack) -> str:
    match atom:
        case OneOf(name=name, values=values):
            return _one_of(name, values)
        case Within(name=name, range=limits):
            return _within(name, limits)
        case Is(name=name, value=value):
            return f"(f_{name} = {'TRUE' if value else 'FALSE'})"
        case Has(name=name, test=test, members=listed):
            return _has(name, test, mask(listed, pack.policy.domains[name]))
    raise ValueError(f"{atom.name}: whether a step was answered is no fact")


def _cell(name: str, cell: Cell, pack: Pack) -> str:
    match cell:
        case OneOfCell(values=values):
            return _one_of(name, values)
        case BoolCell(value=value):
            return f"(f_{name} = {'TRUE' if value else 'FALSE'})"
        case NumberCell(ranges=ranges):
            return f"({' OR '.join(_within(name, limits) for limits in ranges)})"
        case SetCell(tests=tests):
            domain = pack.policy.domains[name]
            parts = (_has(name, test, mask(listed, domain)) for test, listed in tests)
            return f"({' AND '.join(parts)})"


def _one_of(name: str, values: tuple[str, ...]) -> str:
    if not values:
        return f"(f_{name} <> f_{name})"
    return f"(f_{name} IN ({', '.join(map(repr, values))}))"


def _within(name: str, limits: Range) -> str:
    bounds = ((">=", limits.low), ("<=", limits.high))
    parts = [f"f_{name} {sign} {bound}" for sign, bound in bounds if bound is not None]
    return f"({' AND '.join(parts) or f'f_{name} = f_{name}'})"


def _has(name: str, test: Test, bits: int) -> str:
    """Return the test of a partly known set; what is unknown decides only if it matters."""
    present, unknown = masks(name)
    rest = _EVERY_BIT ^ bits
    either = f"({present} | {unknown})"
    match test:
        case Test.ANY:
            return _three(present, f"({present} & {bits}) <> 0", f"({unknown} & {bits}) = 0")
        case Test.NONE:
            return f"(NOT {_has(name, Test.ANY, bits)})"
        case Test.ALL:
            return _three(
                present, f"({present} & {bits}) = {bits}", f"({either} & {bits}) <> {bits}"
            )
        case Test.ONLY:
            return _three(present, f"({either} & {rest}) = 0", f"({present} & {rest}) <> 0")
        case Test.IS:
            return f"({_has(name, Test.ONLY, bits)} AND {_has(name, Test.ALL, bits)})"


def _three(given: str, surely: str, never: str) -> str:
    """Return true, false, or NULL where neither is sure or the whole set is missing."""
    return (
        f"(CASE WHEN {given} IS NULL THEN NULL WHEN {surely} THEN TRUE WHEN {never} THEN FALSE END)"
    )


def _outside(name: str, domain: Domain) -> Iterator[str]:
    """Yield conditions of values that the column cannot have."""
    match domain.kind:
        case Kind.BOOL:
            return
        case Kind.ENUM:
            yield f"NOT {_one_of(name, domain.values)}"
        case Kind.SET:
            present, unknown = masks(name)
            every = mask(domain.values, domain)
            yield f"(({present} | {unknown}) & {_EVERY_BIT ^ every}) <> 0"
            yield f"({present} & {unknown}) <> 0"
        case _:
            yield f"NOT {_within(name, domain.range)}"
