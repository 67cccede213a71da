"""The orders that one robot's states are read for, and what was reported about each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.protocols import ActionStatus, InstantKind, MoveOrder, OrderStatus, RobotId
from drivers.wire.vda5050.profile import LoadsUse
from drivers.wire.vda5050.progress import Reading, Standing, Tracked, advance, is_waiting
from drivers.wire.vda5050.state import RobotState
from drivers.wire.vda5050.verdict import Verdict

ERRORS_MAX: Final = 8
INSTANT_MAX: Final = 32
_QUESTIONS: Final = (InstantKind.STATE, InstantKind.FACTSHEET)
_INSTANT_TYPES: Final = ("", *(str(kind) for kind in InstantKind if kind not in _QUESTIONS))


@dataclass(slots=True, kw_only=True)
class Follow:
    """A tracked order with the moment and the connections of its last send."""

    tracked: Tracked
    since_ns: int
    sent_on: tuple[int, int] | None = None
    sends: int = 0
    last: OrderStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A state with what its robot's link adds. `hidden` = questions, which nobody waits for."""

    state: RobotState
    at_ns: int
    standing: Standing
    hidden: frozenset[str] = field(default_factory=frozenset)


def followed(order: MoveOrder, prev_order_id: str, loads: LoadsUse, now_ns: int) -> Follow:
    """Return the beginning of an order, or of an update of one."""
    tracked = Tracked(order=order, prev_order_id=prev_order_id, loads=loads)
    return Follow(tracked=tracked, since_ns=now_ns)


def updated(follow: Follow, order: MoveOrder, now_ns: int) -> None:
    """Let an update be what has to be proved; what is proved of the order stays."""
    follow.tracked = replace(follow.tracked, order=order, header_ids=())
    follow.since_ns, follow.sent_on, follow.sends, follow.last = now_ns, None, 0, None


def report(robot: RobotId, follow: Follow, seen: Seen) -> OrderStatus | None:
    """Return what a state changed for an order, None if nothing.

    While instant actions are shown every state is reported: who has cancelled wants to see the
    robot stand in more than one.
    """
    follow.tracked, reading = advance(follow.tracked, seen.state, seen.standing)
    status = _status(robot, follow.tracked, reading, seen)
    is_same = follow.last is not None and status == replace(follow.last, at_ns=seen.at_ns)
    if not reading.is_news or (is_same and not status.instant):
        return None
    follow.last = status
    return status


def _status(robot: RobotId, tracked: Tracked, reading: Reading, seen: Seen) -> OrderStatus:
    state, order = seen.state, tracked.order
    is_ours = state.order_id == order.order_id
    return OrderStatus(
        robot=robot,
        order_id=order.order_id,
        phase=reading.phase,
        at_ns=seen.at_ns,
        last_node=state.last_node,
        last_node_seq=state.last_node_seq,
        actions={key: str(status) for key, status in reading.actions.items()},
        loads=state.loads,
        errors=tuple(str(error) for error in state.errors[:ERRORS_MAX]),
        reason=reading.reason,
        resend_safe=reading.resend_safe,
        at_rest=state.is_at_rest,
        order_update_id=(state.order_update_id or 0) if is_ours else 0,
        position=(state.position.x, state.position.y) if state.position else None,
        driving=bool(state.driving),
        idle=state.is_at_rest,
        mode_lost=state.clears_order,
        foreign=reading.verdict is Verdict.FOREIGN,
        instant=_instant(tracked, seen),
        pick=reading.actions.get(order.pick_action_id),
        drop=reading.actions.get(order.drop_action_id),
        error_texts=state.errors[:ERRORS_MAX],
        waiting=is_waiting(tracked, state),
    )


def _instant(tracked: Tracked, seen: Seen) -> Mapping[str, ActionStatus]:
    """Return the instant actions, but for questions; some robots tell no types."""
    own = {*tracked.action_ids, *seen.hidden}
    shown = [
        (action_id, report.status)
        for action_id, report in seen.state.actions.items()
        if action_id not in own and report.type in _INSTANT_TYPES
    ]
    return dict(shown[-INSTANT_MAX:])
