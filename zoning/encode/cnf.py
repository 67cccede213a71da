"""Clauses, gates and the one solver behind them. Knows no policy."""

import weakref
from collections.abc import Iterable
from typing import Self, TypeAlias

# Chosen by measurement: a gate asks thousands of small questions of one growing set of clauses.
# There a solver that only propagates wins; one that simplifies before each answer pays every time.
from pysat.solvers import Minisat22

Lit: TypeAlias = int
PAIRWISE_MAX = 6


class Cnf:
    """A set of clauses with its solver. Close it, or use it as a context: the solver lives in C.

    A literal is a non-zero integer, its negation the negative one. Clauses stay for ever; what is
    asked only once is an assumption of `solve`. `clauses` holds them all if made with keep=True.
    """

    __slots__ = (
        "__weakref__",
        "_core",
        "_gates",
        "_last",
        "_model",
        "_solver",
        "clauses",
        "true",
    )

    def __init__(self, *, keep: bool = False) -> None:
        self._solver = Minisat22()
        # One that is never closed is freed before the interpreter takes the library apart.
        weakref.finalize(self, self._solver.delete)
        self._gates: dict[tuple[Lit, ...], Lit] = {}
        self._last = 0
        self._model: list[int] | None = None
        self.clauses: list[tuple[Lit, ...]] | None = [] if keep else None
        self.true = self.var()
        self.add(self.true)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def false(self) -> Lit:
        """Return the literal that never holds."""
        return -self.true

    @property
    def variables(self) -> int:
        """Return how many variables there are; they are numbered from 1."""
        return self._last

    def close(self) -> None:
        """Free the solver. Harmless twice."""
        self._solver.delete()

    def var(self) -> Lit:
        """Return a fresh literal."""
        self._last += 1
        return self._last

    def add(self, *lits: Lit) -> None:
        """Demand that one of these literals holds."""
        self._solver.add_clause(lits)
        if self.clauses is not None:
            self.clauses.append(lits)

    def conj(self, lits: Iterable[Lit]) -> Lit:
        """Return a literal that holds if and only if all of these hold; equal gates are shared."""
        kept = set(lits)
        kept.discard(self.true)
        if -self.true in kept or any(-lit in kept for lit in kept):
            return -self.true
        if len(kept) < 2:
            return kept.pop() if kept else self.true
        key = tuple(sorted(kept))
        return self._gates.get(key) or self._gate(key)

    def disj(self, lits: Iterable[Lit]) -> Lit:
        """Return a literal that holds if and only if one of these holds."""
        return -self.conj([-lit for lit in lits])

    def at_most_one(self, lits: Iterable[Lit]) -> None:
        """Demand that no two of these literals hold."""
        chosen = list(lits)
        while len(chosen) > PAIRWISE_MAX:
            # A block of pairs and one literal "one of the block": linear instead of quadratic.
            block, rest = chosen[: PAIRWISE_MAX - 1], chosen[PAIRWISE_MAX - 1 :]
            self._pairs(block)
            chosen = [*rest, self.disj(block)]
        self._pairs(chosen)

    def exactly_one(self, lits: Iterable[Lit]) -> None:
        """Demand that one of these literals holds and no other."""
        chosen = list(lits)
        self.add(*chosen)
        self.at_most_one(chosen)

    def solve(self, *assumptions: Lit) -> bool:
        """Return whether all clauses can hold together with these literals."""
        found = self._solver.solve(assumptions)
        if found:
            self._model = None
        return found

    def value(self, lit: Lit) -> bool:
        """Return what a literal is in the last model.

        A model that was read once outlives a `solve` that finds none.
        """
        if self._model is None:
            self._model = self._solver.get_model()
            assert self._model is not None, "only a satisfiable question has a model"
        # A variable that no clause mentions is free; it counts as false.
        at = abs(lit) - 1
        holds = at < len(self._model) and self._model[at] > 0
        return holds is (lit > 0)

    def core(self) -> frozenset[Lit]:
        """Return assumptions of the last `solve` that cannot hold together; it must have failed."""
        return frozenset(self._solver.get_core() or ())

    def _gate(self, key: tuple[Lit, ...]) -> Lit:
        gate = self.var()
        for lit in key:
            self.add(-gate, lit)
        self.add(gate, *(-lit for lit in key))
        self._gates[key] = gate
        return gate

    def _pairs(self, lits: list[Lit]) -> None:
        for at, lit in enumerate(lits):
            for other in lits[:at]:
                self.add(-lit, -other)
