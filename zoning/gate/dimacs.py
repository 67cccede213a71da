"""The questions of the table checks as DIMACS texts, for any other solver to answer again."""

from collections.abc import Iterator
from dataclasses import dataclass

from zoning.encode.cnf import Cnf, Lit
from zoning.gate.monotone import has_order, pair_of
from zoning.gate.table_checks import broken, misplaced
from zoning.gate.theory import Theory, promises
from zoning.model import Move, Zone
from zoning.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Literals that the pack is right to make possible, or impossible."""

    name: str
    asked: tuple[Lit, ...]
    is_possible: bool = False


def dimacs(pack: Pack) -> Iterator[tuple[str, str]]:
    """Yield a name and a DIMACS text per question; its comment says what a good pack answers."""
    with Cnf(keep=True) as cnf:
        asked = list(questions(Theory.of(cnf, pack)))
        assert cnf.clauses is not None, "they are kept"
        shared = "".join(_line(clause) for clause in cnf.clauses)
        for question in asked:
            count = len(cnf.clauses) + len(question.asked)
            answer = "SATISFIABLE" if question.is_possible else "UNSATISFIABLE"
            head = f"c {question.name}: {answer} if the pack is good\n"
            own = "".join(_line((lit,)) for lit in question.asked)
            yield question.name, f"{head}p cnf {cnf.variables} {count}\n{shared}{own}"


def questions(theory: Theory) -> Iterator[Question]:
    """Yield what the table checks ask, named by check and subject."""
    pack, encoded = theory.pack, theory.encoded
    yield Question(name="G20", asked=(encoded.none,))
    for row, lit in zip(pack.table.rows, encoded.fires, strict=True):
        yield Question(name=f"G21-{row.id}", asked=(lit,), is_possible=True)
    for rule in promises(pack):
        yield Question(name=f"G22-{rule.id}", asked=(broken(theory, rule),))
    for order in pack.policy.monotone:
        if has_order(pack.policy.domains[order.column]):
            for place, lit in enumerate(pair_of(theory, order).improved(), start=1):
                yield Question(name=f"G23-{order.id}-{place}", asked=(lit,))
    for name, lit in misplaced(theory):
        yield Question(name=f"G24-{name}", asked=(lit,))
    by_machine = (encoded.zone[Zone.HAZMAT], encoded.move[Move.AUTO])
    yield Question(name="G24-hazmat", asked=by_machine)


def _line(clause: tuple[Lit, ...]) -> str:
    return f"{' '.join(map(str, clause))} 0\n"
