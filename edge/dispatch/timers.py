"""What time brings to an open robot leg. Pure: what was seen and when, in; what is due, out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum, auto
from typing import Final

from drivers.protocols import ActionStatus, OrderPhase, OrderStatus, RobotSnapshot
from edge.events import MoveState
from edge.floor import Timers

NS: Final = 1_000_000_000
ASKS_MAX: Final = 3
STALE_GRACE_S: Final = 5.0
_SENT: Final = (MoveState.SENT, MoveState.RESENT)
_UNDER_WAY: Final = (
    MoveState.ACCEPTED,
    MoveState.PICKING,
    MoveState.CARRYING,
    MoveState.DROPPING,
)


class Due(Enum):
    """What an open leg needs now."""

    NOTHING = auto()
    ASK = auto()
    NO_ACCEPT = auto()
    NO_PROGRESS = auto()
    ACTION_TIME = auto()
    ORDER_TIME = auto()
    NO_LOAD = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What this process has seen of one order. Times are monotonic nanoseconds.

    `ask_ns` = when the robot is asked (again) whether it has the order; `asks` of them left.
    A process that did not send the order itself asks at once.
    """

    ask_ns: int
    asks: int = 0
    accepted_ns: int | None = None
    waiting_ns: int | None = None
    action: str = ""
    action_ns: int = 0
    progress: tuple[object, ...] = ()
    progress_ns: int = 0
    warned: bool = False
    stale_asked_ns: int = 0


def with_status(seen: Seen, status: OrderStatus, now_ns: int) -> Seen:
    """Return what is known after one more state about the order."""
    if status.phase in (OrderPhase.UNKNOWN, OrderPhase.REJECTED):
        return seen
    if seen.accepted_ns is None:
        seen = replace(seen, accepted_ns=now_ns)
    if status.waiting != (seen.waiting_ns is not None):
        seen = replace(seen, waiting_ns=now_ns if status.waiting else None)
    running = _running(status)
    if running != seen.action:
        seen = replace(seen, action=running, action_ns=now_ns)
    progress = (
        status.last_node_seq,
        status.driving,
        tuple(sorted(status.actions.items())),
        status.pick,
        status.drop,
    )
    if progress != seen.progress:
        seen = replace(seen, progress=progress, progress_ns=now_ns, warned=False)
    return seen


def asked(seen: Seen, next_ns: int, *, asks: int) -> Seen:
    """Return what is known after the robot was ordered or asked: when to ask (again)."""
    return replace(seen, ask_ns=next_ns, asks=asks, stale_asked_ns=next_ns)


def warned(seen: Seen) -> Seen:
    """Return what is known after people were told that nothing changes."""
    return replace(seen, warned=True)


def _running(status: OrderStatus) -> str:
    if status.drop is ActionStatus.RUNNING:
        return "drop"
    return "pick" if status.pick is ActionStatus.RUNNING else ""


def due(
    state: object, seen: Seen, robot: RobotSnapshot | None, timers: Timers, *, now_ns: int
) -> Due:
    """Return what is due of a leg in this state; one thing at a time, the gravest first."""
    if state in _SENT:
        if now_ns < seen.ask_ns:
            return Due.NOTHING
        return Due.NO_ACCEPT if seen.asks >= ASKS_MAX else Due.ASK
    if state not in _UNDER_WAY:
        return Due.NOTHING
    return _overdue(seen, timers, now_ns) or _silent(seen, robot, timers, now_ns)


def _overdue(seen: Seen, timers: Timers, now_ns: int) -> Due | None:
    if seen.accepted_ns is not None and _past(seen.accepted_ns, timers.order, now_ns):
        return Due.ORDER_TIME
    if seen.action and _past(seen.action_ns, timers.action, now_ns):
        return Due.ACTION_TIME
    if seen.waiting_ns is not None and _past(seen.waiting_ns, timers.handover, now_ns):
        return Due.NO_LOAD
    if not seen.warned and seen.progress and _past(seen.progress_ns, timers.progress, now_ns):
        return Due.NO_PROGRESS
    return None


def _silent(seen: Seen, robot: RobotSnapshot | None, timers: Timers, now_ns: int) -> Due:
    heard_ns = robot.received_ns if robot is not None else 0
    asked_lately = not _past(seen.stale_asked_ns, STALE_GRACE_S, now_ns)
    if _past(heard_ns, timers.state_stale, now_ns) and not asked_lately:
        return Due.ASK
    return Due.NOTHING


def _past(since_ns: int, seconds: float, now_ns: int) -> bool:
    return now_ns - since_ns >= seconds * NS


def timers_for(timers: Timers, own: Mapping[str, float]) -> Timers:
    """Return the floor's timers with those of a robot's profile in their place."""
    known = {one.name for one in fields(Timers)}
    given = {name: value for name, value in own.items() if name in known}
    return replace(timers, **given) if given else timers
