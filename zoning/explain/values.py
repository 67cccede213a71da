"""What an explanation consists of. Values and look-ups only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from zoning.checklist.values import Checklist
from zoning.model import Deciding, Facts, Members, Value, Verdict
from zoning.pack import Pack
from zoning.policy import Cap
from zoning.table import Cell, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One condition of the row, the fact that stands against it, and where the fact comes from.

    `value` None = missing. `is_met` False = it may be met, as far as the facts tell. `source` is
    "static", "checklist", a feed or a step; `answers` are those that gave the fact.
    """

    column: str
    cell: Cell
    value: Value | None
    is_met: bool
    source: str = ""
    answers: tuple[Deciding, ...] = ()


class Change(NamedTuple):
    """Another value of one column with which another row sends the unit elsewhere.

    A tuple, since every explanation makes a dozen. Of a set it says which members come and go.
    """

    row: Row
    column: str
    before: Value
    value: Value
    added: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()

    @property
    def after(self) -> Value:
        """Return the value that the column would have; what else of a set is unknown stays so."""
        if not isinstance(self.before, Members):
            return self.value
        present = (self.before.present - self.removed).union(self.added)
        return Members(present=present, unknown=self.before.unknown - present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a record has its verdict, and what would have been otherwise.

    `row` is the row that fired, in `#missing` the first that may fire, else None. `unproved` are
    the ids of caps that apply only because nothing rules them out. `one_change` names, for each
    row of another outcome that a single column rejects, the least change that leads there.
    """

    pack: Pack = field(repr=False)
    facts: Facts
    checklist: Checklist | None = field(repr=False)
    verdict: Verdict
    row: Row | None = None
    causes: tuple[Cause, ...] = ()
    caps: tuple[Cap, ...] = ()
    unproved: tuple[str, ...] = ()
    also_true: tuple[Row, ...] = ()
    one_change: tuple[Change, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict, repr=False)

    def why_not(self, row: str) -> tuple[str, ...]:
        """Return the columns that reject a row (by id); empty = it is or may be true."""
        return rejecting(self.pack, self.parts, row)


def rejecting(pack: Pack, parts: Mapping[str, int], row: str) -> tuple[str, ...]:
    """Return the columns whose masks rule a row out, in the order of the table."""
    at = next((at for at, known in enumerate(pack.table.rows) if known.id == row), None)
    if at is None or not parts:
        return ()
    return tuple(name for name in pack.table.columns if not parts[name] >> at & 1)
