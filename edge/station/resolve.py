"""A person's ways out of doubt: a digit at the move, a scan of the tray, a place label."""

from collections.abc import Mapping
from dataclasses import replace

from edge.events import (
    DiverterChanged,
    DiverterState,
    Draft,
    MoveChanged,
    MoveState,
    Subject,
)
from edge.station import filling
from edge.station.decision import Decision, Screen, accepted, clean, refused
from edge.station.state import LegWork, MoveWork, State

HAZMAT = "hazmat"
DOUBTS = frozenset(
    (
        MoveState.IN_DOUBT,
        DiverterState.IN_DOUBT,
        DiverterState.UNCONFIRMED,
        DiverterState.WRONG_LANE,
    )
)
_OPEN_TO_HAND = frozenset(
    (
        MoveState.PLANNED,
        MoveState.REJECTED,
        MoveState.FAILED,
        MoveState.CANCELLED,
        MoveState.RESOLVED,
        MoveState.UNSEEN,
        DiverterState.UNSEEN,
        DiverterState.REJECTED,
        DiverterState.FAILED,
        DiverterState.UNCONFIRMED,
        DiverterState.WRONG_LANE,
    )
)


def by_digit(state: State, screen: Screen, digit: str) -> Decision:
    """Answer for the selected move: 1 it is here, carry by hand; 2 on the robot; 3 at its target.

    4 waits for the devices' own word. Never while a device may be carrying it with our knowledge.
    """
    moves = tuple(state.moves.values())
    if not 1 <= screen.selected <= len(moves):
        return refused(screen, "E00", want="want.digit")
    work = moves[screen.selected - 1]
    leg = work.current
    if digit == "4":
        return Decision(screen=replace(screen, selected=0))
    if leg is None or not may_resolve(leg):
        return refused(screen, "E41")
    match digit:
        case "1" if leg.state is not MoveState.BY_HAND:
            return _by_hand(screen, work, leg)
        case "2" if leg.state is MoveState.IN_DOUBT and leg.robot is not None:
            draft = _resolved(work, work.position, "on_robot", "operator")
            return accepted(clean(screen), "fb.on_robot", draft, t=work.tray or "")
        case "3":
            params = {"t": work.tray or "", "zone": work.zone}
            return _arrived(state, screen, work, proof="operator", params=params)
        case _:
            return refused(screen, "E00", want="want.digit")


def tray_seen(state: State, screen: Screen, tray: str) -> Decision | None:
    """A scan of the tray proves that its load is in a hand; None = nothing was in doubt about it.

    Whatever a device says about it later, it has not got it now.
    """
    for work in state.moves.values():
        leg = work.current
        if work.tray != tray or leg is None:
            continue
        is_wanted = leg.state in (MoveState.UNSEEN, DiverterState.UNSEEN)
        if leg.state not in DOUBTS and not (is_wanted and state.is_endangered(work)):
            continue
        draft = _resolved(work, work.position, "in_hand", "scan")
        return accepted(clean(screen), "fb.hand", draft, zone=_goal(state, work))
    return None


def place_scan(state: State, screen: Screen, zone: str) -> Decision:
    """A place label of a zone proves that what was carried there by hand has arrived."""
    for work in state.moves.values():
        leg = work.current
        is_carried = leg is not None and leg.state is MoveState.BY_HAND
        if is_carried and _goal(state, work) == zone:
            params = {"t": work.tray or "", "zone": zone}
            return _arrived(state, screen, work, proof="scan", params=params)
    return refused(screen, "E00", want="want.digit")


def _arrived(
    state: State, screen: Screen, work: MoveWork, *, proof: str, params: Mapping[str, str]
) -> Decision:
    """The load is at its end; a unit that lay in a container has left it by that."""
    shut = filling.shut(state, screen, work.unit)
    if shut is not None:
        return shut
    left = filling.removed(state, work.unit, work.parcel, filling.CARRIED)
    drafts = (*_at_target(work, proof), *left)
    return accepted(clean(screen), "fb.at_target", *drafts, **params)


def may_resolve(leg: LegWork) -> bool:
    """Return whether a person may say where this leg's load is."""
    return leg.state in DOUBTS or leg.state in _OPEN_TO_HAND or leg.state is MoveState.BY_HAND


def _goal(state: State, work: MoveWork) -> str:
    """What became dangerous on its way is carried to the dangerous goods."""
    return HAZMAT if state.is_endangered(work) else work.zone


def _by_hand(screen: Screen, work: MoveWork, leg: LegWork) -> Decision:
    drafts: tuple[Draft, ...] = ()
    if leg.state in DOUBTS:
        drafts = (_resolved(work, work.position, "at_pickup", "operator"),)
    changed = MoveChanged(
        move=work.move,
        leg=work.position,
        state=MoveState.BY_HAND,
        robot=leg.robot,
        attempt=leg.attempt,
        reason="operator",
    )
    drafts = (*drafts, _on_move(work, changed, "routed"))
    return accepted(clean(screen), "fb.hand", *drafts, zone=work.zone)


def _at_target(work: MoveWork, proof: str) -> tuple[Draft, ...]:
    """Every leg that is left ends at the person's word."""
    left = range(work.position, len(work.legs))
    return tuple(_resolved(work, index, "at_target", proof) for index in left)


def _resolved(work: MoveWork, index: int, place: str, proof: str) -> Draft:
    """A divert is resolved as a divert: its PLC is free for the next one."""
    leg = work.legs[index]
    if leg.divert is not None:
        given = replace(leg.divert, state=DiverterState.RESOLVED, reason=proof, resolved_as=place)
        return _on_move(work, given)
    return _on_move(
        work,
        MoveChanged(
            move=work.move,
            leg=index,
            state=MoveState.RESOLVED,
            attempt=leg.attempt,
            robot=leg.robot,
            reason=proof,
            resolved_as=place,
        ),
    )


def _on_move(
    work: MoveWork, changed: MoveChanged | DiverterChanged, status: str | None = None
) -> Draft:
    return Draft(
        payload=changed, subject=Subject(parcel=work.parcel, unit=work.unit), status=status
    )
