"""The second look at a unit: drawn with its verdict, taken by another person, settled."""

from dataclasses import dataclass

from edge.events import EventId, FirstLook, Graded, VerdictMade


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far it is. `first` = what the first grader decided, `place` = where the unit waits.

    `is_second` = another person has the unit. `said` = the event of two graders who differ, until a
    supervisor has decided.
    """

    way: str
    first: FirstLook | None = None
    place: str = ""
    since_ms: int = 0
    is_second: bool = False
    said: EventId | None = None
    is_settled: bool = False
    """Both agree, or a supervisor has decided: what comes later is no second look."""

    @property
    def is_disputed(self) -> bool:
        """Return whether two graders differ and nobody has decided."""
        return self.said is not None

    @property
    def is_first(self) -> bool:
        """Return whether the unit is still in the hand of the person who decided first."""
        return not self.is_second


def of_verdict(way: str, grader: str, verdict: VerdictMade) -> FirstLook:
    """Return what is kept of a first decision."""
    return FirstLook(
        way=way,
        grader=grader,
        zone=verdict.zone,
        disposition=verdict.disposition,
        row=verdict.row,
        refund=verdict.refund,
        grade=verdict.grade,
    )


def graded(one: FirstLook | VerdictMade) -> Graded:
    """Return what two graders are compared by."""
    return Graded(zone=one.zone, grade=one.grade)
