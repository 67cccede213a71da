"""What else a transaction writes beside its events: intents of devices, open subjects."""

from edge.events import (
    ContainerOpened,
    DiverterChanged,
    DiverterState,
    Draft,
    IntentId,
    MoveChanged,
    MovePlanned,
    MoveState,
    OperatorHandover,
    OperatorIn,
    OperatorOut,
    OrderSent,
    Payload,
    UnitId,
)
from edge.journal.writer import IntentRow, IntentState, LiveRow
from edge.station.state import State

SHIFT = "shift"

_OPEN_MOVES = frozenset(
    (
        MoveState.SENT,
        MoveState.RESENT,
        MoveState.ACCEPTED,
        MoveState.PICKING,
        MoveState.CARRYING,
        MoveState.DROPPING,
        MoveState.CANCELLING,
    )
)
_OPEN_DIVERTS = frozenset((DiverterState.SENT, DiverterState.SEEN))


def intents_of(draft: Draft) -> tuple[IntentRow, ...]:
    """Return the command intents an event opens, moves on or closes.

    Unique indexes of the journal refuse a second open intent for a unit, a robot or a conveyor.
    """
    match draft.payload:
        case MoveChanged() as changed if changed.robot is not None:
            order = changed.order
            return (
                IntentRow(
                    id=IntentId(f"{changed.move}/{changed.leg}"),
                    kind="robot",
                    unit=draft.subject.unit if order and _has_load(order) else None,
                    resource=f"robot/{changed.robot}",
                    wire_key=order.order_id if order else None,
                    state=_robot_intent(changed.state),
                    body=order.body_b64.encode("ascii") if order else None,
                ),
            )
        case DiverterChanged() as changed:
            return (
                IntentRow(
                    id=IntentId(f"{changed.move}/{changed.leg}"),
                    kind="divert",
                    unit=draft.subject.unit,
                    resource=f"conveyor/{changed.conveyor}",
                    wire_key=f"token/{changed.token}",
                    state=_divert_intent(changed.state),
                    body=None,
                ),
            )
        case _:
            return ()


def _has_load(order: OrderSent) -> bool:
    """A robot that is only sent ahead leaves the load to the belt that brings it."""
    return order.update_id > 0 or not order.preposition


def live_of(draft: Draft) -> tuple[LiveRow, ...]:
    """Return which subjects begin or end to matter at the next start."""
    match draft.payload:
        case OperatorIn() | OperatorHandover():
            return (LiveRow(subject=SHIFT, is_open=True),)
        case OperatorOut():
            return (LiveRow(subject=SHIFT, is_open=False),)
        case MovePlanned(move=move):
            return (LiveRow(subject=f"move/{move}", is_open=True),)
        case _:
            return ()


def live_between(before: State, after: State) -> tuple[LiveRow, ...]:
    """Return what a fold began or ended that no single event tells.

    Parcels and units matter until nothing about them can be undone; moves end with their legs. A
    unit that is held keeps its events from its opening on, by a subject of its own.
    """
    begun = _standing(after) - _standing(before)
    ended = _standing(before) - _standing(after)
    ended |= {f"move/{move}" for move in before.moves.keys() - after.moves.keys()}
    return tuple(
        LiveRow(subject=subject, is_open=is_open)
        for subjects, is_open in ((begun, True), (ended, False))
        for subject in sorted(subjects)
    )


def owner_of(payload: Payload, state: State) -> str | None:
    """Return the tenant of the container that an event is about, None for any other event."""
    if isinstance(payload, ContainerOpened):
        return payload.tenant
    work = state.moves.get(getattr(payload, "move", ""))
    number = getattr(payload, "container", None) or (work.container if work is not None else None)
    one = state.containers.get(number or "")
    return one.tenant if one is not None else None


def _standing(state: State) -> set[str]:
    kept = [state, *(done.before for done in state.past)]
    return {
        *(f"inhibit/{key}" for key in state.inhibits),
        *(f"stop/{one}" for one in state.stopped),
        *(f"container/{number}" for number in state.containers),
        *(f"parcel/{parcel}" for one in kept for parcel in one.parcels),
        *(f"unit/{unit}" for one in kept for unit in one.units),
        *(f"hold/{unit}" for one in kept for unit in _beside(one)),
    }


def _beside(state: State) -> tuple[UnitId, ...]:
    """Units whose own events are enough to know them again, however old they are."""
    return (*state.units, *state.holds, *state.rechecks)


def _robot_intent(state: MoveState) -> IntentState:
    if state is MoveState.IN_DOUBT:
        return IntentState.IN_DOUBT
    return IntentState.OPEN if state in _OPEN_MOVES else IntentState.CLOSED


def _divert_intent(state: DiverterState) -> IntentState:
    if state is DiverterState.IN_DOUBT:
        return IntentState.IN_DOUBT
    return IntentState.OPEN if state in _OPEN_DIVERTS else IntentState.CLOSED
