"""F9: the newest act does not stand. Append-only: each of its events is named as corrected."""

from typing import Final

from edge.events import CorrectionMade, Draft, MoveChanged, MoveState, Subject
from edge.station import filling
from edge.station.decision import Decision, Screen, accepted, clean, noted, refused
from edge.station.past import UNDO
from edge.station.state import Done, MoveWork, State
from edge.views import Severity

_AT_HAND: Final = frozenset((MoveState.PLANNED, MoveState.BY_HAND))
_ORDERED: Final = frozenset((MoveState.SENT, MoveState.RESENT, MoveState.ACCEPTED))


def undo(state: State, screen: Screen, cancel_id: str) -> Decision:
    """Take back the newest act of this parcel; what a device has taken away cannot be (E41).

    A robot that is still on its way to the load is cancelled first, under `cancel_id`; the undo
    stands when the robot's own state proves that it has not got it (`recalled`).
    """
    if not state.past:
        return refused(screen, "E45")
    last = state.past[-1]
    if filling.is_settled(state, last):
        return refused(screen, "E41")
    moves = [state.moves.get(move) for move in last.moves]
    withdrawn = [_withdrawn(work) for work in moves if work is not None and is_at_hand(work)]
    if len(withdrawn) == len(moves):
        drafts = (*withdrawn, *_corrections(last), *filling.put_back(state, last))
        return accepted(clean(screen), "fb.undone", *drafts, what=last.kind)
    ordered = [work for work in moves if work is not None and _is_ordered(work)]
    if len(withdrawn) + len(ordered) < len(moves):
        return refused(screen, "E41")
    orders = tuple(_cancelling(work, cancel_id) for work in ordered)
    return Decision(screen=noted(clean(screen), Severity.WARN, "fb.recalling"), drafts=orders)


def recalled(state: State, work: MoveWork) -> tuple[Draft, ...]:
    """Return the events by which an undo stands: its robot has proved not to have the load.

    Nothing, when the person has gone on to other acts: the load is then offered by hand.
    """
    last = state.past[-1] if state.past else None
    if last is None or last.moves != (work.move,):
        return ()
    return tuple(_corrections(last))


def is_at_hand(work: MoveWork) -> bool:
    """The load stands where it was put: no device was told of it yet, or it gave it back."""
    leg = work.current
    if work.position != 0 or leg is None:
        return False
    was_left = leg.state is MoveState.CANCELLED and leg.place == "at_pickup"
    return leg.state in _AT_HAND or was_left


def _is_ordered(work: MoveWork) -> bool:
    """A robot has the order, and has not shown that it begins to pick."""
    leg = work.current
    is_first = work.position == 0 and leg is not None and leg.robot is not None
    return is_first and leg is not None and leg.state in _ORDERED


def _cancelling(work: MoveWork, cancel_id: str) -> Draft:
    leg = work.legs[0]
    changed = MoveChanged(
        move=work.move,
        leg=0,
        state=MoveState.CANCELLING,
        attempt=leg.attempt,
        robot=leg.robot,
        reason=UNDO,
        cancel_id=cancel_id,
    )
    return Draft(payload=changed, subject=Subject(parcel=work.parcel, unit=work.unit))


def _withdrawn(work: MoveWork) -> Draft:
    changed = MoveChanged(move=work.move, leg=0, state=MoveState.CANCELLED, reason=UNDO)
    return Draft(payload=changed, subject=Subject(parcel=work.parcel, unit=work.unit))


def _corrections(last: Done) -> list[Draft]:
    """Newest first: the correction of the act's first event puts the bench back."""
    return [
        Draft(
            payload=CorrectionMade(
                of=event.id,
                of_sequence=event.seq,
                act=UNDO,
                reason="operator",
                before={"kind": event.kind},
            ),
            subject=Subject(parcel=last.parcel, unit=event.unit),
        )
        for event in reversed(last.events)
    ]
