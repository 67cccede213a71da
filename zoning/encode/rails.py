"""Three-valued truth as two literals: definitely true, definitely false, neither = unknown."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from zoning.encode.cnf import Cnf, Lit
from zoning.grammar import All, Answered, Any, Constant, Expression, Has, Is, Not, OneOf, Within

Atom: TypeAlias = OneOf | Within | Is | Has | Answered


class Rail(NamedTuple):
    """`yes` = definitely true, `no` = definitely false; no model makes both hold."""

    yes: Lit
    no: Lit


def both_ways(lit: Lit) -> Rail:
    """Return the rail of something that is always known."""
    return Rail(lit, -lit)


def negated(rail: Rail) -> Rail:
    """Return Kleene NOT."""
    return Rail(rail.no, rail.yes)


def every(cnf: Cnf, rails: Iterable[Rail]) -> Rail:
    """Return Kleene AND; of nothing it is true."""
    parts = list(rails)
    return Rail(cnf.conj([rail.yes for rail in parts]), cnf.disj([rail.no for rail in parts]))


def some(cnf: Cnf, rails: Iterable[Rail]) -> Rail:
    """Return Kleene OR; of nothing it is false."""
    return negated(every(cnf, [negated(rail) for rail in rails]))


def rail_of(cnf: Cnf, expression: Expression, atom: Callable[[Atom], Rail]) -> Rail:
    """Return the truth of a condition, given the truth of its tests."""
    match expression:
        case Constant(value=value):
            return both_ways(cnf.true if value else cnf.false)
        case Not(of=inner):
            return negated(rail_of(cnf, inner, atom))
        case All(of=parts):
            return every(cnf, [rail_of(cnf, part, atom) for part in parts])
        case Any(of=parts):
            return some(cnf, [rail_of(cnf, part, atom) for part in parts])
    return atom(expression)
