"""The zone table, the engine's own outcomes and the caps as gates over one unit's columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import Rail, every, rail_of
from zoning.encode.space import Space
from zoning.evaluate import INVALID, MISSING, NO_POLICY, engine_disposition
from zoning.model import Move, Refund, Zone
from zoning.pack import Pack
from zoning.policy import Cap
from zoning.table import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What the decision makes of a unit: exactly one of `fires`, `missing`, `none`, `invalid`.

    `zone`, `disposition`, `refund` and `move` have exactly one value each, after the caps.
    `true[k]`, `possible[k]` = row k by itself is, or may be, true. `first[k]` = it is the first row
    that may be true, so that it decides: it fires, or the outcome is #missing.
    """

    true: tuple[Lit, ...]
    possible: tuple[Lit, ...]
    first: tuple[Lit, ...]
    fires: tuple[Lit, ...]
    missing: Lit
    none: Lit
    invalid: Lit
    zone: Mapping[str, Lit]
    disposition: Mapping[str, Lit]
    refund: Mapping[str, Lit]
    move: Mapping[str, Lit]


def encode_table(cnf: Cnf, pack: Pack, space: Space) -> Encoded:
    """Return the gates of a decision; they agree with `zoning.evaluate.decide` on every unit."""
    rails = [_row(cnf, space, row) for row in pack.table.rows]
    invalid = broken_axiom(cnf, pack, space)
    first, stopped = _first_hit(cnf, rails, invalid)
    fires = _firing(cnf, rails, first)
    missing = _missing(cnf, rails, fires, before=(stopped, -invalid))
    engine = {MISSING: missing, NO_POLICY: -stopped, INVALID: invalid}
    rows = pack.table.rows
    zone = _zone(cnf, rows, fires, engine.values())
    outcome = [(engine_disposition(name), lit) for name, lit in engine.items()]
    return Encoded(
        true=tuple(rail.yes for rail in rails),
        possible=tuple(-rail.no for rail in rails),
        first=first,
        fires=fires,
        missing=missing,
        none=-stopped,
        invalid=invalid,
        zone=zone,
        disposition=_grouped(cnf, [*_by_disposition(rows, fires), *outcome]),
        refund=_refund(cnf, pack, space, fires=fires, engine=engine),
        move=_move(cnf, pack, space, by_hand=(zone[Zone.HAZMAT], *engine.values())),
    )


def broken_axiom(cnf: Cnf, pack: Pack, space: Space) -> Lit:
    """Return whether an axiom has two definite sides that differ: such a record is invalid."""
    found = []
    for axiom in pack.policy.axioms:
        when = rail_of(cnf, axiom.when, space.atom)
        iff = rail_of(cnf, axiom.iff, space.atom)
        found += [cnf.conj((when.yes, iff.no)), cnf.conj((when.no, iff.yes))]
    return cnf.disj(found)


def _row(cnf: Cnf, space: Space, row: Row) -> Rail:
    return every(cnf, [space.cell(name, cell) for name, cell in row.cells.items()])


def _first_hit(cnf: Cnf, rails: Iterable[Rail], invalid: Lit) -> tuple[tuple[Lit, ...], Lit]:
    """Return which row decides, and whether any row (or a broken axiom) stops the search."""
    stopped, first = invalid, []
    for rail in rails:
        first.append(cnf.conj((-rail.no, -stopped)))
        stopped = cnf.disj((stopped, -rail.no))
    return tuple(first), stopped


def _firing(cnf: Cnf, rails: Iterable[Rail], first: Iterable[Lit]) -> tuple[Lit, ...]:
    """Return which row decides and is definitely true; where all is known the two are the same."""
    return tuple(
        lit if rail.yes == -rail.no else cnf.conj((lit, rail.yes))
        for lit, rail in zip(first, rails, strict=True)
    )


def _missing(
    cnf: Cnf, rails: Sequence[Rail], fires: Iterable[Lit], *, before: tuple[Lit, Lit]
) -> Lit:
    """Return whether the first row that is not definitely false is not definitely true either."""
    if all(rail.yes == -rail.no for rail in rails):
        return cnf.false
    return cnf.conj((*before, *(-lit for lit in fires)))


def _zone(
    cnf: Cnf, rows: Iterable[Row], fires: Iterable[Lit], engine: Iterable[Lit]
) -> dict[str, Lit]:
    pairs = zip((row.zone for row in rows), fires, strict=True)
    own = _grouped(cnf, [*pairs, *((Zone.HOLD, lit) for lit in engine)])
    return {zone: own.get(zone, cnf.false) for zone in Zone}


def _by_disposition(rows: Iterable[Row], fires: Iterable[Lit]) -> Iterable[tuple[str, Lit]]:
    return zip((row.disposition for row in rows), fires, strict=True)


def _grouped(cnf: Cnf, lits: Iterable[tuple[str, Lit]]) -> dict[str, Lit]:
    """Return per value whether one of its literals holds."""
    found: dict[str, list[Lit]] = {}
    for value, lit in lits:
        found.setdefault(value, []).append(lit)
    return {value: cnf.disj(group) for value, group in found.items()}


def _refund(
    cnf: Cnf, pack: Pack, space: Space, *, fires: Iterable[Lit], engine: Mapping[str, Lit]
) -> dict[str, Lit]:
    """Return the refund after the caps. An invalid record is under review whatever caps say."""
    pairs = zip((row.refund for row in pack.table.rows), fires, strict=True)
    proposed = _grouped(cnf, [*pairs, *((Refund.REVIEW, lit) for lit in engine.values())])
    valid = -engine[INVALID]
    at_least = {}
    for limit in (Refund.REVIEW, Refund.BLOCKED):
        worse = tuple(Refund)[tuple(Refund).index(limit) :]
        capped = cnf.disj(_capping(cnf, pack, space, output="refund", values=worse))
        own = [proposed.get(value, cnf.false) for value in worse]
        at_least[limit] = cnf.disj([*own, cnf.conj((capped, valid))])
    return {
        Refund.ELIGIBLE: -at_least[Refund.REVIEW],
        Refund.REVIEW: cnf.conj((at_least[Refund.REVIEW], -at_least[Refund.BLOCKED])),
        Refund.BLOCKED: at_least[Refund.BLOCKED],
    }


def _move(cnf: Cnf, pack: Pack, space: Space, *, by_hand: Iterable[Lit]) -> dict[str, Lit]:
    capped = _capping(cnf, pack, space, output="move", values=(Move.MANUAL,))
    manual = cnf.disj([*by_hand, *capped])
    return {Move.AUTO: -manual, Move.MANUAL: manual}


def _capping(
    cnf: Cnf, pack: Pack, space: Space, *, output: str, values: Iterable[str]
) -> list[Lit]:
    """Return the conditions of the caps to these values; an unknown condition applies."""
    caps = [cap for cap in pack.policy.caps if cap.output == output and cap.at_most in set(values)]
    return [_applies(cnf, cap, space) for cap in caps]


def _applies(cnf: Cnf, cap: Cap, space: Space) -> Lit:
    return -rail_of(cnf, cap.when, space.atom).no
