"""Two graders differ: a supervisor decides who was right. Neither of them is the truth."""

from typing import Final

from edge.events import (
    ADJUDICATED,
    CorrectionMade,
    Draft,
    Outcome,
    QualityRechecked,
    UnitParked,
    VerdictChanged,
)
from edge.station import rezone
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    clean,
    on_station,
    on_unit,
    refused,
)
from edge.station.look import Look, graded
from edge.station.state import State, UnitWork
from edge.views import Message

RECHECK: Final = "recheck"
FIRST: Final = "first"
SECOND: Final = "second"
_WHO: Final = {"1": FIRST, "2": SECOND}


def ways(unit: UnitWork | None) -> tuple[tuple[str, Message], ...]:
    """Return what a supervisor chooses from, by digit: what each of the two found."""
    if unit is None or unit.verdict is None or unit.look is None or unit.look.first is None:
        return ()
    both = (graded(unit.look.first), graded(unit.verdict))
    return tuple(
        (digit, Message(t=f"look.{who}", p={"z": found.zone, "grade": found.grade or "–"}))
        for (digit, who), found in zip(_WHO.items(), both, strict=True)
    )


def is_shown(unit: UnitWork) -> bool:
    """Return whether a verdict waits for what comes of the draw: the tray of waiting units."""
    look = unit.look
    return look is not None and not unit.danger and (look.is_first or look.is_disputed)


def stage(look: Look) -> str:
    """Return the big word of such a verdict."""
    return "stage.differ" if look.is_disputed else "stage.look"


def owed(unit: UnitWork, context: Context) -> tuple[Message, ...]:
    """Return what is said instead of the zone's tray."""
    is_disputed = unit.look is not None and unit.look.is_disputed
    text = "owed.differ" if is_disputed else "owed.look"
    return (Message(t=text, p={"t": context.quality.tray}),)


def is_own(unit: UnitWork | None, no: str) -> bool:
    """Return whether the supervisor is the first grader: nobody decides about himself."""
    look = unit.look if unit is not None else None
    return look is not None and look.first is not None and look.first.grader == no


def adjudicated(
    screen: Screen, unit: UnitWork | None, pressed: str, *, supervisor: str
) -> Decision:
    """Record who was right; the unit then goes to the zone of that one.

    No rule of the policy is asked again: it allowed both zones, each under what its grader saw.
    """
    look = unit.look if unit is not None else None
    if unit is None or look is None or look.said is None or unit.verdict is None:
        return refused(screen, "E45")
    who = _WHO.get(pressed)
    if who is None:
        return refused(screen, "E00", want="want.digit")
    drafts: list[Draft] = []
    zone = unit.verdict.zone
    if who == FIRST and look.first is not None:
        zone = look.first.zone
        drafts.append(on_unit(unit, _as_first(unit, look, supervisor), "dispositioned"))
    drafts = [*_said(unit, look, who, supervisor), *drafts]
    return accepted(clean(screen), "fb.adjudicated", *drafts, zone=zone)


def _said(unit: UnitWork, look: Look, who: str, supervisor: str) -> list[Draft]:
    """The open comparison does not stand any more; the settled one takes its place."""
    assert look.said is not None, "the caller has looked"
    assert look.first is not None, "a second look follows a first one"
    assert unit.verdict is not None, "the caller has looked"
    corrected = CorrectionMade(
        of=look.said, act="replace", reason=ADJUDICATED, supervisor=supervisor
    )
    settled = QualityRechecked(
        way=look.way,
        first=graded(look.first),
        second=graded(unit.verdict),
        agree=False,
        adjudicated=who,
        supervisor=supervisor,
    )
    return [on_station(corrected), on_unit(unit, settled)]


def _as_first(unit: UnitWork, look: Look, supervisor: str) -> VerdictChanged:
    first, verdict = look.first, unit.verdict
    assert first is not None, "the caller has looked"
    assert verdict is not None, "the caller has looked"
    assert unit.verdict_id is not None, "a verdict has an id"
    decided = Outcome(
        zone=first.zone,
        disposition=first.disposition,
        refund=first.refund,
        grade=first.grade,
        row=first.row,
    )
    return VerdictChanged(
        of=unit.verdict_id,
        recommended=rezone.outcome_of(verdict),
        decided=decided,
        reason=ADJUDICATED,
        by="supervisor",
        supervisor=supervisor,
    )


def given_up(state: State, no: str) -> tuple[Draft, ...]:
    """Return what lays the second look in the hand aside when its first grader sits down to it."""
    unit = state.unit
    look = unit.look if unit is not None else None
    if unit is None or look is None or look.first is None or not unit.is_second:
        return ()
    return (on_unit(unit, UnitParked()),) if look.first.grader == no else ()
