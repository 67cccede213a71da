"""Event to state. Total: a kind of a newer release, or about closed work, changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from edge.events import (
    ClaimReady,
    ConfigActivated,
    ConfigRefused,
    ContainerClosed,
    ContainerOpened,
    ContainerReopened,
    ContainerUnitAdded,
    ContainerUnitRemoved,
    CorrectionMade,
    DangerKind,
    DangerRaised,
    DangerWithdrawn,
    DeviceCommand,
    DeviceProven,
    DeviceState,
    DiverterChanged,
    DocumentData,
    Event,
    EventId,
    Graded,
    HoldPlaced,
    HoldReleased,
    InspectionAnswered,
    InspectionFinished,
    InspectionMarked,
    InspectionStarted,
    InspectionWithdrawn,
    MarkCaptured,
    MarkDispute,
    MarkRemarkNeeded,
    MarkReturnReady,
    MarkSeen,
    MoveChanged,
    MovePlanned,
    OperatorFeedback,
    OperatorHandover,
    OperatorIn,
    OperatorOut,
    Outcome,
    ParcelArrived,
    ParcelClosed,
    ParcelDamaged,
    ParcelId,
    ParcelMatched,
    ParcelMissing,
    ParcelOpened,
    ParcelParked,
    ParcelResumed,
    PhotoErased,
    PhotoLost,
    PhotoMissing,
    PhotoTaken,
    PutConfirmed,
    PutOverdue,
    PutWrong,
    QualityRechecked,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    ScanRead,
    SlaWarning,
    StationClock,
    StationCorrupt,
    StationDisk,
    StationJournal,
    StationLocked,
    StationStarted,
    StationStopped,
    SyncDead,
    SyncReplayed,
    SyncRetired,
    SyncState,
    SyncWaived,
    UnitClosed,
    UnitIdentified,
    UnitLpn,
    UnitMissing,
    UnitOpened,
    UnitParked,
    VerdictChanged,
    VerdictMade,
)
from edge.station import (
    container,
    held,
    lessons,
    looks,
    numbers,
    papers,
    past,
    returns,
    spent,
)
from edge.station.apply_moves import danger, drop, moved, put, with_unit, without_ended
from edge.station.state import (
    Evidence,
    Given,
    ParcelWork,
    Shift,
    State,
    UnitWork,
)
from edge.station.touch import Touch, acted


def apply(state: State, event: Event) -> State:
    """Return the state after one event; `restart = fold(apply, journal)`."""
    after = _applied(_count_acts(past.begun(state, event), event), event)
    after = past.remembered(after, event)
    return without_ended(after) if after.inhibits else after


def _applied(state: State, event: Event) -> State:
    fold = _FOLDS.get(type(event.payload))
    state = state if fold is None else fold(state, event)
    return papers.folded(returns.rejudged(state, event), event)


def _count_acts(state: State, event: Event) -> State:
    acts = event.data.get("acts") or ()
    if not acts:
        return state
    unit = state.unit
    if state.shift is not None and not state.locked:  # a badge at the lock is no work yet
        state = replace(state, acted_ms=event.time_ms)
    if unit is None:
        return state
    mono_ms = event.data.get("mono_ms", 0)
    touch = unit.touch or Touch(until_ms=unit.opened_ms)
    touch = acted(touch, acts, wall_ms=event.time_ms, mono_ms=mono_ms)
    return with_unit(state, replace(unit, acts=unit.acts + len(acts), touch=touch))


def _config(state: State, event: Event) -> State:
    """A pack in force, or a candidate beside it; one that comes in force is a candidate no more."""
    match event.payload:
        case ConfigActivated(what="policy", sha256=sha256):
            shadow = "" if state.shadow == sha256 else state.shadow
            return replace(state, active=sha256, shadow=shadow)
        case ConfigActivated(what="tenant", id=name, sha256=""):
            return replace(state, serving=drop(state.serving, name))
        case ConfigActivated(what="tenant", id=name, sha256=sha256):
            return replace(state, serving=put(state.serving, name, sha256))
        case ConfigActivated(what="shadow", sha256=sha256):
            return replace(state, shadow=sha256)
        case DeviceProven(device=device) as proof:
            return replace(state, proven={**state.proven, device: proof})
        case _:
            return state


def _people(state: State, event: Event) -> State:
    match event.payload:
        case OperatorIn(operator=operator):
            return lessons.begun(_signed_in(state, operator, event.time_ms), event)
        case OperatorHandover(to=to):
            return _signed_in(replace(state, shift=None), to, event.time_ms)
        case OperatorOut():
            return replace(state, shift=None, locked=False)
        case _:
            return replace(state, locked=True)


def _signed_in(state: State, operator: str, at_ms: int) -> State:
    if state.shift is not None and state.shift.operator == operator:
        return replace(state, locked=False)
    return replace(state, shift=Shift(operator=operator, since_ms=at_ms), locked=False)


def _parcel(state: State, event: Event) -> State:
    if event.parcel is None:
        return state
    if isinstance(event.payload, ParcelArrived):
        work = _arrived(event.parcel, event.payload, event.time_ms)
        return replace(state, parcels=put(state.parcels, event.parcel, work))
    work_now = state.parcels.get(event.parcel)
    if work_now is None:
        return state
    match event.payload:
        case ParcelOpened() | ParcelResumed():
            parcels = put(state.parcels, event.parcel, replace(work_now, parked=False))
            return replace(state, parcels=parcels, bench=event.parcel, hand=None)
        case ParcelParked():
            parcels = put(state.parcels, event.parcel, replace(work_now, parked=True))
            return replace(state, parcels=parcels, bench=None, hand=None)
        case ParcelMatched() as matched:
            claimed = _matched(work_now, matched)
            return replace(state, parcels=put(state.parcels, event.parcel, claimed))
        case ParcelDamaged(flags=flags):
            told = (*work_now.damaged_by, event.id)
            flagged = replace(work_now, flags=(*work_now.flags, *flags), damaged_by=told)
            return replace(state, parcels=put(state.parcels, event.parcel, flagged))
        case ParcelClosed() as closed:
            return _closed(state, work_now, closed)
        case _:
            return state


def _arrived(parcel: ParcelId, payload: ParcelArrived, at_ms: int) -> ParcelWork:
    reasons = [line.reason for line in payload.lines if line.reason]
    return ParcelWork(
        parcel=parcel,
        codes=payload.codes,
        arrived_ms=at_ms,
        lines=payload.lines,
        rmas=payload.rmas,
        whole_rmas=payload.whole_rmas,
        matched_by=payload.matched_by,
        provisional=payload.provisional,
        reason=reasons[0] if reasons else None,
        window=payload.window,
        due=payload.due,
        tracking=payload.tracking,
        carrier=payload.carrier,
        so_far=payload.so_far,
    )


def _matched(work: ParcelWork, payload: ParcelMatched) -> ParcelWork:
    """The box is one of a known return now; what was taken out of it before is as it was."""
    return replace(
        work,
        matched_by=payload.by,
        rmas=payload.rmas,
        lines=payload.lines,
        whole_rmas=payload.whole_rmas,
        so_far=payload.so_far,
        due=payload.due,
    )


def _closed(state: State, work: ParcelWork, payload: ParcelClosed) -> State:
    shift = state.shift
    if shift is not None:
        shift = replace(shift, parcels=shift.parcels + 1)
    bench = None if state.bench == work.parcel else state.bench
    parcels = drop(state.parcels, work.parcel)
    state = replace(state, parcels=parcels, bench=bench, shift=shift)
    return returns.closed(state, work, payload)


def _unit(state: State, event: Event) -> State:
    match event.payload:
        case UnitMissing() as missing:
            return _missed(state, event.parcel, missing)
        case UnitOpened() as opened if event.unit is not None and event.parcel is not None:
            unit = UnitWork(
                unit=event.unit,
                parcel=event.parcel,
                title={},
                opened_ms=event.time_ms,
                line=opened.line,
                n=opened.n,
                refund=None if opened.refund is None else EventId(opened.refund),
                mark=opened.mark or MarkSeen(),
                corrects=opened.corrects,
                audit=bool(event.data.get("audit")),
            )
            if opened.corrects is not None:  # it is in the hand: nothing carries it any more
                left = {n: one for n, one in state.moves.items() if one.unit != opened.previous}
                state = replace(state, moves=left)
            state, unit = looks.opened(state, unit, opened)
            units = put(state.units, event.unit, unit)
            return replace(state, units=units, hand=event.unit)
    unit_now = None if event.unit is None else state.units.get(event.unit)
    if unit_now is None:
        return state
    match event.payload:
        case UnitIdentified() as identified:
            return _identified(state, unit_now, identified, event.time_ms)
        case UnitParked(recheck=str()) as parked:
            return looks.laid(state, unit_now, parked, event.time_ms)
        case UnitParked():
            state = with_unit(state, replace(unit_now, parked=True))
            return replace(state, hand=None)
        case UnitClosed():
            hand = None if state.hand == unit_now.unit else state.hand
            return replace(state, units=drop(state.units, unit_now.unit), hand=hand)
        case _:
            return state


def _missed(state: State, parcel: ParcelId | None, missing: UnitMissing) -> State:
    work = None if parcel is None else state.parcels.get(parcel)
    if parcel is None or work is None:
        return state
    key = (missing.rma, missing.line)
    counted = put(work.missing, key, work.missing.get(key, 0) + missing.qty)
    return replace(state, parcels=put(state.parcels, parcel, replace(work, missing=counted)))


def _identified(state: State, unit: UnitWork, payload: UnitIdentified, at_ms: int) -> State:
    unit = replace(
        unit,
        title=payload.title,
        identified_ms=at_ms,
        line=payload.line,
        rma=payload.rma,
        gtin=payload.gtin,
        serial=payload.serial,
        match=payload.match,
        epc=payload.epc,
        known=_known(state, unit, payload),
    )
    state = with_unit(state, unit)
    parcel = state.parcels.get(unit.parcel)
    if parcel is None or unit.n > 1:  # it was counted when it came the first time
        return state
    parcel = replace(parcel, units=(*parcel.units, unit.unit))
    if payload.line is None or payload.rma is None:
        parcel = replace(parcel, surplus=(*parcel.surplus, unit.unit))
    else:
        key = (payload.rma, payload.line)
        counted = put(parcel.received, key, parcel.received.get(key, 0) + 1)
        parcel = replace(parcel, received=counted)
    return replace(state, parcels=put(state.parcels, unit.parcel, parcel))


def _known(state: State, unit: UnitWork, payload: UnitIdentified) -> Graded | None:
    parcel = state.parcels.get(unit.parcel)
    lines = parcel.lines if parcel is not None and unit.n == 1 else ()
    own = (line for line in lines if (line.rma, line.line) == (payload.rma, payload.line))
    return next((line.known for line in own), None)


def _inspection(state: State, event: Event) -> State:
    unit = None if event.unit is None else state.units.get(event.unit)
    if unit is None:
        return held.rejudged(state, event)
    match event.payload:
        case InspectionStarted(resumed=True):
            state = with_unit(state, replace(unit, parked=False))
            return replace(state, hand=unit.unit)
        case InspectionStarted(checklist=checklist, policy=policy, static=static):
            unit = replace(unit, checklist=checklist, policy=policy, static=static)
        case InspectionAnswered(step=step, answer=answer, by=by):
            unit = replace(unit, answers=_answered(unit, step, answer, by), verdict=None)
        case InspectionMarked(step=step, level=0):
            unit = replace(unit, answers=_without(unit, step), verdict=None)
        case InspectionMarked(step=step, answer=answer):
            unit = replace(unit, answers=_answered(unit, step, answer, "key"), verdict=None)
        case InspectionWithdrawn(step=step):
            unit = replace(unit, answers=_without(unit, step), verdict=None)
        case VerdictMade() as verdict:
            verdict = spent.decided(unit, verdict)
            unit = replace(unit, verdict=verdict, verdict_ms=event.time_ms, verdict_id=event.id)
            unit = looks.drawn(unit, event)
        case InspectionFinished():
            unit = looks.drawn(unit, event)
        case VerdictChanged(decided=decided) if unit.verdict is not None:
            unit = replace(unit, verdict=_decided(unit.verdict, decided))
    return with_unit(state, unit)


def _decided(verdict: VerdictMade, decided: Outcome) -> VerdictMade:
    """The verdict as a person changed it; its row and its reasons stay the policy's."""
    return replace(
        verdict, zone=decided.zone, disposition=decided.disposition, refund=decided.refund
    )


