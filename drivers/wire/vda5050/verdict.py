"""The table of what a state means for an order that was sent and may not have arrived. Pure.

A robot remembers one order alone, so "it does not show ours" is mostly no proof that it has not
run it: only the rows `not_taken` allow a second send. Robots-and-conveyors contract §5.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What is known about the order."""

    TAKEN = "taken"
    REJECTED = "rejected"
    NOT_TAKEN = "not_taken"
    IN_DOUBT = "in_doubt"
    FOREIGN = "foreign"
    OPEN = "open"  # this state says nothing about it


class Shown(StrEnum):
    """Which order a state shows, seen from ours."""

    OURS = "ours"
    EARLIER_UPDATE = "earlier_update"  # ours, without the update that was sent last
    PREVIOUS = "previous"  # the one that stood there when ours was committed
    NOTHING = "nothing"
    OUR_OTHER = "our_other"  # another one of this station
    FOREIGN = "foreign"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a row asks. `named` = a new error names our order; `was_seen` = a state showed it once;
    `had_previous` = the robot showed an order when ours was committed.
    """

    shown: Shown
    named: bool = False
    was_seen: bool = False
    fresh: bool = True
    had_previous: bool = False
    unbroken: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `None` = either. The first row that fits counts."""

    shown: tuple[Shown, ...]
    verdict: Verdict
    reason: str = ""
    named: bool | None = None
    was_seen: bool | None = None
    fresh: bool | None = None
    had_previous: bool | None = None
    unbroken: bool | None = None

    def fits(self, facts: Facts) -> bool:
        """Return whether this row is about such a state."""
        asked = (
            (self.named, facts.named),
            (self.was_seen, facts.was_seen),
            (self.fresh, facts.fresh),
            (self.had_previous, facts.had_previous),
            (self.unbroken, facts.unbroken),
        )
        return facts.shown in self.shown and all(want in (None, is_) for want, is_ in asked)


_ALL: Final = tuple(Shown)
_GONE: Final = (Shown.PREVIOUS, Shown.NOTHING)
TABLE: Final = (
    Row(shown=(Shown.OURS,), verdict=Verdict.TAKEN),
    Row(shown=_ALL, named=True, verdict=Verdict.REJECTED),
    Row(shown=(Shown.UNSAID,), verdict=Verdict.OPEN),
    Row(shown=(Shown.EARLIER_UPDATE,), fresh=False, verdict=Verdict.OPEN),
    Row(shown=(Shown.EARLIER_UPDATE,), verdict=Verdict.NOT_TAKEN, reason="update_not_taken"),
    Row(shown=_GONE, was_seen=True, verdict=Verdict.IN_DOUBT, reason="memory_lost"),
    Row(
        shown=(Shown.OUR_OTHER,), was_seen=True, verdict=Verdict.IN_DOUBT, reason="other_order_sent"
    ),
    Row(shown=(Shown.FOREIGN,), was_seen=True, verdict=Verdict.FOREIGN, reason="foreign_order"),
    Row(shown=_ALL, fresh=False, verdict=Verdict.OPEN),
    Row(shown=(Shown.PREVIOUS,), verdict=Verdict.NOT_TAKEN, reason="not_taken"),
    Row(
        shown=(Shown.NOTHING,),
        had_previous=False,
        unbroken=True,
        verdict=Verdict.NOT_TAKEN,
        reason="not_taken",
    ),
    Row(shown=(Shown.NOTHING,), verdict=Verdict.IN_DOUBT, reason="memory_lost"),
    Row(shown=(Shown.OUR_OTHER,), verdict=Verdict.IN_DOUBT, reason="other_order_sent"),
    Row(shown=(Shown.FOREIGN,), verdict=Verdict.FOREIGN, reason="foreign_order"),
)


def judge(facts: Facts) -> Row:
    """Return the first row that fits; the table has one for everything."""
    return next(row for row in TABLE if row.fits(facts))
