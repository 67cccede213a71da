"""Cancel and verify: a cancelled robot must be seen at rest before anything is believed.

Pure. FINISHED of a cancelOrder is neither "stopped" nor "nothing happened": the robot has to stand
for a while, in two states, with nothing left to do; only then its actions say where the load is.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from drivers.protocols import ActionStatus, OrderStatus, RobotSnapshot
from edge.events import MoveState, OrderSent
from edge.floor import Timers

SENDS_AT_S: Final = (0.0, 5.0, 10.0)
STATES_MIN: Final = 2
ASK_EVERY_NS: Final = 1_000_000_000
NS: Final = 1_000_000_000
_FAILS: Final = ("no_accept", "pick_failed", "drop_failed")
_NOT_BEGUN: Final = (None, ActionStatus.WAITING, ActionStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """One cancelOrder of this process: how often it left, what the robot showed since.

    `place`, `rest_ns`, `states` = where it has been standing, since when, in how many states;
    `moved` = it was seen to move when it should have come to rest.
    """

    action_id: str
    sends: int = 0
    first_ns: int | None = None
    answered_ns: int | None = None
    asked_ns: int | None = None
    place: tuple[object, ...] = ()
    rest_ns: int = 0
    states: int = 0
    state_ns: int = 0
    moved: bool = False


class Step(Enum):
    """What is due now."""

    WAIT = auto()
    SEND = auto()
    ASK = auto()
    SETTLED = auto()
    UNANSWERED = auto()
    MOVES = auto()


def observed(
    cancel: Cancel,
    status: OrderStatus | None,
    seen: RobotSnapshot | None,
    now_ns: int,
    *,
    settle_s: float,
) -> Cancel:
    """Return the cancel after a look at the robot's newest state."""
    answer = status.instant.get(cancel.action_id) if status is not None else None
    if cancel.answered_ns is None and answer is not None and answer.is_ended:
        cancel = replace(cancel, answered_ns=now_ns)
    if seen is None or cancel.answered_ns is None or seen.received_ns == cancel.state_ns:
        return cancel
    place = (seen.last_node, seen.x, seen.y)
    is_still = _stands(seen) and (place == cancel.place or not cancel.states)
    if is_still and cancel.states:
        return replace(cancel, states=cancel.states + 1, state_ns=seen.received_ns)
    return replace(
        cancel,
        place=place,
        rest_ns=now_ns,
        states=1 if _stands(seen) else 0,
        state_ns=seen.received_ns,
        moved=not is_still and (now_ns - cancel.answered_ns) / NS > settle_s,
    )


def was_sent(cancel: Cancel, now_ns: int) -> Cancel:
    """Return the cancel after it left once more."""
    first_ns = now_ns if cancel.first_ns is None else cancel.first_ns
    return replace(cancel, sends=cancel.sends + 1, first_ns=first_ns)


def asked(cancel: Cancel, now_ns: int) -> Cancel:
    """Return the cancel after its robot was asked for its state."""
    return replace(cancel, asked_ns=now_ns)


def next_step(cancel: Cancel, status: OrderStatus | None, timers: Timers, now_ns: int) -> Step:
    """Return what is due: send (again, only while no state shows it), ask, or the end of it."""
    if cancel.first_ns is None:
        return Step.SEND
    age_s = (now_ns - cancel.first_ns) / NS
    if cancel.answered_ns is None:
        return _unanswered(cancel, status, age_s, timers)
    if cancel.moved:
        return Step.MOVES
    rested_s = (now_ns - cancel.rest_ns) / NS
    if cancel.states >= STATES_MIN and rested_s >= timers.settle:
        return Step.SETTLED
    if age_s >= timers.cancel + timers.settle:
        return Step.UNANSWERED
    return Step.ASK if _may_ask(cancel, now_ns) else Step.WAIT


def _unanswered(cancel: Cancel, status: OrderStatus | None, age_s: float, timers: Timers) -> Step:
    if age_s >= timers.cancel:
        return Step.UNANSWERED
    is_shown = status is not None and cancel.action_id in status.instant
    due = cancel.sends < len(SENDS_AT_S) and age_s >= SENDS_AT_S[cancel.sends]
    return Step.SEND if due and not is_shown else Step.WAIT


def _may_ask(cancel: Cancel, now_ns: int) -> bool:
    return cancel.asked_ns is None or now_ns - cancel.asked_ns >= ASK_EVERY_NS


def _stands(seen: RobotSnapshot) -> bool:
    return seen.idle and not seen.driving and seen.actions_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a cancelled leg ends, and where its load is proved to be."""

    state: MoveState
    place: str | None
    reason: str


def outcome(
    sent: OrderSent, reason: str, status: OrderStatus | None, seen: RobotSnapshot
) -> Outcome:
    """Return what happened, read from a robot that has come to rest."""
    end = MoveState.FAILED if reason in _FAILS else MoveState.CANCELLED
    if status is not None and status.drop is ActionStatus.FINISHED:
        return Outcome(state=MoveState.DONE, place="at_target", reason=reason)
    if status is not None and status.pick is ActionStatus.FINISHED:
        return Outcome(state=end, place="on_robot", reason=reason)
    if not _was_never_picked(sent, status, seen):
        return Outcome(state=MoveState.IN_DOUBT, place=None, reason="no_proof")
    if seen.loads:
        return Outcome(state=MoveState.IN_DOUBT, place=None, reason="still_loaded")
    return Outcome(state=end, place="at_pickup", reason=reason)


def _was_never_picked(sent: OrderSent, status: OrderStatus | None, seen: RobotSnapshot) -> bool:
    """By its own word on this order, or because it still shows the order of before the send."""
    if seen.order_id == sent.order_id:
        return status is not None and status.pick in _NOT_BEGUN
    if status is not None and status.pick is not None:
        return status.pick in _NOT_BEGUN and seen.order_id == sent.prev_order_id != ""
    not_taken = status is not None and status.resend_safe
    return not_taken or seen.order_id == sent.prev_order_id != ""
