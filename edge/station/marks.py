"""The marking code of a unit: judged once, recorded in full, compared by its exact identity."""

import base64
from dataclasses import replace

from edge.barcodes.marks import (
    Mark,
    MarkMatch,
    MarkState,
    assess_mark,
    condition_of,
)
from edge.barcodes.meanings import ItemCode, Meaning
from edge.events import ArrivedLine, MarkCaptured
from edge.station.decision import Decision, on_unit
from edge.station.inputs import ScanInput
from edge.station.proofs import is_proven
from edge.station.state import State, UnitWork


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
