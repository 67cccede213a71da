"""What a new pack decides otherwise than an old one: a unit per kind of change, or a proof of none.

Compares over the domains that both packs have, units with unknown facts included.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import chain
from typing import Any, TypeAlias

from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import Rail
from zoning.encode.space import (
    BoolColumn,
    Column,
    EnumColumn,
    NumberColumn,
    SetColumn,
    Space,
    cut_points,
    space_of,
)
from zoning.encode.table import Encoded, encode_table
from zoning.evaluate import decide
from zoning.findings import item_json, item_words
from zoning.gate.theory import read_columns, shrink
from zoning.model import Domain, Facts, Missing, Move, Range, Refund, Value, Verdict, Zone
from zoning.pack import Pack
from zoning.table import Row

DEFAULT_ORDER = (Zone.RESALE, Zone.REPAIR, Zone.DISPOSAL)


class Output(StrEnum):
    """What can change for a unit; `domain` = a column that the packs do not declare alike."""

    ZONE = "zone"
    DISPOSITION = "disposition"
    REFUND = "refund"
    MOVE = "move"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One pair of outcomes and the plainest unit that has it.

    For a domain `old` and `new` tell how the column is declared, and there is no unit.
    """

    output: Output
    old: str
    new: str
    values: Mapping[str, Value]
    old_row: str = ""
    new_row: str = ""

    @property
    def item(self) -> dict[str, Any]:
        """Return the unit as JSON."""
        return item_json(self.values)

    def __str__(self) -> str:
        if self.output is Output.DOMAIN:
            return f"domain {self.old} -> {self.new}"
        rows = f"{self.old} ({self.old_row}) -> {self.new} ({self.new_row})"
        return f"{self.output} {rows}: {item_words(self.item)}"


def difference(old: Pack, new: Pack) -> tuple[Change, ...]:
    """Return each pair of outcomes that some unit has; empty = the packs are proved equivalent.

    Units without a gap are preferred; one with missing facts stands for pairs that need it.
    """
    with Cnf() as cnf:
        both = _Both.of(cnf, old, new)
        found = [sorted(both.changes(output), key=_pair) for output in _OUTPUTS]
    return (*_domain_changes(old, new), *chain.from_iterable(found))


def _pair(change: Change) -> tuple[str, str]:
    return change.old, change.new


def more_generous(old: Pack, new: Pack) -> Change | None:
    """Return a unit that the new pack treats better; None = proved that there is none.

    Better is: a zone nearer to the front of a zone order (a zone outside the order counts as its
    end), a better refund, a machine instead of a hand. A domain that differs proves nothing.
    Not better is a machine for a unit that had waited for a missing fact and is held now by a row:
    caps apply to what is unknown, so that nothing which may be dangerous is among these.
    """
    domains = _domain_changes(old, new)
    if domains:
        return domains[0]
    with Cnf() as cnf:
        both = _Both.of(cnf, old, new)
        found = (both.better(output, order) for output, order in _orders(old, new))
        return next((change for change in found if change is not None), None)


