"""A return in several parcels: lines stay open until all are accounted for; that is said once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from edge.events import (
    CorrectionMade,
    Event,
    LineCount,
    Owed,
    ParcelClosed,
    ParcelId,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    ReturnSoFar,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
)
from edge.station.box import Box, told
from edge.station.state import ClosedParcel, ParcelWork, State

PREFIX: Final = "rma:"  # no scanned code has small letters


def name_of(rma: str) -> str:
    """Return by what parcels of a return are found in the journal again."""
    return PREFIX + rma


def so_far(
    rma: str, announced: Mapping[str, int], parcels: Iterable[Iterable[Event]]
) -> ReturnSoFar:
    """Return what closed parcels account for; `announced` = quantity by line.

    `parcels` = the events of each parcel that held something of it; what was corrected does not
    count, and of a parcel that was closed twice its last closing does.
    """
    past = [tuple(events) for events in parcels]
    counted = [_standing(events) for events in past]
    lines = [count for one, _ in counted for count in one.lines] if counted else []
    return ReturnSoFar(
        rma=rma,
        lines=_summed(rma, announced, lines),
        parcels=tuple(parcel for _, parcel in counted if parcel),
        is_completed=any(rma in one.completed for one, _ in counted),
        owed=tuple(one for events in past for one in _owed(events).get(rma, ())),
    )


def _owed(events: tuple[Event, ...]) -> Mapping[str, tuple[Owed, ...]]:
    undone = {e.payload.of for e in events if isinstance(e.payload, CorrectionMade)}
    box = Box()
    for event in events:
        if event.id not in undone:
            box = told(box, event.unit, event.payload)
    parcel = next((event.parcel for event in events if event.parcel is not None), None)
    return {} if parcel is None else owed_in(parcel, box)


def owed_in(parcel: ParcelId, box: Box) -> dict[str, tuple[Owed, ...]]:
    """Return the placed units of a parcel whose refund milestone was not said, by return."""
    found: dict[str, tuple[Owed, ...]] = {}
    for piece in box.pieces.values():
        if piece.rma is None or not piece.is_put or piece.is_said:
            continue
        one = Owed(
            unit=piece.unit,
            parcel=parcel,
            row=piece.row,
            refund=piece.refund,
            line=piece.line,
            flags=piece.flags,
            reasons=piece.caps,
            evidence=piece.photos,
        )
        found[piece.rma] = (*found.get(piece.rma, ()), one)
    return found


def owed(state: State, work: ParcelWork, box: Box, rma: str) -> tuple[Owed, ...]:
    """Return every unit of a return that is complete now and waits for that with its milestone.

    `box` = the parcel that completes it, with what the same act adds.
    """
    earlier = (one for part in work.so_far if part.rma == rma for one in part.owed)
    beside = (one for closed in state.closed.values() for one in closed.owed.get(rma, ()))
    every = (*earlier, *beside, *owed_in(work.parcel, box).get(rma, ()))
    return tuple({one.unit: one for one in every}.values())


def _standing(events: Iterable[Event]) -> tuple[ClosedParcel, str]:
    told = list(events)
    undone = {e.payload.of for e in told if isinstance(e.payload, CorrectionMade)}
    closed: tuple[LineCount, ...] = ()
    completed, parcel = set[str](), ""
    for event in told:
        match event.payload:
            case ParcelClosed(lines=lines) if event.id not in undone:
                closed, parcel = lines, str(event.parcel)
            case ReturnCompleted(rma=rma) if event.id not in undone:
                completed.add(rma)
    return ClosedParcel(lines=closed, completed=frozenset(completed)), parcel


def _summed(
    rma: str, announced: Mapping[str, int], counts: Iterable[LineCount]
) -> tuple[LineCount, ...]:
    mine = [count for count in counts if count.rma == rma]
    return tuple(
        LineCount(
            line=line,
            rma=rma,
            expected=expected,
            received=sum(count.received for count in mine if count.line == line),
            missing=sum(count.missing for count in mine if count.line == line),
        )
        for line, expected in announced.items()
    )


def completing(
    state: State, parcel: ParcelWork, counts: tuple[LineCount, ...]
) -> tuple[ReturnCompleted, ...]:
    """Return which returns are complete with this parcel; `counts` = what it accounts for."""
    done = [
        ReturnCompleted(
            rma=rma,
            lines=tuple(count for count in counts if count.rma == rma),
            parcels=(parcel.parcel,),
        )
        for rma in parcel.whole_rmas
    ]
    for earlier in parcel.so_far:
        others = {
            name: one for name, one in state.closed.items() if str(name) not in earlier.parcels
        }
        if earlier.is_completed or any(earlier.rma in one.completed for one in others.values()):
            continue
        known = [*earlier.lines, *counts, *(c for one in others.values() for c in one.lines)]
        lines = _summed(earlier.rma, {c.line: c.expected for c in earlier.lines}, known)
        if all(line.received + line.missing >= line.expected for line in lines):
            also = tuple(
                str(name)
                for name, one in others.items()
                if any(count.rma == earlier.rma for count in one.lines)
            )
            parcels = (*earlier.parcels, *also, parcel.parcel)
            done.append(ReturnCompleted(rma=earlier.rma, lines=lines, parcels=parcels))
    return tuple(done)


# ---------------------------------------------------------------- event to state


def closed(state: State, work: ParcelWork, payload: ParcelClosed) -> State:
    """Return the state that remembers a closed parcel while another one of its returns is open."""
    left = ClosedParcel(lines=payload.lines, owed=owed_in(work.parcel, work.box))
    both = {**state.closed, work.parcel: left}
    waiting = {rma for work in state.parcels.values() for rma in work.rmas}
    kept = {
        name: one for name, one in both.items() if any(line.rma in waiting for line in one.lines)
    }
    return replace(state, closed=kept)


def completed(state: State, event: Event) -> State:
    """Return the state that knows a return to be complete."""
    one = None if event.parcel is None else state.closed.get(event.parcel)
    if one is None or event.parcel is None or not isinstance(event.payload, ReturnCompleted):
        return state
    after = replace(one, completed=one.completed | {event.payload.rma})
    return replace(state, closed={**state.closed, event.parcel: after})


def rejudged(state: State, event: Event) -> State:
    """Return the state in which units that wait for their return are as an event left them."""
    match event.payload:
        case UnitOpened(previous=str(former)):
            return _with_owed(state, former, None)
        case RefundEligible() | RefundReview() | RefundBlocked() if event.unit is not None:
            return _with_owed(state, event.unit, None)
        case VerdictMade(refund=refund) if event.unit is not None:
            return _with_owed(state, event.unit, refund)
        case VerdictChanged(decided=decided) if event.unit is not None:
            return _with_owed(state, event.unit, decided.refund)
        case _:
            return state


def _with_owed(state: State, unit: str, refund: str | None) -> State:
    """`refund` None = it waits no more."""
    closed_now = {
        name: replace(
            one, owed={rma: _kept(every, unit, refund) for rma, every in one.owed.items()}
        )
        for name, one in state.closed.items()
        if one.owed
    }
    parcels = {
        name: replace(
            work,
            so_far=tuple(replace(one, owed=_kept(one.owed, unit, refund)) for one in work.so_far),
        )
        for name, work in state.parcels.items()
        if any(one.owed for one in work.so_far)
    }
    if not closed_now and not parcels:
        return state
    return replace(
        state, closed={**state.closed, **closed_now}, parcels={**state.parcels, **parcels}
    )


def _kept(every: tuple[Owed, ...], unit: str, refund: str | None) -> tuple[Owed, ...]:
    others = (one if one.unit != unit else _as(one, refund) for one in every)
    return tuple(one for one in others if one is not None)


def _as(one: Owed, refund: str | None) -> Owed | None:
    return None if refund is None else replace(one, refund=refund)