def _without(unit: UnitWork, step: str) -> tuple[Given, ...]:
    return tuple(given for given in unit.answers if given.step != step)


def _answered(unit: UnitWork, step: str, answer: str | int, by: str) -> tuple[Given, ...]:
    return (*_without(unit, step), Given(step=step, answer=answer, by=by))


def _evidence(state: State, event: Event) -> State:
    unit = None if event.unit is None else state.units.get(event.unit)
    if unit is None:
        return state
    match event.payload:
        case PhotoTaken(slot=slot, sha256=sha256):
            photo = Evidence(slot=slot, sha256=sha256)
            return with_unit(state, replace(unit, photos=(*unit.photos, photo)))
        case MarkCaptured(ki=ki, match=match, state=found, condition=condition):
            mark = replace(unit.mark, ki=ki, match=match, state=found, condition=condition)
            return with_unit(state, replace(unit, mark=mark))
        case PutOverdue():
            return with_unit(state, replace(unit, is_overdue=True))
        case PhotoMissing(slot=slot, supervisor=str()):
            return with_unit(state, replace(unit, waived=unit.waived | {slot}))
        case PutConfirmed(zone=zone):
            state = held.held(with_unit(state, replace(unit, put=True)), event)
            hand = None if state.hand == unit.unit else state.hand
            return replace(
                state, hand=hand, shift=_count_put(state.shift, zone), last_put=(unit.unit, zone)
            )
        case _:
            return state


