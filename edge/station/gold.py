"""Prepared test pieces: they look like any other, and nothing of them reaches stock or money.

What is about one is marked, so that only targets with that right get it; when it is put its true
answers are told beside what was found.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.catalogue import ReturnLine
from edge.events import (
    DiverterChanged,
    Draft,
    Graded,
    MoveChanged,
    ParcelArrived,
    ParcelId,
    QualityRechecked,
    ScanRead,
    UnitId,
    VerdictMade,
)
from edge.quality import GOLD
from edge.station.decision import Decision, on_unit
from edge.station.state import State, UnitWork

TRUTH: Final = "second"  # of the two that are compared the known answer is never wrong


def kept(lines: tuple[ReturnLine, ...]) -> tuple[ReturnLine, ...]:
    """Return the lines of a parcel; a test piece has a parcel of its own or is no piece of it."""
    return lines if all(line.audit for line in lines) else tuple(x for x in lines if not x.audit)


def compared(unit: UnitWork, verdict: VerdictMade) -> tuple[Draft, ...]:
    """Return what a test piece tells when it is put: found beside true; nothing of others."""
    if unit.known is None:
        return ()
    grade = str(verdict.grade) if verdict.grade is not None else None
    first = Graded(zone=verdict.zone, grade=grade)
    truth = replace(unit.known, grade=unit.known.grade or grade)
    agree = first == truth
    said = QualityRechecked(
        way=GOLD, first=first, second=truth, agree=agree, adjudicated=None if agree else TRUTH
    )
    return (on_unit(unit, said),)


def marked(state: State, decision: Decision) -> Decision:
    """Return the decision with every event about a test piece marked as such."""
    if not decision.drafts:
        return decision
    parcels, units = _parcels(state, decision.drafts), _units(state)
    found = [_is_about(draft, state, parcels, units) for draft in decision.drafts]
    is_at_hand = any(found) or state.hand in units or state.bench in parcels
    if not is_at_hand:
        return decision
    drafts = (
        replace(draft, audit=is_gold or isinstance(draft.payload, ScanRead))
        for draft, is_gold in zip(decision.drafts, found, strict=True)
    )
    return replace(decision, drafts=tuple(drafts))


def _is_about(
    draft: Draft, state: State, parcels: frozenset[ParcelId], units: frozenset[UnitId]
) -> bool:
    match draft.payload:
        case MoveChanged(move=move) | DiverterChanged(move=move) if move in state.moves:
            return state.moves[move].audit
        case _:
            about = draft.subject
            return draft.audit or about.parcel in parcels or about.unit in units


def _parcels(state: State, drafts: Iterable[Draft]) -> frozenset[ParcelId]:
    known = [*state.parcels.values(), *(p for s in _before(state) for p in s.parcels.values())]
    arriving = {
        draft.subject.parcel
        for draft in drafts
        if isinstance(draft.payload, ParcelArrived)
        and draft.payload.lines
        and all(line.audit for line in draft.payload.lines)
        and draft.subject.parcel is not None
    }
    return frozenset(parcel.parcel for parcel in known if parcel.audit) | arriving


def _units(state: State) -> frozenset[UnitId]:
    held = (hold.unit for one in (state, *_before(state)) for hold in one.holds.values())
    known = [*held, *(u for one in (state, *_before(state)) for u in one.units.values())]
    return frozenset(unit.unit for unit in known if unit.audit)


def _before(state: State) -> tuple[State, ...]:
    """What can still be undone is corrected as what it was."""
    return tuple(done.before for done in state.past)
