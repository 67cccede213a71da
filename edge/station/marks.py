"""The marking code of a unit: judged once, recorded in full, compared by its exact identity."""

import base64
from dataclasses import replace
from typing import Final

from edge.barcodes.marks import (
    Mark,
    MarkCondition,
    MarkMatch,
    MarkState,
    assess_mark,
    condition_of,
)
from edge.barcodes.meanings import ItemCode, Meaning
from edge.events import (
    ArrivedLine,
    Draft,
    MarkCaptured,
    MarkDispute,
    MarkRemarkNeeded,
    MarkReturnReady,
)
from edge.station.decision import Decision, on_unit
from edge.station.inputs import ScanInput
from edge.station.proofs import is_proven
from edge.station.state import State, UnitWork

MARK_STEP: Final = "mark"  # the checklist's step that compares with the sold code
TWICE: Final = "seen_elsewhere"  # match of a piece whose number is another unit's, too
FOR_SALE: Final = "resale"


def captured(
    state: State, given: ScanInput, mark: Mark | None, line: ArrivedLine | None
) -> MarkCaptured | None:
    """Return the record of a marking code, None where there was none."""
    if mark is None:
        return None
    proven = is_proven(state, given)
    gtin = line.gtin if line is not None else None
    sold = line.marks if line is not None else ()
    found, match = assess_mark(mark, gtin=gtin, sold=sold, is_proven=proven)
    return _record(given, mark, found, match, is_proven=proven)


def with_record(
    state: State, decision: Decision, unit: UnitWork, given: ScanInput, *, meaning: Meaning
) -> Decision:
    """Return an answer given by a marking code with the code's record before it."""
    if not isinstance(meaning, ItemCode) or meaning.mark is None:
        return decision
    parcel = state.parcel
    lines = parcel.lines if parcel is not None else ()
    line = next((one for one in lines if (one.rma, one.line) == (unit.rma, unit.line)), None)
    event = captured(state, given, meaning.mark, line)
    assert event is not None, "there is a mark"
    names = ((meaning.mark.ki, f"unit/{unit.unit}"),)
    drafts = (on_unit(unit, event), *decision.drafts)
    return replace(decision, drafts=drafts, codes=(*decision.codes, *names))


def outcome(unit: UnitWork, zone: str) -> tuple[Draft, ...]:
    """Return what becomes of a unit's mark in its zone, where that was not said before.

    None while the sold code is not known here, or its reader did not prove itself: the centre
    compares the record. None, too, for a good code on goods that nobody sells as they are.
    """
    payload = becomes(unit, zone)
    if payload is None or unit.mark.said == payload.KIND:
        return ()
    return (on_unit(unit, payload),)


def becomes(unit: UnitWork, zone: str) -> MarkReturnReady | MarkRemarkNeeded | MarkDispute | None:
    """Return the outcome of a unit's mark in a zone, whether it was said or not."""
    mark = unit.mark
    answer = next((str(one.answer) for one in unit.answers if one.step == MARK_STEP), None)
    if mark.ki is None and answer is None:
        return None
    if unit.match == TWICE:
        return MarkDispute(reason="duplicate", ki=mark.ki)
    if MarkMatch.MISMATCH in (mark.match, answer):
        return MarkDispute(reason=MarkMatch.MISMATCH, ki=mark.ki)
    if mark.state == MarkState.FOREIGN:
        return MarkDispute(reason=MarkState.FOREIGN, ki=mark.ki)
    if answer in (MarkState.UNREADABLE, MarkState.MISSING):
        return MarkRemarkNeeded(reason=answer, ki=mark.ki)
    is_whole = mark.condition == MarkCondition.INTACT and zone == FOR_SALE
    return MarkReturnReady(ki=mark.ki) if is_whole and mark.ki is not None else None


def _record(
    given: ScanInput, mark: Mark, found: MarkState, match: MarkMatch, *, is_proven: bool
) -> MarkCaptured:
    condition = condition_of(found, match)
    return MarkCaptured(
        raw_b64=base64.b64encode(given.scan.payload).decode("ascii"),
        gtin=mark.gtin14,
        serial=mark.serial,
        ki=mark.ki,
        gs=mark.gs,
        gs_proof="selftest" if is_proven else "none",
        tail_kind=mark.tail,
        match=match,
        state=found,
        fnc1=mark.fnc1,
        group=mark.group,
        condition=condition,
    )