def _contained(state: State, event: Event) -> State:
    """What a supervisor opens again is carried nowhere."""
    state = replace(state, containers=container.folded(state.containers, event))
    if not isinstance(event.payload, ContainerReopened):
        return state
    number = event.payload.container
    moves = {name: work for name, work in state.moves.items() if work.container != number}
    return replace(state, moves=moves)


def _held(state: State, event: Event) -> State:
    """A hold of a piece that came back too often begins with its inspection, not with its put."""
    unit = state.units.get(event.unit) if event.unit is not None else None
    if isinstance(event.payload, HoldPlaced) and unit is not None:
        is_spent = unit.is_spent or (event.payload.reason == spent.REASON and not unit.put)
        state = with_unit(state, replace(unit, is_spent=is_spent))
    return held.held(state, event)


def _rechecked(state: State, event: Event) -> State:
    return lessons.done(looks.rechecked(state, event), event)


def _commanded(state: State, event: Event) -> State:
    """A printer prints numbers of units; any other device moves, or stands still."""
    is_printer = getattr(event.payload, "device", "") == numbers.PRINTER
    return numbers.printed(state, event) if is_printer else danger(state, event)


def _count_put(shift: Shift | None, zone: str) -> Shift | None:
    if shift is None:
        return None
    return replace(shift, zones=put(shift.zones, zone, shift.zones.get(zone, 0) + 1))


