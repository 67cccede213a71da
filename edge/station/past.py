"""What can be undone: each act of the operator on the open parcel, with the bench before it.

An act = the events of one transaction. The stack begins anew with every parcel, operator and
danger: nothing is undone across them.
"""

from dataclasses import replace
from typing import Final

from edge.events import (
    ContainerUnitAdded,
    ContainerUnitRemoved,
    CorrectionMade,
    DangerKind,
    DangerRaised,
    Event,
    EventId,
    HoldReleased,
    InspectionAnswered,
    InspectionFinished,
    InspectionMarked,
    InspectionWithdrawn,
    MoveChanged,
    MovePlanned,
    OperatorHandover,
    OperatorIn,
    OperatorOut,
    ParcelArrived,
    ParcelClosed,
    ParcelDamaged,
    ParcelId,
    ParcelMatched,
    ParcelOpened,
    ParcelParked,
    ParcelResumed,
    PutConfirmed,
    QualityRechecked,
    ScanRead,
    UnitId,
    UnitLpn,
    UnitMissing,
    UnitOpened,
    UnitParked,
    VerdictChanged,
)
from edge.quality import GOLD
from edge.station import held, looks
from edge.station.state import Act, Done, DoneEvent, ParcelWork, State, UnitWork

UNDO: Final = "undo"
ACTS_MAX: Final = 64  # the oldest can no longer be undone

_BEGINS: Final = (
    UnitOpened,
    UnitLpn,
    UnitMissing,
    UnitParked,
    InspectionAnswered,
    InspectionMarked,
    InspectionWithdrawn,
    InspectionFinished,
    VerdictChanged,
    PutConfirmed,
    ParcelParked,
    ParcelClosed,
    ParcelDamaged,
)
_ENDS: Final = (
    ParcelArrived,
    ParcelMatched,
    ParcelOpened,
    ParcelResumed,
    OperatorIn,
    OperatorOut,
    OperatorHandover,
    DangerRaised,
    DangerKind,
)
_BESIDE: Final = (ScanRead, MovePlanned, MoveChanged, CorrectionMade)


def begun(state: State, event: Event) -> State:
    """Return the state with the act that this event belongs to; the first event begins it."""
    if event.cause is not None:
        return state
    return replace(state, act=Act(id=event.id, before=replace(state, act=None, past=())))


def remembered(state: State, event: Event) -> State:
    """Return the state with the event noted as part of an act that can be undone, or undone."""
    payload, act = event.payload, state.act
    if isinstance(payload, CorrectionMade):
        return _corrected(state, payload)
    if isinstance(payload, _ENDS) or _is_final(payload):
        return replace(state, past=(), act=None)
    if act is None or event.parcel is None:
        return state
    last = state.past[-1] if state.past else None
    is_open = last is not None and last.act == act.id
    if isinstance(payload, MovePlanned) and last is not None and is_open:
        return _with_last(state, replace(last, moves=(*last.moves, payload.move)))
    if isinstance(payload, ContainerUnitAdded | ContainerUnitRemoved):
        return _with_last(state, _carried(last, payload)) if last is not None and is_open else state
    if event.unit in act.before.holds and not _is_release(payload):
        return state  # the centre's word or a fact, not an act of this person
    if isinstance(payload, _BESIDE) or not (is_open or isinstance(payload, _BEGINS)):
        return state
    if last is None or not is_open:
        last = Done(act=act.id, parcel=event.parcel, before=act.before)
        state = replace(state, past=(*state.past, last)[-ACTS_MAX:])
    done = DoneEvent(id=event.id, seq=event.seq, kind=event.kind, unit=event.unit)
    return _with_last(state, replace(last, events=(*last.events, done)))


def _corrected(state: State, correction: CorrectionMade) -> State:
    """Return the state after an undo: the first event of the newest act does not stand."""
    last = state.past[-1] if state.past else None
    if last is None or correction.act != UNDO or last.events[0].id != correction.of:
        return state
    old = last.before
    return replace(
        state,
        parcels=_parcels(state, last),
        units=_units(state, last),
        holds=held.undone(state, last),
        rechecks=looks.undone(state, last),
        progress=old.progress,
        moves={move: work for move, work in state.moves.items() if move not in last.moves},
        bench=old.bench,
        closed=old.closed,
        hand=old.hand,
        shift=old.shift,
        last_put=old.last_put,
        past=state.past[:-1],
    )


def _carried(last: Done, payload: ContainerUnitAdded | ContainerUnitRemoved) -> Done:
    """An act's own events of a container are no part of what a correction names: see `undo`."""
    pair = (payload.container, UnitId(payload.unit))
    if isinstance(payload, ContainerUnitAdded):
        return replace(last, added=(*last.added, pair))
    return replace(last, removed=(*last.removed, pair))


def _is_final(payload: object) -> bool:
    """Nothing leads out of the dangerous goods, and who knows that two differ is not blind."""
    match payload:
        case PutConfirmed(zone=zone):
            return zone == "hazmat"
        case QualityRechecked(way=way, agree=agree):
            return way != GOLD and not agree
        case _:
            return False


def _is_release(payload: object) -> bool:
    return (
        isinstance(payload, VerdictChanged | HoldReleased | MovePlanned)
        and getattr(payload, "by", "supervisor") == "supervisor"
    )


def _with_last(state: State, last: Done) -> State:
    return replace(state, past=(*state.past[:-1], last))


def _parcels(state: State, last: Done) -> dict[ParcelId, ParcelWork]:
    kept = {name: work for name, work in state.parcels.items() if name != last.parcel}
    old, now = last.before.parcels.get(last.parcel), state.parcels.get(last.parcel)
    if old is None:
        return kept
    return {**kept, last.parcel: old if now is None else replace(old, is_warned=now.is_warned)}


def _units(state: State, last: Done) -> dict[UnitId, UnitWork]:
    """The parcel's units as they were; photographs that came since are facts and stay."""
    units = {name: work for name, work in state.units.items() if work.parcel != last.parcel}
    for name, old in last.before.units.items():
        if old.parcel == last.parcel:
            now = state.units.get(name)
            again = old if now is None else _with_evidence(old, now)
            units[name] = replace(again, refund=_milestone(last, name) or old.refund)
    return units


def _milestone(last: Done, unit: UnitId) -> EventId | None:
    """What was said of the money and does not stand: the next word names what it supersedes."""
    said = (one.id for one in last.events if one.unit == unit and one.kind.startswith("refund."))
    return next(said, None)


def _with_evidence(old: UnitWork, now: UnitWork) -> UnitWork:
    return replace(old, photos=now.photos, waived=now.waived, acts=now.acts, touch=now.touch)
