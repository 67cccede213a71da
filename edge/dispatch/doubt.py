"""What ends a robot leg's doubt without a person: the robot's own word, when it is proof. Pure."""

from typing import Final

from drivers.protocols import ActionStatus, OrderPhase, OrderStatus
from edge.events import NO_SCAN, WRONG_PLACE, MoveState
from edge.station.moves import LATE_CLAIM

_GOES_ON: Final = {
    OrderPhase.ACCEPTED: MoveState.ACCEPTED,
    OrderPhase.PICKING: MoveState.PICKING,
    OrderPhase.CARRYING: MoveState.CARRYING,
    OrderPhase.DROPPING: MoveState.DROPPING,
}
# A robot that drove on although it was told to stop is no witness while it drives.
_NO_WITNESS: Final = ("moves_after_cancel", "cancel_unanswered", LATE_CLAIM)
# Its word is what eyes have not confirmed.
_OUT_OF_SIGHT: Final = (NO_SCAN, WRONG_PLACE)
_UNBEGUN: Final = (ActionStatus.WAITING, ActionStatus.FAILED)


def resolved_place(reason: str | None, status: OrderStatus) -> tuple[str, str] | None:
    """Return (place, proof) of a load in doubt, None where this state proves nothing.

    In the order of strength: the drop has ended; the pick has ended and the robot shows a load;
    the pick never began and the robot shows itself empty. A load that somebody has in his hand
    by a scan is not taken back by a robot that claims it late.
    """
    if reason in (LATE_CLAIM, *_OUT_OF_SIGHT) or status.foreign:
        return None
    if status.drop is ActionStatus.FINISHED:
        return "at_target", "drop_finished"
    if not status.idle:
        return None
    if status.pick is ActionStatus.FINISHED and status.loads:
        return "on_robot", "loads"
    if status.pick in _UNBEGUN and status.loads == 0:
        return "at_pickup", "loads"
    return None


def goes_on(reason: str | None, status: OrderStatus) -> MoveState | None:
    """Return the state of a leg in doubt whose robot shows that it is just driving it."""
    if (
        reason in (*_NO_WITNESS, *_OUT_OF_SIGHT)
        or status.idle
        or status.mode_lost
        or status.foreign
    ):
        return None
    return _GOES_ON.get(status.phase)


def is_rejection(status: OrderStatus) -> bool:
    """Return whether an order that is being cancelled was refused after all.

    A robot that finds nothing to cancel says so in an error that names the order, too: that is no
    word about what it did with the order before.
    """
    return status.phase is OrderPhase.REJECTED and "cancel" not in status.reason.lower()


def claims(place: str | None, status: OrderStatus) -> bool:
    """Return whether a robot shows a load or an order that should have ended without it."""
    if status.phase not in _GOES_ON:
        return False
    if place == "on_robot":
        return not status.idle
    begun = status.pick in (ActionStatus.RUNNING, ActionStatus.FINISHED)
    return begun or not status.idle