_FOLDS: Final[Mapping[type[Any], Callable[[State, Event], State]]] = {
    kind: fold
    for fold, kinds in (
        (returns.completed, (ReturnCompleted,)),
        (_people, (OperatorIn, OperatorOut, OperatorHandover, StationLocked)),
        (_parcel, (ParcelArrived, ParcelOpened, ParcelParked, ParcelResumed, ParcelClosed)),
        (_parcel, (ParcelMatched, ParcelDamaged)),
        (_unit, (UnitOpened, UnitIdentified, UnitMissing, UnitParked, UnitClosed)),
        (_inspection, (InspectionStarted, InspectionAnswered, InspectionMarked)),
        (_inspection, (InspectionWithdrawn, InspectionFinished, VerdictMade, VerdictChanged)),
        (_rechecked, (QualityRechecked,)),
        (_evidence, (PhotoTaken, PhotoMissing, PutConfirmed, PutOverdue, MarkCaptured)),
        (held.marked, (MarkReturnReady, MarkRemarkNeeded, MarkDispute)),
        (moved, (MovePlanned, MoveChanged, DiverterChanged)),
        (danger, (DangerRaised, DangerKind, DangerWithdrawn)),
        (_commanded, (DeviceCommand,)),
        (_config, (ConfigActivated, DeviceProven)),
        (numbers.numbered, (UnitLpn,)),
        (_held, (HoldPlaced, HoldReleased, SlaWarning)),
        (_contained, (ContainerOpened, ContainerUnitAdded, ContainerUnitRemoved)),
        (_contained, (ContainerClosed, ContainerReopened)),
        (held.refunded, (RefundEligible, RefundReview, RefundBlocked)),
    )
    for kind in kinds
}

WITHOUT_EFFECT: Final[frozenset[type[Any]]] = frozenset(
    (
        ClaimReady,
        ConfigRefused,
        CorrectionMade,
        DeviceState,
        DocumentData,
        OperatorFeedback,
        ParcelMissing,
        PhotoErased,
        PhotoLost,
        PutWrong,
        ScanRead,
        StationClock,
        StationCorrupt,
        StationDisk,
        StationJournal,
        StationStarted,
        StationStopped,
        SyncDead,
        SyncReplayed,
        SyncRetired,
        SyncState,
        SyncWaived,
    )
)
"""Kinds that a state is not folded from here; together with the others they are all kinds."""

FOLDED: Final = frozenset(_FOLDS)
