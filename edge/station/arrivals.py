"""Where a load lies is told by a scan: of its container, then of the place's label.

Legs whose belt or place has no sensor of its own are done only by this. A reader that is fixed at
a place tells it with the container's label alone. Another place than the decided one rings and
closes that lane or place until a person has answered.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drivers.protocols import ScanOutcome
from edge.events import (
    WRONG_PLACE,
    DiverterState,
    Draft,
    MoveChanged,
    MoveState,
    Subject,
)
from edge.floor import FloorSettings, LegKind, end_of
from edge.station.decision import Decision, Screen, accepted, clean, noted, refused
from edge.station.state import LegWork, MoveWork, State
from edge.views import Severity

BY_SCAN: Final = "scan"
_WAITS: Final = (MoveState.UNSEEN, DiverterState.UNSEEN)
_ON_ITS_WAY: Final = (DiverterState.SENT, DiverterState.SEEN)
_LOST: Final = (MoveState.IN_DOUBT, DiverterState.UNCONFIRMED, DiverterState.WRONG_LANE)


def seen(state: State, screen: Screen, tray: str) -> Decision | None:
    """Ask where this container lies; None = nobody waits to know, or a unit is to be put into it.

    What is dangerous is carried away from there: its scan is the hand that has it.
    """
    work = _awaited(state, tray)
    if work is None or state.hand is not None or state.is_endangered(work):
        return None
    shown = noted(screen, Severity.INFO, "fb.where", t=tray, place=_goal(work))
    return Decision(screen=replace(shown, tray_seen=tray), outcome=ScanOutcome.ACCEPTED)


def placed(state: State, screen: Screen, place: str, floor: FloorSettings) -> Decision | None:
    """Take the label of the place where the container lies; None = none was scanned before it."""
    work = None if screen.tray_seen is None else _awaited(state, screen.tray_seen)
    return None if work is None else _found(clean(screen), work, place, floor)


def passed(
    state: State, screen: Screen, tray: str, *, place: str, floor: FloorSettings
) -> Decision:
    """Take a container's label from a reader that is fixed at a place.

    It may be quicker than the PLC's word. What was missed or lay elsewhere and comes by its own
    place at last is where it should be.
    """
    for work in state.moves.values():
        leg = work.current
        if work.tray != tray or leg is None or not leg.leg.scan:
            continue
        if leg.state in (*_WAITS, *_ON_ITS_WAY):
            return _found(screen, work, place, floor)
        if leg.state in _LOST and _is_same(place, leg.leg.end):
            draft = _changed(work, leg, MoveState.RESOLVED, place, lane=leg.leg.lane)
            return accepted(screen, "fb.arrived", draft, t=tray, place=place)
    return refused(screen, "E57", t=tray, place=place)


def _awaited(state: State, tray: str) -> MoveWork | None:
    found = (work for work in state.moves.values() if work.tray == tray)
    return next((w for w in found if w.current is not None and w.current.state in _WAITS), None)


def _goal(work: MoveWork) -> str:
    return work.current.leg.end if work.current is not None else ""


def _found(screen: Screen, work: MoveWork, place: str, floor: FloorSettings) -> Decision:
    leg = work.current
    assert leg is not None, "a move without one is not waited for"
    params: Mapping[str, str] = {"t": work.tray or "", "place": place, "end": leg.leg.end}
    if _is_same(place, leg.leg.end):
        draft = _changed(work, leg, MoveState.DONE, place, lane=leg.leg.lane)
        return accepted(screen, "fb.arrived", draft, **params)
    lane = _lane_at(place, leg.leg.carrier, floor)
    draft = _changed(work, leg, MoveState.IN_DOUBT, place, lane=lane)
    shown = noted(screen, Severity.ERROR, "E55", **params)
    return Decision(screen=shown, drafts=(draft,), outcome=ScanOutcome.ERROR)


def _changed(
    work: MoveWork, leg: LegWork, state: MoveState, place: str, *, lane: int | None
) -> Draft:
    """`state` = done, in doubt for lying elsewhere, or resolved; a divert has words of its own."""
    subject = Subject(parcel=work.parcel, unit=work.unit)
    is_there = state is not MoveState.IN_DOUBT
    reason, resolved_as = (BY_SCAN, "at_target") if is_there else (WRONG_PLACE, None)
    if leg.divert is not None:
        divert = replace(
            leg.divert,
            state=_DIVERTS[state],
            exit_lane=lane or 0,
            reason=reason,
            resolved_as=resolved_as,
            seen_at=place,
        )
        return Draft(payload=divert, subject=subject)
    moved = MoveChanged(
        move=work.move,
        leg=work.position,
        state=state,
        attempt=leg.attempt,
        robot=leg.robot,
        reason=reason,
        resolved_as=resolved_as,
        seen_at=place,
    )
    return Draft(payload=moved, subject=subject)


_DIVERTS: Final[Mapping[MoveState, DiverterState]] = {
    MoveState.DONE: DiverterState.DONE,
    MoveState.IN_DOUBT: DiverterState.WRONG_LANE,
    MoveState.RESOLVED: DiverterState.RESOLVED,
}


def _is_same(place: str, end: str) -> bool:
    """Labels are printed in capitals."""
    return place.upper() == end.upper()


def _lane_at(place: str, conveyor: str, floor: FloorSettings) -> int | None:
    """Return the lane of this conveyor that ends there, None if it is no lane's end."""
    legs = (leg for route in floor.routes.values() for leg in route)
    belts = (one for one in legs if one.kind is LegKind.CONVEYOR and one.carrier == conveyor)
    return next((one.lane for one in belts if _is_same(place, end_of(one))), None)