_OUTPUTS = (Output.ZONE, Output.DISPOSITION, Output.REFUND, Output.MOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """One free unit and what either pack makes of it."""

    old: Pack
    new: Pack
    space: Space
    before: Encoded
    after: Encoded
    known: Lit
    parts: tuple[Lit, ...]

    @classmethod
    def of(cls, cnf: Cnf, old: Pack, new: Pack) -> "_Both":
        names = dict.fromkeys((*read_columns(old), *read_columns(new)))
        shared = ((name, _shared(old, new, name)) for name in names)
        domains = {name: domain for name, domain in shared if domain is not None}
        first, second = cut_points(old), cut_points(new)
        nowhere: frozenset[int] = frozenset()
        cuts = {name: first.get(name, nowhere) | second.get(name, nowhere) for name in names}
        space = space_of(cnf, domains, cuts, frozenset(domains))
        before, after = encode_table(cnf, old, space), encode_table(cnf, new, space)
        return cls(
            old=old,
            new=new,
            space=space,
            before=before,
            after=after,
            parts=_parts(cnf, (old.table.rows, before), (new.table.rows, after)),
            known=cnf.conj(
                [lit for column in space.columns.values() for lit in _known(cnf, column)]
            ),
        )

    def changes(self, output: Output) -> Iterator[Change]:
        """Yield one change per pair of values of an output that occurs."""
        cnf = self.space.cnf
        pairs = self._pairs(output)
        for part in self.parts:
            while cnf.solve(part, cnf.disj(pairs.values())):
                pair = next(pair for pair, lit in pairs.items() if cnf.value(lit))
                yield self._change(output, pairs.pop(pair))

    def better(self, output: Output, order: tuple[str, ...]) -> Change | None:
        """Return a unit that gets past a place of the order; None if none does."""
        cnf = self.space.cnf
        before, after = _values(self.before, output), _values(self.after, output)
        for place in range(1, len(order) + 1):
            ahead = cnf.disj([after.get(value, cnf.false) for value in order[:place]])
            was_ahead = cnf.disj([before.get(value, cnf.false) for value in order[:place]])
            waited = self.before.missing if output is Output.MOVE else cnf.false
            question = cnf.conj((ahead, -was_ahead, -waited))
            if any(cnf.solve(question, part) for part in self.parts):
                return self._change(output, question)
        return None

    def _pairs(self, output: Output) -> dict[tuple[str, str], Lit]:
        """Return when an output goes from one value to another; what cannot be is left out."""
        cnf = self.space.cnf
        before, after = _values(self.before, output), _values(self.after, output)
        # "No longer" follows from "now another"; said aloud, equal gates show that nothing changed.
        leaves = {old: cnf.conj((lit, -after.get(old, cnf.false))) for old, lit in before.items()}
        found = {
            (old, new): cnf.conj((left, becomes))
            for old, left in leaves.items()
            for new, becomes in after.items()
            if old != new
        }
        return {pair: lit for pair, lit in found.items() if lit != cnf.false}

    def _change(self, output: Output, question: Lit) -> Change:
        """Return the plainest unit of a question that has a model, as the evaluator sees it."""
        is_found = shrink(self.space.cnf, (question,), (self.known, *self.space.preferences()))
        assert is_found, "the caller has seen a model"
        values = self.space.model(self.space.cnf)
        before, after = decided(self.old, values), decided(self.new, values)
        was, becomes = _said(before, output), _said(after, output)
        assert was != becomes, "solver and evaluator agree on what a pack decides"
        return Change(
            output=output,
            old=was,
            new=becomes,
            values=values,
            old_row=before.row,
            new_row=after.row,
        )


_Side: TypeAlias = tuple[tuple[Row, ...], Encoded]


def _parts(cnf: Cnf, old: _Side, new: _Side) -> tuple[Lit, ...]:
    """Return literals of which one always holds, so that each question is asked part by part.

    Either a record is invalid in one pack, or a row decides that the other pack has not, or the
    same row decides in both: if it is the first in one that is not definitely false, no row of
    the other, whose rows before it are all among its own, can come earlier. That last step a
    solver finds only by trying every pair of rows, so it is told.
    """
    (_, before), (_, after) = old, new
    same = _same_rows(_keys(*old), _keys(*new))
    kept_old, kept_new = {at for at, _ in same}, {at for _, at in same}
    own = [lit for at, lit in enumerate(before.first) if at not in kept_old]
    own += [lit for at, lit in enumerate(after.first) if at not in kept_new]
    others = (before.invalid, after.invalid, *own)
    alike = -cnf.disj(others)
    pairs = [(before.fires[at], after.fires[to]) for at, to in same]
    for was, becomes in (*pairs, (before.missing, after.missing), (before.none, after.none)):
        cnf.add(-alike, -was, becomes)
        cnf.add(-alike, was, -becomes)
    return (alike, *others)


def _keys(rows: tuple[Row, ...], encoded: Encoded) -> list[Hashable]:
    """Return what makes two rows the same: when they hold and what they put out."""
    return [
        (yes, maybe, row.zone, row.disposition, row.refund)
        for row, yes, maybe in zip(rows, encoded.true, encoded.possible, strict=True)
    ]


def _same_rows(old: list[Hashable], new: list[Hashable]) -> list[tuple[int, int]]:
    """Return positions of rows that both tables have in the same order."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(block.a + at, block.b + at) for block in blocks for at in range(block.size)]


def decided(pack: Pack, values: Mapping[str, Value]) -> Verdict:
    """Return what a pack makes of a unit; columns that it does not declare are left out."""
    known = {name: value for name, value in values.items() if name in pack.policy.domains}
    gone = (name for name in pack.policy.domains if name not in known)
    missing = tuple(Missing(column=name, why="absent") for name in gone)
    return decide(pack, Facts(policy_sha256=pack.sha256, values=known, missing=missing))


def _values(encoded: Encoded, output: Output) -> Mapping[str, Lit]:
    match output:
        case Output.ZONE:
            return encoded.zone
        case Output.DISPOSITION:
            return encoded.disposition
        case Output.REFUND:
            return encoded.refund
    return encoded.move


def _said(verdict: Verdict, output: Output) -> str:
    match output:
        case Output.ZONE:
            return verdict.zone.value
        case Output.DISPOSITION:
            return verdict.disposition
        case Output.REFUND:
            return verdict.refund.value
    return verdict.move.value


def _orders(old: Pack, new: Pack) -> Iterator[tuple[Output, tuple[str, ...]]]:
    """Yield what must not get better, best first."""
    rules = (*old.policy.monotone, *new.policy.monotone)
    for order in dict.fromkeys([rule.zone_order for rule in rules] or [DEFAULT_ORDER]):
        yield Output.ZONE, order
    yield Output.REFUND, tuple(Refund)
    yield Output.MOVE, tuple(Move)


def _known(cnf: Cnf, column: Column) -> Iterator[Lit]:
    """Yield literals that together say that nothing of a column is missing or unknown."""
    match column:
        case SetColumn(members=members, missing=missing):
            yield from [] if missing is None else [-missing]
            yield from (_is_known(cnf, rail) for rail in members.values())
        case BoolColumn(yes=rail):
            yield _is_known(cnf, rail)
        case EnumColumn(missing=missing) | NumberColumn(missing=missing):
            yield -missing


def _is_known(cnf: Cnf, rail: Rail) -> Lit:
    return cnf.disj(rail)


def _shared(old: Pack, new: Pack, name: str) -> Domain | None:
    """Return the values of a column that both packs know; of only one, those of that one.

    None = no value suits both, so that such a column is missing.
    """
    first, second = old.policy.domains.get(name), new.policy.domains.get(name)
    if first is None or second is None:
        return first or second
    if first.kind is not second.kind:
        return None
    values = tuple(value for value in first.values if value in second.values)
    low = max((r.low for r in (first.range, second.range) if r.low is not None), default=None)
    high = min((r.high for r in (first.range, second.range) if r.high is not None), default=None)
    if low is not None and high is not None and low > high:
        return None
    return Domain(kind=first.kind, values=values, range=Range(low=low, high=high))


def _domain_changes(old: Pack, new: Pack) -> tuple[Change, ...]:
    """Return the columns that are read and not declared alike."""
    names = dict.fromkeys((*read_columns(old), *read_columns(new)))
    pairs = [
        (
            _declared(name, old.policy.domains.get(name)),
            _declared(name, new.policy.domains.get(name)),
        )
        for name in names
    ]
    return tuple(
        Change(output=Output.DOMAIN, old=first, new=second, values={})
        for first, second in pairs
        if first != second
    )


def _declared(name: str, domain: Domain | None) -> str:
    """Return what a comparison depends on, in words."""
    if domain is None:
        return f"{name}: -"
    words: list[object] = [domain.kind.value, *domain.values]
    if domain.is_number:
        words += [f"{domain.range.low}..{domain.range.high}", f"precision {domain.precision}"]
    return f"{name}: {' '.join(map(str, words))}"
