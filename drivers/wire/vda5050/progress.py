"""What one state proves about one order of ours. Pure; it never guesses and never goes back.

Only the robot's own words count: our order id, our action ids, and errors that name our order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from drivers.protocols import ActionStatus, MoveOrder, OrderPhase, RobotError
from drivers.wire.vda5050.profile import LoadsUse
from drivers.wire.vda5050.state import RobotState

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
_BEGUN: Final = (ActionStatus.INITIALIZING, ActionStatus.RUNNING, ActionStatus.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One order and all that states have proved about it so far.

    `errors_before` stood in the state before the order was sent, so they are not its rejection.
    `cancel_ids` are the cancelOrder actions sent for it; their statuses are evidence too.
    """

    order: MoveOrder
    prev_order_id: str
    loads: LoadsUse = LoadsUse.ADVISORY
    errors_before: frozenset[RobotError] = frozenset()
    cancel_ids: tuple[str, ...] = ()
    proved: OrderPhase = OrderPhase.UNKNOWN
    reason: str = ""
    ended: Mapping[str, ActionStatus] = field(default_factory=dict)

    @property
    def is_ended(self) -> bool:
        """Return whether nothing more can be proved."""
        return self.proved in _ENDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the driver knows about the state beside its text.

    `fresh` = it answers a question asked after the order was sent, or came long after;
    `unbroken` = neither side lost its broker connection since the order was sent;
    `alone` = no other order was sent to the robot since; `is_idle` as the robot says.
    """

    fresh: bool
    unbroken: bool
    alone: bool
    is_idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The proof. `is_news` False = this state says nothing about the order yet.

    UNKNOWN with `resend_safe`: not taken. UNKNOWN with a reason and not `resend_safe`: in doubt.
    UNKNOWN without a reason: not taken so far, but the robot cannot take it now.
    """

    phase: OrderPhase
    reason: str = ""
    resend_safe: bool = False
    is_news: bool = True
    actions: Mapping[str, str] = field(default_factory=dict)


def advance(tracked: Tracked, state: RobotState, standing: Standing) -> tuple[Tracked, Reading]:
    """Return what is proved now and what this state adds. Robots-and-conveyors contract §4, §5."""
    statuses = _statuses(tracked, state)
    actions = {key: str(status) for key, status in statuses.items()}
    tracked = replace(tracked, ended={k: s for k, s in statuses.items() if s.is_ended})
    if tracked.is_ended:
        return tracked, Reading(phase=tracked.proved, reason=tracked.reason, actions=actions)
    if state.order_id == tracked.order.order_id and state.order_update_id == 0:
        phase, reason = _own(tracked, state, statuses)
    elif (rejection := _rejection(tracked, state)) is not None:
        phase, reason = OrderPhase.REJECTED, rejection.type or "rejected"
    else:
        return tracked, replace(_other(tracked, state, standing), actions=actions)
    if phase is OrderPhase.UNKNOWN:
        return tracked, Reading(phase=phase, reason=reason, actions=actions)
    tracked = replace(tracked, proved=phase, reason=reason)
    return tracked, Reading(phase=phase, reason=reason, actions=actions)


def _statuses(tracked: Tracked, state: RobotState) -> dict[str, ActionStatus]:
    """Return our actions' statuses; one that ended stays ended whatever a later state says."""
    order = tracked.order
    ours = (order.pick_action_id, order.drop_action_id, *tracked.cancel_ids)
    reported = {key: state.actions[key].status for key in ours if key in state.actions}
    return reported | dict(tracked.ended)


