"""What dispatch proved becomes events; the person's answers to a move in doubt do too."""

from collections.abc import Mapping

from drivers.protocols import ScanOutcome
from edge.events import (
    DiverterChanged,
    DiverterState,
    Draft,
    MoveChanged,
    MoveState,
    Subject,
)
from edge.station.decision import Decision, Screen, accepted, clean, noted, refused
from edge.station.inputs import DivertInput, LegInput, OrderInput
from edge.station.state import LegWork, MoveWork, State
from edge.views import Severity

ALARMS = {
    MoveState.REJECTED: "E42",
    MoveState.FAILED: "E42",
    MoveState.IN_DOUBT: "E40",
    DiverterState.WRONG_LANE: "E46",
    DiverterState.IN_DOUBT: "E44",
    DiverterState.FAILED: "E44",
    DiverterState.REJECTED: "E44",
    DiverterState.UNCONFIRMED: "E44",
}
ROUTED = (MoveState.ACCEPTED, DiverterState.SEEN, MoveState.BY_HAND)


def order(state: State, screen: Screen, given: OrderInput) -> Decision:
    """Record that an order is about to be published; no event = it must not be."""
    work = _waiting(state, given.move, given.leg)
    if work is None:
        return Decision(screen=screen)
    changed = MoveChanged(
        move=given.move,
        leg=given.leg,
        state=MoveState.SENT if given.attempt == 1 else MoveState.RESENT,
        attempt=given.attempt,
        robot=given.order.robot,
        order=given.order,
    )
    return Decision(screen=screen, drafts=(_on_move(work, changed),))


def divert(state: State, screen: Screen, given: DivertInput) -> Decision:
    """Record a divert that is about to be written, or what a PLC proved about one."""
    work = _waiting(state, given.move, given.leg)
    if work is None:
        return Decision(screen=screen)
    changed = DiverterChanged(
        move=given.move,
        leg=given.leg,
        state=given.state,
        conveyor=given.conveyor,
        lane=given.lane,
        token=given.token,
        wire_seq=given.wire_seq,
        plc_boot=given.plc_boot,
        count_before=given.count_before,
        exit_before=given.exit_before,
        attempt=given.attempt,
        count_after=given.count_after,
        exit_lane=given.exit_lane,
        code=given.code,
        reason=given.reason,
    )
    params = {"u": work.tray or "", "a": given.exit_lane or 0, "b": given.lane, "lane": given.lane}
    return _recorded(screen, work, changed, params)


def leg(state: State, screen: Screen, given: LegInput) -> Decision:
    """Record what a robot's state proved, or that the load goes by hand."""
    work = _waiting(state, given.move, given.leg)
    if work is None:
        return Decision(screen=screen)
    before = work.legs[given.leg]
    changed = MoveChanged(
        move=given.move,
        leg=given.leg,
        state=given.state,
        attempt=before.attempt,
        robot=given.robot or before.robot,
        evidence=given.evidence,
        reason=given.reason,
    )
    params = {
        "r": given.robot or before.robot or "",
        "t": work.tray or "",
        "reason": given.reason or "",
        "loc": given.evidence.last_node if given.evidence else before.leg.start,
    }
    return _recorded(screen, work, changed, params)


def resolve(state: State, screen: Screen, digit: str) -> Decision:
    """Answer for the selected move: 1 carry by hand, 4 it is at its target."""
    moves = tuple(state.moves.values())
    if not 1 <= screen.selected <= len(moves):
        return refused(screen, "E00", want="want.digit")
    work = moves[screen.selected - 1]
    current = work.current
    if current is None or not _may_resolve(current):
        return refused(screen, "E41")
    if digit == "4":
        return accepted(
            clean(screen), "fb.at_target", *_at_target(work), t=work.tray or "", zone=work.zone
        )
    if digit == "1" and current.state is not MoveState.BY_HAND:
        changed = MoveChanged(
            move=work.move,
            leg=work.position,
            state=MoveState.BY_HAND,
            robot=current.robot,
            attempt=current.attempt,
            reason="operator",
        )
        return accepted(clean(screen), "fb.hand", _on_move(work, changed, "routed"), zone=work.zone)
    return refused(screen, "E00", want="want.digit")


def place_scan(state: State, screen: Screen, zone: str) -> Decision:
    """A place label of a zone proves that what was carried there by hand has arrived."""
    for work in state.moves.values():
        current = work.current
        if current is not None and current.state is MoveState.BY_HAND and work.zone == zone:
            return accepted(screen, "fb.at_target", *_at_target(work), t=work.tray or "", zone=zone)
    return refused(screen, "E00", want="want.digit")


def _may_resolve(current: LegWork) -> bool:
    """Never while a device may be carrying the load with our knowledge."""
    return not current.is_under_way or current.state in (
        MoveState.IN_DOUBT,
        DiverterState.IN_DOUBT,
    )


def _at_target(work: MoveWork) -> tuple[Draft, ...]:
    """Every leg that is left ends at the person's word."""
    left = range(work.position, len(work.legs))
    return tuple(
        _on_move(
            work,
            MoveChanged(
                move=work.move,
                leg=index,
                state=MoveState.RESOLVED,
                attempt=work.legs[index].attempt,
                robot=work.legs[index].robot,
                resolved_as="at_target",
            ),
        )
        for index in left
    )


def _waiting(state: State, move: str, leg_index: int) -> MoveWork | None:
    """Late news about a leg that is past or resolved changes nothing."""
    work = state.moves.get(move)
    return work if work is not None and work.position == leg_index else None


def _recorded(
    screen: Screen,
    work: MoveWork,
    changed: MoveChanged | DiverterChanged,
    params: Mapping[str, object],
) -> Decision:
    status = "routed" if changed.state in ROUTED else None
    drafts = (_on_move(work, changed, status),)
    alarm = ALARMS.get(changed.state)
    if alarm is None:
        return Decision(screen=screen, drafts=drafts)
    return Decision(
        screen=noted(screen, Severity.ERROR, alarm, **params),
        drafts=drafts,
        outcome=ScanOutcome.ERROR,
    )


def _on_move(
    work: MoveWork, changed: MoveChanged | DiverterChanged, status: str | None = None
) -> Draft:
    return Draft(
        payload=changed, subject=Subject(parcel=work.parcel, unit=work.unit), status=status
    )
