"""What dispatch is about to send, and what devices proved: both become events, or nothing does.

The committed state is read again here, in the transaction of the intent: an inhibit, a lock or a
full place that came in between keeps a command from being sent. Late and repeated news changes
nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drivers.protocols import ScanOutcome
from edge.events import (
    NO_SCAN,
    WRONG_PLACE,
    DeviceCommand,
    DiverterChanged,
    DiverterState,
    Draft,
    MoveChanged,
    MoveState,
    OrderSent,
    Subject,
)
from edge.floor import FloorSettings
from edge.station import room
from edge.station.decision import Context, Decision, Screen, noted, on_station
from edge.station.inputs import CommandInput, DivertInput, LegInput, OrderInput
from edge.station.past import UNDO
from edge.station.state import LegWork, MoveWork, State
from edge.station.undo import recalled
from edge.views import Severity

# Two tables: states of robots and of belts with the same word are equal as keys.
ROBOT_ALARMS: Final[Mapping[MoveState, str]] = {
    MoveState.REJECTED: "E42",
    MoveState.FAILED: "E42",
    MoveState.IN_DOUBT: "E40",
}
BELT_ALARMS: Final[Mapping[DiverterState, str]] = {
    DiverterState.WRONG_LANE: "E46",
    DiverterState.IN_DOUBT: "E44",
    DiverterState.FAILED: "E47",
    DiverterState.REJECTED: "E47",
    DiverterState.UNCONFIRMED: "E44",
}
NO_PROGRESS: Final = "no_progress"
LATE_CLAIM: Final = "late_claim"
RECORDED: Final = "recorded"  # in training nothing moves: what would have is written down
UNHEARD: Final = ("memory_lost", "cancel_unanswered", "no_proof")
_OUT_OF_SIGHT: Final = (NO_SCAN, WRONG_PLACE)
"""Doubts that no device's word ends: the place has to be looked at."""
ROUTED = (MoveState.ACCEPTED, DiverterState.SEEN, MoveState.BY_HAND)

_SENT: Final = (MoveState.SENT, MoveState.RESENT)
_STEPS: Final = (
    MoveState.ACCEPTED,
    MoveState.PICKING,
    MoveState.CARRYING,
    MoveState.DROPPING,
    MoveState.DONE,
)
_WAYS_OUT: Final[Mapping[MoveState | DiverterState, tuple[MoveState, ...]]] = {
    MoveState.CANCELLING: (
        MoveState.DONE,
        MoveState.CANCELLED,
        MoveState.FAILED,
        MoveState.REJECTED,
        MoveState.IN_DOUBT,
    ),
    MoveState.IN_DOUBT: (MoveState.RESOLVED, MoveState.CANCELLING, *_STEPS),
}
_CLAIMED: Final = (
    MoveState.REJECTED,
    MoveState.FAILED,
    MoveState.CANCELLED,
    MoveState.BY_HAND,
    MoveState.RESOLVED,
)


def take(
    state: State,
    screen: Screen,
    given: OrderInput | DivertInput | LegInput | CommandInput,
    context: Context,
) -> Decision:
    """Return what becomes of a word of dispatch; no event = it must not act."""
    match given:
        case OrderInput():
            return order(state, screen, given, context)
        case DivertInput():
            return divert(state, screen, given, context)
        case LegInput():
            return leg(state, screen, given)
        case CommandInput():
            return command(state, screen, given)


def order(state: State, screen: Screen, given: OrderInput, context: Context) -> Decision:
    """Record that an order is about to be published; no event = it must not be."""
    work = _at_leg(state, given.move, given.leg, ahead=given.order.preposition)
    if work is None or state.is_inhibited(work):
        return Decision(screen=screen)
    if not _is_due(work.legs[given.leg], given) or _is_blocked(state, given, context.floor):
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


def _is_due(leg: LegWork, given: OrderInput) -> bool:
    """A first order for a planned leg, an update, or the next attempt of what was not taken."""
    if given.attempt == 1 and given.order.update_id > 0:
        return _is_next_update(leg, given.order)
    if given.attempt == 1:
        return leg.state is MoveState.PLANNED
    is_same = leg.order is not None and leg.order.order_id == given.order.order_id
    return is_same and leg.state in _SENT and given.attempt == leg.attempt + 1


