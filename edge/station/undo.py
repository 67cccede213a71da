"""F9: the newest act does not stand. Append-only: each of its events is named as corrected."""

from typing import Final

from edge.events import CorrectionMade, Draft, MoveChanged, MoveState, Subject
from edge.station.decision import Decision, Screen, accepted, clean, refused
from edge.station.past import UNDO
from edge.station.state import Done, MoveWork, State

_AT_HAND: Final = frozenset((MoveState.PLANNED, MoveState.BY_HAND))


def undo(state: State, screen: Screen) -> Decision:
    """Take back the newest act of this parcel; what a device has taken away cannot be (E41)."""
    if not state.past:
        return refused(screen, "E45")
    last = state.past[-1]
    moves = [state.moves.get(move) for move in last.moves]
    withdrawn = [_withdrawn(work) for work in moves if work is not None and _is_at_hand(work)]
    if len(withdrawn) < len(moves):
        return refused(screen, "E41")
    return accepted(clean(screen), "fb.undone", *withdrawn, *_corrections(last), what=last.kind)


def _is_at_hand(work: MoveWork) -> bool:
    """The load stands where it was put: no device was told of it yet."""
    leg = work.current
    return work.position == 0 and leg is not None and leg.state in _AT_HAND


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
