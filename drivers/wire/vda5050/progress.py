"""What one state proves about one order of ours. Pure; it never guesses and never goes back.

Only the robot's own words count: our order id, our action ids, and errors that name our order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.protocols import ActionStatus, MoveOrder, OrderPhase, RobotError
from drivers.wire.vda5050.profile import LoadsUse
from drivers.wire.vda5050.rejection import Sent, rejection
from drivers.wire.vda5050.state import Position, RobotState
from drivers.wire.vda5050.verdict import Facts, Row, Shown, Verdict, judge

_RANK: Final = {
    phase: rank
    for rank, phase in enumerate(
        (
            OrderPhase.UNKNOWN,
            OrderPhase.ACCEPTED,
            OrderPhase.PICKING,
            OrderPhase.CARRYING,
            OrderPhase.DROPPING,
            OrderPhase.DONE,
            OrderPhase.REJECTED,
            OrderPhase.FAILED,
        )
    )
}
_ENDS: Final = (OrderPhase.DONE, OrderPhase.REJECTED, OrderPhase.FAILED)
_BEGUN: Final = (
    ActionStatus.INITIALIZING,
    ActionStatus.RUNNING,
    ActionStatus.PAUSED,
    ActionStatus.RETRIABLE,
)
_START_SLACK_M: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One order and all that states have proved about it so far.

    `errors_before` stood in the state before the order was sent, so they are not its rejection;
    `header_ids` are those of the messages that carried it. `cancel_ids` are the cancelOrder
    actions sent for it. `carried` = loads reported between pick and drop.
    """

    order: MoveOrder
    prev_order_id: str
    loads: LoadsUse = LoadsUse.ADVISORY
    errors_before: frozenset[RobotError] = frozenset()
    header_ids: tuple[str, ...] = ()
    cancel_ids: tuple[str, ...] = ()
    proved: OrderPhase = OrderPhase.UNKNOWN
    reason: str = ""
    carried: int | None = None
    ended: Mapping[str, ActionStatus] = field(default_factory=dict)

    @property
    def is_ended(self) -> bool:
        """Return whether nothing more can be proved."""
        return self.proved in _ENDS

    @property
    def action_ids(self) -> tuple[str, ...]:
        """Return the ids of the order's own actions."""
        order = self.order
        wait = (order.wait_action_id,) if order.wait_action_id else ()
        return (*wait, order.pick_action_id, order.drop_action_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the driver knows about the state beside its text.

    `fresh` = it answers a question asked after the order was sent, or came long after;
    `unbroken` = neither side lost its broker connection since the order was sent;
    `alone` = no other order was sent to the robot since; `is_idle` as the robot says;
    `shows_our_other` = the order that it shows is another one of this station.
    """

    fresh: bool
    unbroken: bool
    alone: bool
    is_idle: bool
    shows_our_other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The proof. `is_news` False = this state says nothing about the order yet.

    UNKNOWN with `resend_safe`: not taken. UNKNOWN with a reason and not `resend_safe`: in doubt.
    UNKNOWN without a reason: not taken so far, but the robot cannot take it now. Another phase
    with `resend_safe`: the order's update is not taken.
    """

    phase: OrderPhase
    reason: str = ""
    verdict: Verdict = Verdict.OPEN
    resend_safe: bool = False
    is_news: bool = True
    actions: Mapping[str, ActionStatus] = field(default_factory=dict)


def advance(tracked: Tracked, state: RobotState, standing: Standing) -> tuple[Tracked, Reading]:
    """Return what is proved now and what this state adds. Robots-and-conveyors contract §4, §5."""
    statuses = _statuses(tracked, state)
    tracked = replace(tracked, ended={k: s for k, s in statuses.items() if s.is_ended})
    if tracked.is_ended:
        verdict = Verdict.REJECTED if tracked.proved is OrderPhase.REJECTED else Verdict.TAKEN
        reading = Reading(phase=tracked.proved, reason=tracked.reason, verdict=verdict)
        return tracked, replace(reading, actions=statuses)
    shown = _shown(tracked, state, standing)
    error = None if shown is Shown.OURS else rejection(_sent(tracked), state.errors)
    row = judge(
        Facts(
            shown=shown,
            named=error is not None,
            was_seen=tracked.proved is not OrderPhase.UNKNOWN,
            fresh=standing.fresh,
            had_previous=bool(tracked.prev_order_id),
            unbroken=standing.unbroken,
        )
    )
    if row.verdict is Verdict.TAKEN:
        tracked = _weighed(tracked, state, statuses)
        reading = _own(tracked, state, statuses)
    elif error is not None:
        reading = _refused(shown, error)
    else:
        reading = _other(tracked, state, standing, row)
    if reading.phase is not OrderPhase.UNKNOWN:
        tracked = replace(tracked, proved=reading.phase, reason=reading.reason)
    return tracked, replace(reading, verdict=row.verdict, actions=statuses)


def is_waiting(tracked: Tracked, state: RobotState) -> bool:
    """Return whether a prepositioned robot stands at the pick node and waits for its load."""
    order = tracked.order
    if not order.preposition or state.order_id != order.order_id or state.driving is not False:
        return False
    wait = state.actions.get(order.wait_action_id)
    if wait is not None:
        return wait.status in _BEGUN
    is_there = state.last_node == order.path_to_pick[-1] and state.released_left == 0
    return is_there and state.order_update_id == 0


def _statuses(tracked: Tracked, state: RobotState) -> dict[str, ActionStatus]:
    """Return our actions' statuses; one that ended stays ended whatever a later state says."""
    ours = (*tracked.action_ids, *tracked.cancel_ids)
    reported = {key: state.actions[key].status for key in ours if key in state.actions}
    return reported | dict(tracked.ended)


def _shown(tracked: Tracked, state: RobotState, standing: Standing) -> Shown:
    order, update = tracked.order, state.order_update_id
    if state.order_id == order.order_id:
        if update is None:
            return Shown.UNSAID
        if update == order.update_id:
            return Shown.OURS
        return Shown.EARLIER_UPDATE if update < order.update_id else Shown.FOREIGN
    if state.order_id is None:
        return Shown.UNSAID
    if state.order_id == "":
        return Shown.NOTHING
    if state.order_id == tracked.prev_order_id:
        return Shown.PREVIOUS
    return Shown.OUR_OTHER if standing.shows_our_other else Shown.FOREIGN


def _sent(tracked: Tracked) -> Sent:
    return Sent(
        order_id=tracked.order.order_id,
        update_id=tracked.order.update_id,
        action_ids=tracked.action_ids,
        header_ids=tracked.header_ids,
        errors_before=tracked.errors_before,
    )


def _weighed(tracked: Tracked, state: RobotState, statuses: Mapping[str, ActionStatus]) -> Tracked:
    """Keep how many loads the robot reports while ours is on it."""
    order = tracked.order
    is_on = statuses.get(order.pick_action_id) is ActionStatus.FINISHED
    is_off = statuses.get(order.drop_action_id) is ActionStatus.FINISHED
    if is_on and not is_off and state.loads is not None:
        return replace(tracked, carried=state.loads)
    return tracked


def _own(tracked: Tracked, state: RobotState, statuses: Mapping[str, ActionStatus]) -> Reading:
    order = tracked.order
    pick = statuses.get(order.pick_action_id, ActionStatus.UNKNOWN)
    drop = statuses.get(order.drop_action_id, ActionStatus.UNKNOWN)
    waits = statuses.get(order.wait_action_id) if order.wait_action_id else None
    for name, status in (("wait", waits), ("pick", pick), ("drop", drop)):
        if status is ActionStatus.FAILED:
            return Reading(phase=OrderPhase.FAILED, reason=f"{name}_failed")
    phase, reason = _carried(pick, drop), ""
    is_over = pick is drop is ActionStatus.FINISHED and waits in (None, ActionStatus.FINISHED)
    if is_over and state.is_at_rest:
        phase, reason = _dropped(tracked, state.loads)
    if phase is not OrderPhase.DONE and state.clears_order:
        # a robot in manual mode has thrown its order away
        return Reading(phase=OrderPhase.UNKNOWN, reason="mode")
    return Reading(phase=max(phase, tracked.proved, key=_RANK.__getitem__), reason=reason)


def _carried(pick: ActionStatus, drop: ActionStatus) -> OrderPhase:
    if drop in _BEGUN or drop is ActionStatus.FINISHED:
        return OrderPhase.DROPPING
    if pick is ActionStatus.FINISHED:
        return OrderPhase.CARRYING
    return OrderPhase.PICKING if pick in _BEGUN else OrderPhase.ACCEPTED


def _dropped(tracked: Tracked, loads: int | None) -> tuple[OrderPhase, str]:
    """A robot that must report its loads has to show one less, or none."""
    is_less = loads is not None and (loads == 0 or loads < (tracked.carried or 0))
    if tracked.loads is not LoadsUse.REQUIRED or is_less:
        return OrderPhase.DONE, ""
    return OrderPhase.DROPPING, "loads_unknown" if loads is None else "still_loaded"


def _refused(shown: Shown, error: RobotError) -> Reading:
    """A refused update leaves the robot with the order as it was: it failed and must be ended."""
    reason = error.type or "rejected"
    is_update = shown is Shown.EARLIER_UPDATE
    return Reading(phase=OrderPhase.FAILED if is_update else OrderPhase.REJECTED, reason=reason)


def _other(tracked: Tracked, state: RobotState, standing: Standing, row: Row) -> Reading:
    """The state does not show our order: taken and lost, not taken, or not yet seen."""
    unknown = OrderPhase.UNKNOWN
    if row.verdict is Verdict.OPEN:
        return Reading(phase=unknown, is_news=False)
    if row.verdict is not Verdict.NOT_TAKEN:
        return Reading(phase=unknown, reason=row.reason)
    if state.order_id == tracked.order.order_id:
        phase = max(tracked.proved, OrderPhase.ACCEPTED, key=_RANK.__getitem__)
        is_safe = phase is OrderPhase.ACCEPTED and state.takes_orders
        return Reading(phase=phase, reason=row.reason, resend_safe=is_safe)
    if not standing.alone:
        return Reading(phase=unknown, reason="other_order_sent")
    if not _is_at_start(tracked.order, state):
        return Reading(phase=unknown, reason="not_at_start")
    if not (standing.is_idle and state.takes_orders):
        return Reading(phase=unknown)
    return Reading(phase=unknown, reason=row.reason, resend_safe=True)


def _is_at_start(order: MoveOrder, state: RobotState) -> bool:
    if order.start is None:
        return state.last_node == order.path_to_pick[0]
    return _is_near(
        state.position, Position(x=order.start.x, y=order.start.y, map_id=order.start.map_id)
    )


def _is_near(here: Position | None, there: Position) -> bool:
    if here is None or here.map_id != there.map_id:
        return False
    return (here.x - there.x) ** 2 + (here.y - there.y) ** 2 <= _START_SLACK_M**2