def _is_next_update(leg: LegWork, order: OrderSent) -> bool:
    before = leg.order
    return (
        before is not None
        and before.order_id == order.order_id
        and before.update_id + 1 == order.update_id
        and leg.state in (MoveState.ACCEPTED, MoveState.PICKING)
    )


def _is_blocked(state: State, given: OrderInput, floor: FloorSettings) -> bool:
    """One order a robot, one robot a lock group, and room where the load will be put down."""
    order = given.order
    if given.attempt > 1 or order.update_id > 0:
        return False
    groups = room.groups_on((*order.path_to_pick, *order.path_to_drop), floor)
    return (
        order.robot in room.booked_robots(state)
        or bool(groups & room.held_groups(state, floor).keys())
        or not room.has_room(order.drop, state, floor)
    )


def divert(state: State, screen: Screen, given: DivertInput, context: Context) -> Decision:
    """Record a divert that is about to be written, or what a PLC proved about one."""
    work = _at_leg(state, given.move, given.leg)
    if work is None:
        return Decision(screen=screen)
    leg = work.legs[given.leg]
    if not _may_divert(leg, given):
        return Decision(screen=screen)
    if given.state is DiverterState.SENT:
        is_first = leg.state is MoveState.PLANNED
        is_full = is_first and not room.has_room(leg.leg.end, state, context.floor)
        if state.is_inhibited(work) or is_full:
            return Decision(screen=screen)
    is_unseen = leg.leg.scan and given.state is DiverterState.DONE
    changed = DiverterChanged(
        move=given.move,
        leg=given.leg,
        state=DiverterState.UNSEEN if is_unseen else given.state,
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
    params = {
        "u": work.tray or "",
        "a": given.exit_lane or 0,
        "b": given.lane,
        "lane": given.lane,
        "place": leg.leg.end,
        "why": context.floor.belt_faults.get((given.conveyor, given.code or 0), given.reason or ""),
    }
    return _recorded(screen, work, changed, params)


def leg(state: State, screen: Screen, given: LegInput) -> Decision:
    """Record what a robot's state proved, or that a cancel is about to be published."""
    work = _at_leg(state, given.move, given.leg, ahead=True)
    if work is None or not _is_news(work.legs[given.leg], given):
        return Decision(screen=screen)
    before = work.legs[given.leg]
    is_unseen = before.leg.scan and _is_put_down(given)
    changed = MoveChanged(
        move=given.move,
        leg=given.leg,
        state=MoveState.UNSEEN if is_unseen else given.state,
        attempt=before.attempt,
        robot=given.robot or before.robot,
        evidence=given.evidence,
        reason=given.reason,
        resolved_as=None if is_unseen else given.resolved_as,
        cancel_id=given.cancel_id,
    )
    params = {
        "r": given.robot or before.robot or "",
        "t": work.tray or "",
        "reason": given.reason or "",
        "loc": _location(before, given),
        "u": work.tray or "",
        "place": before.leg.end,
    }
    decision = _recorded(screen, work, changed, params)
    if given.state is MoveState.CANCELLED and given.reason == UNDO:
        back = recalled(state, work) if given.resolved_as == "at_pickup" else ()
        text = "fb.undone" if back else "E41"
        what = state.past[-1].kind if state.past else ""
        shown = noted(screen, Severity.OK if back else Severity.ERROR, text, what=what)
        return replace(decision, screen=shown, drafts=decision.drafts + back)
    return decision


def command(state: State, screen: Screen, given: CommandInput) -> Decision:
    """Record that a device is about to be told something; nothing is started in a danger."""
    if given.command == "start" and state.is_area_inhibited:
        return Decision(screen=screen)
    event = DeviceCommand(
        device=given.device,
        command=given.command,
        reason=given.reason,
        wire_seq=given.wire_seq,
    )
    return Decision(screen=screen, drafts=(on_station(event),))


def _is_put_down(given: LegInput) -> bool:
    is_resolved = given.state is MoveState.RESOLVED and given.resolved_as == "at_target"
    return given.state is MoveState.DONE or is_resolved


def _may_divert(leg: LegWork, given: DivertInput) -> bool:
    """Once a PLC has said that a divert ended, only a person's eyes or their absence count."""
    if leg.state is DiverterState.UNSEEN:
        return given.reason == NO_SCAN
    return leg.state not in (DiverterState.UNCONFIRMED, DiverterState.WRONG_LANE)


def _is_news(before: LegWork, given: LegInput) -> bool:
    """Whether a leg in this state may still change so: it never goes back by a device's word."""
    now, then = given.state, before.state
    if given.reason == NO_PROGRESS:
        return now == then
    if then is MoveState.UNSEEN:
        return now is MoveState.IN_DOUBT and given.reason == NO_SCAN
    if then is MoveState.IN_DOUBT and before.reason in _OUT_OF_SIGHT:
        return False
    match then:
        case MoveState.PLANNED:
            is_recorded = now is MoveState.DONE and given.reason == RECORDED
            return is_recorded or now in (MoveState.BY_HAND, MoveState.FAILED)
        case MoveState.CANCELLING | MoveState.IN_DOUBT:
            return now in _WAYS_OUT[then]
        case MoveState.SENT | MoveState.RESENT:
            return now not in (*_SENT, MoveState.RESOLVED, MoveState.BY_HAND)
        case MoveState.ACCEPTED | MoveState.PICKING | MoveState.CARRYING | MoveState.DROPPING:
            ends = (MoveState.CANCELLING, MoveState.FAILED, MoveState.IN_DOUBT)
            return now in ends or (now in _STEPS and _STEPS.index(now) > _STEPS.index(then))
        case _:
            is_claim = now is MoveState.CANCELLING and given.reason == LATE_CLAIM
            return is_claim and then in _CLAIMED


def _location(before: LegWork, given: LegInput) -> str:
    if given.resolved_as == "on_robot":
        return given.robot or before.robot or ""
    if given.evidence is not None and given.evidence.last_node:
        return given.evidence.last_node
    return before.leg.start


def _at_leg(state: State, move: str, leg_index: int, *, ahead: bool = False) -> MoveWork | None:
    """Late news about a leg that is past or resolved changes nothing.

    `ahead`: a robot may be told to wait at the pick-up while the leg before is under way.
    """
    work = state.moves.get(move)
    if work is None or not 0 <= leg_index < len(work.legs):
        return None
    is_next = ahead and leg_index == work.position + 1 and work.legs[leg_index].leg.preposition
    return work if work.position == leg_index or is_next else None


def _recorded(
    screen: Screen,
    work: MoveWork,
    changed: MoveChanged | DiverterChanged,
    params: Mapping[str, object],
) -> Decision:
    status = "routed" if changed.state in ROUTED else None
    drafts = (_on_move(work, changed, status),)
    alarm = _alarm(changed)
    if alarm is None:
        return Decision(screen=screen, drafts=drafts)
    severity = Severity.WARN if changed.reason == NO_PROGRESS else Severity.ERROR
    return Decision(
        screen=noted(screen, severity, alarm, **params),
        drafts=drafts,
        outcome=ScanOutcome.ERROR,
    )


def _alarm(changed: MoveChanged | DiverterChanged) -> str | None:
    if changed.reason == NO_SCAN:
        return "E56"
    if isinstance(changed, DiverterChanged):
        return BELT_ALARMS.get(changed.state)
    match changed.reason:
        case "late_claim":
            return "E43"
        case "no_progress":
            return "E42"
    if changed.state is MoveState.IN_DOUBT and changed.reason not in UNHEARD:
        return "E42"
    return ROBOT_ALARMS.get(changed.state)


def _on_move(
    work: MoveWork, changed: MoveChanged | DiverterChanged, status: str | None = None
) -> Draft:
    return Draft(
        payload=changed, subject=Subject(parcel=work.parcel, unit=work.unit), status=status
    )
