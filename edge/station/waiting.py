"""What is shown between two parcels: the day, the shift, and everything that waits."""

from typing import Final

from edge.events import MoveState
from edge.station import containers, overdue
from edge.station.decision import Context
from edge.station.doubts import Doubt, DoubtKind, doubts
from edge.station.resolve import DOUBTS
from edge.station.state import MoveWork, State
from edge.views import Figures, IdleWork, Message, Net, SummaryWork, Waiting


def idle(state: State, day: Figures, context: Context) -> IdleWork:
    """Return what waits while nothing is in the hand, and the day so far."""
    parked = [parcel for parcel in state.parcels.values() if parcel.parked]
    held = tuple(state.holds.values())
    now = context.wall_ms
    return IdleWork(
        parked=tuple(parcel.number for parcel in parked),
        day=day,
        waiting=Waiting(
            held=len(held),
            held_min=_oldest_min([hold.since_ms for hold in held], now),
            overdue=sum(hold.due_ms is not None and hold.due_ms < now for hold in held),
            parked=len(parked),
            parked_min=_oldest_min([parcel.arrived_ms for parcel in parked], now),
            late=sum(overdue.is_past(parcel, now) for parcel in parked),
            bench=tuple(work.tray for work in state.moves.values() if work.tray and _stands(work)),
        ),
    )


def _stands(work: MoveWork) -> bool:
    """Nobody has shown to have taken it: it is where it was put."""
    leg = work.current
    return work.position == 0 and leg is not None and leg.state in _NOT_TAKEN


_NOT_TAKEN: Final = (
    MoveState.PLANNED,
    MoveState.SENT,
    MoveState.RESENT,
    MoveState.ACCEPTED,
    MoveState.REJECTED,
    MoveState.BY_HAND,
)


def _oldest_min(since_ms: list[int], now_ms: int) -> int:
    return max(0, now_ms - min(since_ms, default=now_ms)) // 60_000


def summary(state: State, figures: Figures | None, net: Net, context: Context) -> SummaryWork:
    """Return the operator's shift: its figures, and what is left open."""
    shift = state.shift
    since_ms = shift.since_ms if shift else context.wall_ms
    legs = (move.current for move in state.moves.values())
    figures = figures or Figures()
    return SummaryWork(
        since=figures.since,
        minutes=max(0, context.wall_ms - since_ms) // 60_000,
        figures=figures,
        in_doubt=sum(leg is not None and leg.state in DOUBTS for leg in legs),
        units=shift.units if shift else 0,
        parcels=shift.parcels if shift else 0,
        open_moves=len(state.moves),
        unsent=net.unsent,
        sent_at=net.sent_at,
        doubts=tuple(_doubt(one, context) for one in doubts(state)),
    )


def _doubt(doubt: Doubt, context: Context) -> Message:
    minutes = max(0, context.wall_ms - doubt.since_ms) // 60_000
    told: dict[str, object] = {"ref": doubt.ref, "min": minutes}
    if doubt.kind is DoubtKind.CONTAINER:
        most = containers.room_of(doubt.ref, context.floor)
        told["fill"] = f"{doubt.n}/{most}" if most else f"{doubt.n}"
    return Message(t=f"doubt.{doubt.kind}", p=told)
