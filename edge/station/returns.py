"""A return in several parcels: lines stay open until all are accounted for; that is said once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from edge.events import (
    CorrectionMade,
    Event,
    LineCount,
    ParcelClosed,
    ParcelId,
    ReturnCompleted,
    ReturnSoFar,
)
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
    counted = [_standing(events) for events in parcels]
    lines = [count for one, _ in counted for count in one.lines] if counted else []
    return ReturnSoFar(
        rma=rma,
        lines=_summed(rma, announced, lines),
        parcels=tuple(parcel for _, parcel in counted if parcel),
        is_completed=any(rma in one.completed for one, _ in counted),
    )


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


def closed(state: State, parcel: ParcelId, payload: ParcelClosed) -> State:
    """Return the state that remembers a closed parcel while another one of its returns is open."""
    both = {**state.closed, parcel: ClosedParcel(lines=payload.lines)}
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
