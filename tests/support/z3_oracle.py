"""The gate's questions put to another prover, in another shape: integers, if-then-else, maxima.

Shares no code with the product's encoding, only the parsed policy.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import z3

from zoning.grammar import All, Constant, Expression, Has, Is, Not, OneOf, Test, Within
from zoning.grammar import Any as Either
from zoning.model import Domain, Kind, Range
from zoning.pack import Pack
from zoning.policy import Invariant, Monotone
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell

ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
REFUNDS = ("eligible", "review", "blocked")
MOVES = ("auto", "manual")
Term: TypeAlias = Any  # z3 has no types of its own
Unit: TypeAlias = dict[str, Term]


class Z3Oracle:
    """One pack with a free unit. Every method asks one question of a fresh scope.

    `is_large` names every row and output once, instead of writing the table out per question.
    """

    def __init__(self, pack: Pack, *, is_large: bool = False) -> None:
        self._pack = pack
        self._solver = z3.Solver()
        self._unit = self._free("u")
        self._solver.add(self._valid(self._unit))
        self._met: list[Term] = []
        self._told: Unit = {}
        if is_large:
            self._name_rows()

    def has_gap(self) -> bool:
        """Return whether some unit meets no row."""
        if self._met:
            return self._can(z3.Not(self._met[-1]))
        return self._can(z3.Not(z3.Or([self._row(self._unit, at) for at in self._positions()])))

    def is_reachable(self, at: int) -> bool:
        """Return whether a row fires for some unit."""
        if self._met:
            return self._can(z3.And(self._met[at + 1], z3.Not(self._met[at])))
        earlier = [z3.Not(self._row(self._unit, before)) for before in range(at)]
        return self._can(z3.And(self._row(self._unit, at), *earlier))

    def is_broken(self, rule: Invariant) -> bool:
        """Return whether some unit breaks a rule."""
        outputs = self._told or self._outputs(self._unit)
        told = self._truth(rule.then, outputs, _OUTPUT_DOMAINS)
        return self._can(z3.And(self._holds(rule.when, self._unit), z3.Not(told)))

    def improves(self, rule: Monotone) -> bool:
        """Return whether a worse value of one column gets a better zone."""
        worse = {**self._unit, rule.column: self._free("w")[rule.column]}
        ranks = [ZONES.index(zone) for zone in rule.zone_order]
        before = self._rank(self._outputs(self._unit)["zone"], ranks)
        after = self._rank(self._outputs(worse)["zone"], ranks)
        ordered = z3.And(before >= 0, after >= 0, after < before)
        return self._can(z3.And(self._valid(worse), self._worse(rule, worse), ordered))

    def _name_rows(self) -> None:
        """Define `met[k]` = one of the first k rows is true, and the outputs by the row that is."""
        self._met = [z3.BoolVal(False), *(z3.Bool(f"met_{at}") for at in self._positions())]
        zone, refund, by_hand = z3.Int("zone"), z3.Int("refund"), z3.Bool("by_hand")
        for at in self._positions():
            row, met = self._pack.table.rows[at], self._met
            self._solver.add(met[at + 1] == z3.Or(met[at], self._row(self._unit, at)))
            fires = z3.And(met[at + 1], z3.Not(met[at]))
            outputs = (zone == ZONES.index(row.zone), refund == REFUNDS.index(row.refund))
            self._solver.add(z3.Implies(fires, z3.And(*outputs)))
            self._solver.add(z3.Implies(fires, by_hand == (row.zone == "hazmat")))
        held = z3.And(zone == ZONES.index("hold"), refund == REFUNDS.index("review"), by_hand)
        self._solver.add(z3.Implies(z3.Not(self._met[-1]), held))
        self._told = self._capped({"zone": zone, "refund": refund}, by_hand, self._unit)

    def _can(self, question: Term) -> bool:
        self._solver.push()
        self._solver.add(question)
        found: bool = self._solver.check() == z3.sat
        self._solver.pop()
        return found

    def _positions(self) -> range:
        return range(len(self._pack.table.rows))

    def _free(self, prefix: str) -> Unit:
        return {name: _free(f"{prefix}_{name}", d) for name, d in self._pack.policy.domains.items()}

    def _valid(self, unit: Unit) -> Term:
        policy = self._pack.policy
        limits = [_inside(unit[name], domain) for name, domain in policy.domains.items()]
        axioms = [self._holds(a.when, unit) == self._holds(a.iff, unit) for a in policy.axioms]
        return z3.And(*limits, *axioms)

    def _holds(self, expression: Expression, unit: Unit) -> Term:
        return self._truth(expression, unit, self._pack.policy.domains)

    def _truth(self, expression: Expression, unit: Unit, domains: Mapping[str, Domain]) -> Term:
        match expression:
            case Constant(value=value):
                return z3.BoolVal(value)
            case Not(of=inner):
                return z3.Not(self._truth(inner, unit, domains))
            case All(of=parts):
                return z3.And([self._truth(part, unit, domains) for part in parts])
            case Either(of=parts):
                return z3.Or([self._truth(part, unit, domains) for part in parts])
            case OneOf(name=name, values=values):
                return _one_of(unit[name], values, domains[name])
            case Within(name=name, range=limits):
                return _within(unit[name], limits)
            case Is(name=name, value=value):
                return unit[name] == value
            case Has(name=name, test=test, members=members):
                return _set_test(unit[name], test, members)
        raise AssertionError(expression)

    def _row(self, unit: Unit, at: int) -> Term:
        cells = self._pack.table.rows[at].cells
        domains = self._pack.policy.domains
        return z3.And([_cell(unit[name], cell, domains[name]) for name, cell in cells.items()])

    def _outputs(self, unit: Unit) -> Unit:
        zone, refund = z3.IntVal(ZONES.index("hold")), z3.IntVal(1)
        by_hand: Term = z3.BoolVal(True)
        for at in reversed(self._positions()):
            row, fires = self._pack.table.rows[at], self._row(unit, at)
            zone = z3.If(fires, ZONES.index(row.zone), zone)
            refund = z3.If(fires, REFUNDS.index(row.refund), refund)
            by_hand = z3.If(fires, z3.BoolVal(row.zone == "hazmat"), by_hand)
        return self._capped({"zone": zone, "refund": refund}, by_hand, unit)

    def _capped(self, outputs: Unit, by_hand: Term, unit: Unit) -> Unit:
        zone, refund = outputs["zone"], outputs["refund"]
        for cap in self._pack.policy.caps:
            applies = self._holds(cap.when, unit)
            if cap.output == "move":
                by_hand = z3.Or(by_hand, z3.And(applies, cap.at_most == "manual"))
            else:
                limit = REFUNDS.index(cap.at_most)
                refund = z3.If(z3.And(applies, refund < limit), limit, refund)
        return {"zone": zone, "refund": refund, "move": z3.If(by_hand, 1, 0)}

    def _rank(self, zone: Term, ranks: list[int]) -> Term:
        found: Term = z3.IntVal(-1)
        for at, number in enumerate(ranks):
            found = z3.If(zone == number, at, found)
        return found

    def _worse(self, rule: Monotone, worse: Unit) -> Term:
        mine, theirs = self._unit[rule.column], worse[rule.column]
        domain = self._pack.policy.domains[rule.column]
        if domain.kind is Kind.SET:
            kept = [z3.Implies(mine[name], theirs[name]) for name in domain.values]
            return z3.And(*kept, *(mine[name] == theirs[name] for name in rule.exempt))
        return theirs >= mine if domain.kind is Kind.ENUM else theirs <= mine


_OUTPUT_DOMAINS = {
    "zone": Domain(kind=Kind.ENUM, values=ZONES),
    "refund": Domain(kind=Kind.ENUM, values=REFUNDS),
    "move": Domain(kind=Kind.ENUM, values=MOVES),
}


def _free(name: str, domain: Domain) -> Term:
    if domain.kind is Kind.SET:
        return {member: z3.Bool(f"{name}_{member}") for member in domain.values}
    return z3.Bool(name) if domain.kind is Kind.BOOL else z3.Int(name)


def _inside(value: Term, domain: Domain) -> Term:
    if domain.kind is Kind.ENUM:
        return z3.And(value >= 0, value < len(domain.values))
    return _within(value, domain.range) if domain.is_number else z3.BoolVal(True)


def _within(value: Term, limits: Range) -> Term:
    low = z3.BoolVal(True) if limits.low is None else value >= limits.low
    high = z3.BoolVal(True) if limits.high is None else value <= limits.high
    return z3.And(low, high)


def _one_of(value: Term, accepted: Iterable[str], domain: Domain) -> Term:
    return z3.Or([value == domain.values.index(word) for word in accepted])


def _cell(value: Term, cell: Cell, domain: Domain) -> Term:
    match cell:
        case OneOfCell(values=values):
            return _one_of(value, values, domain)
        case BoolCell(value=wanted):
            return value == wanted
        case NumberCell(ranges=ranges):
            return z3.Or([_within(value, limits) for limits in ranges])
    return z3.And([_set_test(value, test, members) for test, members in cell.tests])


def _set_test(value: Mapping[str, Term], test: Test, members: tuple[str, ...]) -> Term:
    listed = [value[name] for name in members]
    others = z3.Not(z3.Or([lit for name, lit in value.items() if name not in members]))
    match test:
        case Test.ANY:
            return z3.Or(listed)
        case Test.NONE:
            return z3.Not(z3.Or(listed))
        case Test.ALL:
            return z3.And(listed)
        case Test.ONLY:
            return others
    return z3.And(others, *listed)