def _own(
    tracked: Tracked, state: RobotState, statuses: Mapping[str, ActionStatus]
) -> tuple[OrderPhase, str]:
    pick = statuses.get(tracked.order.pick_action_id, ActionStatus.UNKNOWN)
    drop = statuses.get(tracked.order.drop_action_id, ActionStatus.UNKNOWN)
    if ActionStatus.FAILED in (pick, drop):
        return OrderPhase.FAILED, "pick_failed" if pick is ActionStatus.FAILED else "drop_failed"
    phase, reason = _carried(pick, drop), ""
    if pick is drop is ActionStatus.FINISHED and state.is_at_rest:
        phase, reason = _dropped(tracked.loads, state.loads)
    if phase is not OrderPhase.DONE and state.clears_order:
        return OrderPhase.UNKNOWN, "mode"  # a robot in manual mode has thrown its order away
    return max(phase, tracked.proved, key=_RANK.__getitem__), reason


def _carried(pick: ActionStatus, drop: ActionStatus) -> OrderPhase:
    if drop in _BEGUN or drop is ActionStatus.FINISHED:
        return OrderPhase.DROPPING
    if pick is ActionStatus.FINISHED:
        return OrderPhase.CARRYING
    return OrderPhase.PICKING if pick in _BEGUN else OrderPhase.ACCEPTED


def _dropped(use: LoadsUse, loads: int | None) -> tuple[OrderPhase, str]:
    """A robot that must report its loads has to show itself empty: it carried one of ours."""
    if use is not LoadsUse.REQUIRED or loads == 0:
        return OrderPhase.DONE, ""
    return OrderPhase.DROPPING, "loads_unknown" if loads is None else "still_loaded"


def _rejection(tracked: Tracked, state: RobotState) -> RobotError | None:
    """Return the new error that names our order; errorType differs by vendor and is no key."""
    return next(
        (
            error
            for error in state.errors
            if error not in tracked.errors_before and _names(error, tracked.order)
        ),
        None,
    )


def _names(error: RobotError, order: MoveOrder) -> bool:
    named: dict[str, set[str]] = {}
    for key, value in error.references:
        named.setdefault(key.lower(), set()).add(value)
    if order.order_id not in named.get("orderid", ()):
        return False
    ours = {order.pick_action_id, order.drop_action_id}
    other_update = "orderupdateid" in named and "0" not in named["orderupdateid"]
    return not other_update and not ("actionid" in named and not named["actionid"] & ours)


class _Shown(Enum):
    PREVIOUS = auto()
    NOTHING = auto()
    FOREIGN = auto()


def _other(tracked: Tracked, state: RobotState, standing: Standing) -> Reading:
    """The state does not show our order: taken and lost, not taken, or not yet seen."""
    unknown = OrderPhase.UNKNOWN
    shown = _shown(tracked, state)
    if shown is None:
        return Reading(phase=unknown, is_news=False)
    if tracked.proved is not OrderPhase.UNKNOWN:
        lost = "foreign_order" if shown is _Shown.FOREIGN else "memory_lost"
        return Reading(phase=unknown, reason=lost)
    if not standing.fresh:
        return Reading(phase=unknown, is_news=False)
    if shown is _Shown.FOREIGN:
        return Reading(phase=unknown, reason="foreign_order")
    if shown is _Shown.NOTHING and (tracked.prev_order_id or not standing.unbroken):
        return Reading(phase=unknown, reason="memory_lost")
    return _not_taken(tracked, state, standing)


def _shown(tracked: Tracked, state: RobotState) -> _Shown | None:
    ours_unclear = state.order_id == tracked.order.order_id and state.order_update_id is None
    if state.order_id is None or ours_unclear:
        return None
    if state.order_id == "":
        return _Shown.NOTHING
    return _Shown.PREVIOUS if state.order_id == tracked.prev_order_id else _Shown.FOREIGN


def _not_taken(tracked: Tracked, state: RobotState, standing: Standing) -> Reading:
    if not standing.alone:
        return Reading(phase=OrderPhase.UNKNOWN, reason="other_order_sent")
    if state.last_node != tracked.order.path_to_pick[0]:
        return Reading(phase=OrderPhase.UNKNOWN, reason="not_at_start")
    if not (standing.is_idle and state.takes_orders):
        return Reading(phase=OrderPhase.UNKNOWN)
    return Reading(phase=OrderPhase.UNKNOWN, reason="not_taken", resend_safe=True)
